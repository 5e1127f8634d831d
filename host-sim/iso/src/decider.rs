//! What this server needs of a centre. [`Centre`](qiyong_centre::Centre) is one such [`Decider`], and another one of the same
//! database refuses what the first has no time for; the tests of this crate have others, which wait or fail when they are told to.

use std::sync::{Arc, Mutex, PoisonError};

/// Why a request is not decided. It never will be: the terminal can be told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// Too many requests wait already.
    Full,
    /// It has waited for too long.
    Late,
}

impl Refused {
    /// Its word in figures.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Late => "late",
        }
    }
}

/// Who decides about requests: on a thread of its own, which may block.
pub trait Decider: Send + 'static {
    /// Decides about these requests, in this order, and makes all decisions durable, best in one transaction. Returns an
    /// answer for each, in the same order; `None`: there is none, and what became of the request is not known. A request
    /// may come again, and then gets the same answer.
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>>;
}

/// Who answers requests that are not decided: on a thread of its own, which may block for a moment.
pub trait Refuse: Send + 'static {
    /// The answer that tells the terminal so, in a form that it shows in words; `None`: this is no request that can be
    /// answered.
    fn refuse(&mut self, message: &[u8], why: Refused) -> Option<Vec<u8>>;
}

/// A decider that others use, too, while it decides about nothing.
impl<D: Decider> Decider for Arc<Mutex<D>> {
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        self.lock().unwrap_or_else(PoisonError::into_inner).decide(batch)
    }
}

impl<R: Refuse> Refuse for Arc<Mutex<R>> {
    fn refuse(&mut self, message: &[u8], why: Refused) -> Option<Vec<u8>> {
        self.lock().unwrap_or_else(PoisonError::into_inner).refuse(message, why)
    }
}
