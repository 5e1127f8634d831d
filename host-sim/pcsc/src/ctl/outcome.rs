//! What comes of an action on a reader, at the server: what was done, or why not. Their words are what the answer carries.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use qiyong_sim::card::file::CardFileError;

use super::listing::Listing;
use crate::name::NameProblem;

/// What a server answers that does what it is asked.
pub(crate) enum Answer {
    /// It was done.
    Done(Done),
    /// This is what there is.
    Listed(Listing),
}

/// What was done, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The reader's name.
    pub reader: String,
    /// What was done there.
    pub what: Deed,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A card was put in.
    Inserted,
    /// The card was taken out.
    Removed,
    /// The card was taken out and another one put in.
    Swapped,
    /// The card was made to answer no more.
    Muted,
    /// A key of the keypad was pressed, or a PIN keyed.
    Keyed,
    /// The reader was plugged in.
    Plugged,
    /// The reader was taken away.
    Unplugged,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reader, what } = self;
        match what {
            Deed::Inserted => write!(f, "{reader}: the card is in"),
            Deed::Removed => write!(f, "{reader}: the card is out"),
            Deed::Swapped => write!(f, "{reader}: the card is another one"),
            Deed::Muted => write!(f, "{reader}: the card does not answer any more"),
            Deed::Keyed => write!(f, "{reader}: keyed"),
            Deed::Plugged => write!(f, "{reader}: the reader is there"),
            Deed::Unplugged => write!(f, "{reader}: the reader is gone"),
        }
    }
}

/// Why nothing was done. Never holds a PIN that was to be keyed.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The path of the card's file is not UTF-8.
    #[error("the path is not UTF-8: give the card's file another name")]
    PathNotUtf8,
    /// The action has a number that this server does not know.
    #[error("unknown action: is `qiyong` of another version?")]
    UnknownAction,
    /// The card that is to be put in for another one was not named.
    #[error("which card? Name its file with --card")]
    SwapForWhat,
    /// What was to be keyed is no PIN.
    #[error("a PIN has 4 to 16 digits")]
    NoPin,
    /// No reader was named, and there are several.
    #[error("there is more than one reader: name one of {}", there.join(", "))]
    SeveralReaders {
        /// The names of those that there are.
        there: Vec<String>,
    },
    /// There is no reader of that name or number.
    #[error("no reader is called {wanted}; there are {}", there.join(", "))]
    NoReader {
        /// The name or number that was asked for.
        wanted: String,
        /// The names of those that there are.
        there: Vec<String>,
    },
    /// There is no reader at all.
    #[error("the server has no reader: plug one in with `reader add NAME`")]
    NoReaders,
    /// No reader can be called so.
    #[error(transparent)]
    Name(#[from] NameProblem),
    /// Programs see no more readers.
    #[error("{most} readers are the most that programs see: take one away with `reader remove NAME`")]
    TooManyReaders {
        /// The most there can be.
        most: usize,
    },
    /// The system gives no thread for a card line.
    #[error("no thread for the card line of another reader: end other programs, or raise their limit (`ulimit -u`)")]
    NoLine,
    /// No card was named, and none has been in the reader.
    #[error("{reader}: which card? Name its file with --card")]
    NoCardBefore {
        /// The reader's name.
        reader: String,
    },
    /// A card is in the reader already.
    #[error("{reader}: a card is in it; take it out with `remove`, or `swap` it for another")]
    Occupied {
        /// The reader's name.
        reader: String,
    },
    /// There is no card to take out.
    #[error("{reader}: no card is in it; put one in with `insert`")]
    Empty {
        /// The reader's name.
        reader: String,
    },
    /// The card is in another reader.
    #[error("{} is in {other}: take it out there first", card.display())]
    CardElsewhere {
        /// The card's file.
        card: PathBuf,
        /// The name of the reader that has it.
        other: String,
    },
    /// The card has not the interface that the reader has.
    #[error("{reader}: the card has no {}; put it into a reader of the other kind", if *contactless { "antenna" } else { "contacts" })]
    OtherInterface {
        /// The reader's name.
        reader: String,
        /// The reader has no contacts.
        contactless: bool,
    },
    /// The card's file cannot be used.
    #[error(transparent)]
    Card(#[from] CardFileError),
    /// The server was started without keypads.
    #[error("the readers of this server have no keypad; start it with --keypad")]
    NoKeypad,
    /// No program awaits a PIN: the key would be a try for a program that asks later.
    #[error("{reader}: no program awaits a PIN; nothing was keyed: key it when one asks")]
    NothingAwaited {
        /// The reader's name.
        reader: String,
    },
}
