//! What goes to the centre of a region, and what comes of it (docs/centre.md §19).

use std::fmt;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::reason::Reason;

use crate::terminal::origin::Told;
use crate::terminal::proved::{Proved, refusal};

/// What the centre of a region is asked. Shows nothing of what was said.
#[derive(Clone)]
pub enum Asked {
    /// A message of a terminal, whose home this may be.
    Message(Vec<u8>),
    /// The same; it is to be answered though nobody knows its institution.
    Stranger(Vec<u8>),
    /// What the home of a terminal has passed on to the home of a card.
    Passed(Passed),
}

impl Asked {
    /// The message of the terminal.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(bytes) | Self::Stranger(bytes) => bytes,
            Self::Passed(passed) => &passed.bytes,
        }
    }
}

/// What comes of it.
#[derive(Clone)]
pub enum Heard {
    /// It was answered.
    Answer {
        /// The answer; `None`: nothing is sent back.
        bytes: Option<Vec<u8>>,
        /// The keys in force by which the terminal has proved itself: under these it can be told more.
        proved: Proved,
    },
    /// The home of the card decides.
    Pass(Passed),
    /// The institution is not known here, and nothing was done.
    NotHere,
}

impl Heard {
    /// What is sent back, if anything is.
    pub fn answer(self) -> Option<Vec<u8>> {
        match self {
            Self::Answer { bytes, .. } => bytes,
            Self::Pass(_) | Self::NotHere => None,
        }
    }
}

/// A request that was proved and looked at by the home centre of its terminal. Shows nothing of what was said.
#[derive(Clone)]
pub struct Passed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) key: X919,
    pub(crate) area: Region,
    pub(crate) told: Told,
}

impl Passed {
    /// The message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key of the terminal under which it is.
    pub const fn key(&self) -> &X919 {
        &self.key
    }

    /// The answer, under the terminal's key, that this request was not passed on for this reason, and that nothing was done;
    /// `None`: it was passed on before, so that nobody can say so, and the terminal gets no answer.
    pub fn refusal(&self, reason: Reason) -> Option<Vec<u8>> {
        // Whichever key it is: the message is under it.
        let keys = Proved { master: None, working: Some(self.key.clone()) };
        if self.told.again { None } else { refusal(&self.bytes, &keys, reason) }
    }

    /// The card's area.
    pub const fn area(&self) -> Region {
        self.area
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message",
            Self::Stranger(_) => "Stranger",
            Self::Passed(_) => "Passed",
        })
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer { .. } => "Answer",
            Self::Pass(_) => "Pass",
            Self::NotHere => "NotHere",
        })
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passed").field("area", &self.area).finish_non_exhaustive()
    }
}
