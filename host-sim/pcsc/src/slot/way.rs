//! Which way leads from a reader to its card, for slots that are made while a server runs.

use std::io;

use super::{Contactless, OnLine, Slot, Straight};

/// The way to a card's contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// APDUs go to the virtual card.
    #[default]
    Straight,
    /// The firmware's contact slot and the virtual line. One character in so many arrives with an inverted bit; 0: none.
    Line(u32),
}

impl Way {
    /// A slot at the end of this way, or one without contacts, to which there is no other way.
    ///
    /// # Errors
    /// The system gives no thread for a line.
    pub fn open(self, contactless: bool) -> io::Result<Box<dyn Slot>> {
        Ok(match self {
            _ if contactless => Box::<Contactless>::default(),
            Self::Straight => Box::<Straight>::default(),
            Self::Line(one_in) => Box::new(OnLine::new(one_in)?),
        })
    }
}
