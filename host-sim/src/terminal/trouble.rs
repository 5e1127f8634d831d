//! What goes wrong at the terminal, except with card and holder: at the reader, or at the centre.

use std::cell::RefCell;
use std::rc::Rc;

/// The first such problem, in words. The place where it happens notes it, and the verb ends with it.
pub(super) type Trouble = Rc<RefCell<Option<String>>>;
