//! What this server needs of a centre. [`Centre`](qiyong_centre::Centre) is one such [`Decider`], and another one of the same
//! database refuses what the first has no time for; the tests of this crate have others, which wait or fail when they are told to.

use std::sync::{Arc, Mutex, PoisonError};

use qiyong_centre::Asked;

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

/// A request on its way from decider to decider.
#[derive(Clone, Debug)]
pub struct Errand {
    pub(crate) asked: Asked,
    /// The regions that have been asked whether they know its institution.
    pub(crate) tried: Vec<usize>,
    /// One of them was down, and may know it.
    pub(crate) down: bool,
}

impl Errand {
    /// One that begins.
    pub(crate) const fn new(asked: Asked) -> Self {
        Self { asked, tried: Vec::new(), down: false }
    }
}

/// What becomes of an errand.
pub enum Said {
    /// It was answered; `None`: there is no answer.
    Answer(Option<Vec<u8>>),
    /// The decider of another queue goes on with it.
    Give {
        /// Which queue.
        to: usize,
        /// With what.
        errand: Errand,
    },
}

/// One of several deciders that have a queue each and give requests to each other: on a thread of its own, which may block.
pub trait Stationed: Send + 'static {
    /// Decides as [`Decider::decide`] does; what is given on is durable as such.
    fn decide(&mut self, batch: &[Errand]) -> Vec<Said>;
}

/// Says to which queue a message goes when it comes.
pub trait Route: Send + Sync + 'static {
    /// The queue's place.
    fn route(&self, message: &[u8]) -> usize;

    /// So many requests wait in the queue in this place now, for whoever counts.
    fn waiting(&self, _place: usize, _requests: usize) {}
}

/// A decider that has the only queue.
pub(crate) struct Alone<D>(pub(crate) D);

impl<D: Decider> Stationed for Alone<D> {
    fn decide(&mut self, batch: &[Errand]) -> Vec<Said> {
        let messages: Vec<Vec<u8>> = batch.iter().map(|errand| errand.asked.bytes().to_vec()).collect();
        self.0.decide(&messages).into_iter().map(Said::Answer).collect()
    }
}

/// The way to the only queue.
pub(crate) struct OneQueue;

impl Route for OneQueue {
    fn route(&self, _: &[u8]) -> usize {
        0
    }
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
