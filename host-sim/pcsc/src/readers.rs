//! Which PC/SC readers there are, and what is in them, by libpcsclite. Using a reader is done in `reader_slot`.

use std::path::PathBuf;
use std::time::Duration;

use ::pcsc::{Error, ReaderState, State};
use thiserror::Error as ThisError;

use crate::service;

/// A reader and what is in it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Its content.
    pub state: Content,
    /// Who uses it.
    pub used: Use,
    /// The card's ATR, TS first, if there is one.
    pub atr: Option<Vec<u8>>,
}

/// What is in a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Not known: the reader is gone or does not answer.
    Unavailable,
    /// A card that does not answer to reset.
    Mute,
    /// A card that answers to reset.
    Card,
    /// Nothing.
    Empty,
}

/// Who uses a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// One program, exclusively.
    Exclusive,
    /// One or more programs, which share it.
    Shared,
    /// No program.
    Nobody,
}

/// Why there is no reader to work with. None of these is the card's fault.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum ReaderError {
    /// No PC/SC service runs.
    #[error(
        "no PC/SC service answers: start pcscd, or run `qiyong pcscd --socket PATH` and set PCSCLITE_CSOCK_NAME=PATH"
    )]
    NoService,
    /// Something listens, and says nothing.
    #[error("the PC/SC service at {} does not answer: start it anew", socket.display())]
    Silent {
        /// Where it listens.
        socket: PathBuf,
    },
    /// Something listens that does not speak pcsc-lite's protocol.
    #[error("what listens at {} is no PC/SC service: start pcscd, or name another one in PCSCLITE_CSOCK_NAME", socket.display())]
    Foreign {
        /// Where it listens.
        socket: PathBuf,
    },
    /// There is no reader.
    #[error("there is no PC/SC reader: plug one in, or run `qiyong pcscd`")]
    NoReader,
    /// There is no reader of this name.
    #[error("no reader is called {wanted}; there are: {}", there.join(", "))]
    NotCalled {
        /// The name, or a part of it.
        wanted: String,
        /// The readers that there are.
        there: Vec<String>,
    },
    /// The reader is gone.
    #[error("the reader is gone: was it unplugged?")]
    Gone,
    /// The service is gone.
    #[error("the PC/SC service is gone: was pcscd stopped?")]
    ServiceGone,
    /// Another program uses the reader exclusively.
    #[error("another program has the card to itself: end it, or wait for it")]
    Taken,
    /// The reader does not offer the card's protocol.
    #[error("the reader does not offer the card's protocol")]
    Protocol,
    /// Something else, in the words of libpcsclite.
    #[error("the PC/SC reader: {0}")]
    Other(Error),
}

impl ReaderError {
    /// What an error means during the search for readers.
    pub(crate) const fn looking(error: Error) -> Self {
        match error {
            Error::NoService | Error::ServiceStopped => Self::NoService,
            Error::NoReadersAvailable => Self::NoReader,
            error => Self::using(error),
        }
    }

    /// What an error means during the use of a reader.
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
/// There is no service to ask.
pub fn list() -> Result<Vec<Reader>, ReaderError> {
    let context = service::context()?;
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
