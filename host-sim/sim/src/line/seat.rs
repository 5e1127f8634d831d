//! The place for a card at the end of a virtual line, and the holder's hand there: by what is going on, not by a count of
//! characters, the holder pulls the card.
//!
//! Whoever sees a moment come tells the place. Pulling at a character is a [`super::Disturbance`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::SharedCard;

/// The moment at which the holder pulls the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullDuring {
    /// While the terminal waits for the PIN.
    Pin,
    /// While the terminal waits for a new PIN.
    NewPin,
    /// When the card has carried out CHANGE PIN, before the first character of its answer.
    NewPinTaken,
    /// While the centre carries out the transaction.
    Transaction,
}

impl PullDuring {
    /// Every moment with its word in files.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("pin", Self::Pin),
        ("new-pin", Self::NewPin),
        ("new-pin-taken", Self::NewPinTaken),
        ("transaction", Self::Transaction),
    ];
}

/// The place for a card. Clones are the same place, so that the owner of any clone can pull the card.
#[derive(Clone, Default)]
pub struct Seat {
    card: Rc<RefCell<Option<SharedCard>>>,
    pull: Rc<Cell<Option<PullDuring>>>,
}

impl Seat {
    /// The card that is there.
    pub(crate) fn card(&self) -> Option<SharedCard> {
        self.card.borrow().clone()
    }

    /// Puts a card in, or takes out the card that is there.
    pub(super) fn set_card(&self, card: Option<SharedCard>) {
        self.card.replace(card);
    }

    /// From now on the holder pulls the card when this moment comes, once; `None`: at no moment. Returns the moment that
    /// has not come before.
    pub fn pull_during(&self, moment: Option<PullDuring>) -> Option<PullDuring> {
        self.pull.replace(moment)
    }

    /// This moment has come: pulls the card if it is the one; returns whether it is.
    pub fn comes_to(&self, moment: PullDuring) -> bool {
        let pulls = self.pull.get() == Some(moment);
        if pulls {
            self.pull.set(None);
            self.set_card(None);
        }
        pulls
    }
}
