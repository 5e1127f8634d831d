//! What goes wrong at the till besides card and holder: with the reader, or at the centre.

use std::cell::RefCell;
use std::rc::Rc;

/// The first of it, in words; whoever meets it notes it, and the verb ends with it.
pub(super) type Trouble = Rc<RefCell<Option<String>>>;
