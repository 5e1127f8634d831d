//! Which PC/SC readers there are, and what is in them, through libpcsclite.

use std::time::Duration;

use ::pcsc::{Context, Error, ReaderState, Scope, State};
use thiserror::Error as ThisError;

/// A reader and what is in it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub state: Content,
    /// Who uses it.
    pub used: Use,
    /// The card's ATR, TS first, if there is one.
    pub atr: Option<Vec<u8>>,
}

/// What is in a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nobody knows: the reader is gone or does not answer.
    Unavailable,
    /// A card that does not answer to reset.
    Mute,
    /// A card.
    Card,
    /// Nothing.
    Empty,
}

/// Who uses a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// One program, which keeps all others out.
    Exclusive,
    /// Somebody.
    Shared,
    /// Nobody.
    Nobody,
}

/// Why there is no reader to work with: no fault of a card's.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum ReaderError {
    /// Nobody serves readers.
    #[error(
        "no PC/SC service answers: start pcscd, or run `qiyong pcscd --socket PATH` and set PCSCLITE_CSOCK_NAME=PATH"
    )]
    NoService,
    /// There is no reader.
    #[error("there is no PC/SC reader: plug one in, or run `qiyong pcscd`")]
    NoReader,
    /// There is none of this name.
    #[error("no reader is called {wanted}; there are: {}", there.join(", "))]
    NotCalled {
        /// The name, or a part of it.
        wanted: String,
        /// Those that there are.
        there: Vec<String>,
    },
    /// It went away.
    #[error("the reader is gone: was it unplugged?")]
    Gone,
    /// The service went away.
    #[error("the PC/SC service is gone: was pcscd stopped?")]
    ServiceGone,
    /// Another program keeps all others out.
    #[error("another program has the card to itself: end it, or wait for it")]
    Taken,
    /// The reader cannot speak what the card speaks.
    #[error("the reader does not offer the card's protocol")]
    Protocol,
    /// Something else, in the words of libpcsclite.
    #[error("the PC/SC reader: {0}")]
    Other(Error),
}

impl ReaderError {
    /// What an error means while readers are looked for.
    pub(crate) const fn looking(error: Error) -> Self {
        match error {
            Error::NoService | Error::ServiceStopped => Self::NoService,
            Error::NoReadersAvailable => Self::NoReader,
            error => Self::using(error),
        }
    }

    /// What an error means while a reader is used.
    pub(crate) const fn using(error: Error) -> Self {
        match error {
            Error::ReaderUnavailable | Error::UnknownReader => Self::Gone,
            Error::NoService | Error::ServiceStopped | Error::CommError => Self::ServiceGone,
            Error::SharingViolation => Self::Taken,
            Error::ProtoMismatch => Self::Protocol,
            error => Self::Other(error),
        }
    }
}

/// All readers.
///
/// # Errors
/// When nobody can be asked.
pub fn list() -> Result<Vec<Reader>, ReaderError> {
    let context = Context::establish(Scope::User).map_err(ReaderError::looking)?;
    let names = context.list_readers_owned().map_err(ReaderError::looking)?;
    let mut states: Vec<_> = names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
    if states.is_empty() {
        return Ok(Vec::new());
    }
    context.get_status_change(Duration::ZERO, &mut states).map_err(ReaderError::looking)?;
    Ok(states.iter().map(reader).collect())
}

fn reader(state: &ReaderState) -> Reader {
    let now = state.event_state();
    Reader {
        name: state.name().to_string_lossy().into_owned(),
        state: match now {
            now if now.intersects(State::UNAVAILABLE | State::UNKNOWN) => Content::Unavailable,
            now if now.contains(State::MUTE) => Content::Mute,
            now if now.contains(State::PRESENT) => Content::Card,
            _ => Content::Empty,
        },
        used: match now {
            now if now.contains(State::EXCLUSIVE) => Use::Exclusive,
            now if now.contains(State::INUSE) => Use::Shared,
            _ => Use::Nobody,
        },
        atr: Some(state.atr().to_vec()).filter(|atr| !atr.is_empty()),
    }
}
