//! What goes wrong at the terminal, except with card and holder: at the reader, or at the centre.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_sim::world::centre::CentreFailure;
use qiyong_sim::world::till::TillWatch;

/// The first such problem, in words. The place where it happens notes it, and the verb ends with it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Rc<RefCell<Option<String>>>);

impl Trouble {
    pub(super) fn note(&self, problem: String) {
        self.0.borrow_mut().get_or_insert(problem);
    }

    pub(super) fn take(&self) -> Option<String> {
        self.0.borrow_mut().take()
    }
}

impl TillWatch for Trouble {
    fn centre_failed(&mut self, failure: CentreFailure) {
        self.note(format!("the centre: {failure}"));
    }
}
