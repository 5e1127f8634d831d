//! Which PC/SC readers there are, and what is in them, by libpcsclite. Using a reader is done in `reader_slot`.

use std::time::Duration;

use ::pcsc::{ReaderState, State};

pub use crate::reader_error::ReaderError;
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
