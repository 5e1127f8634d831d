//! The words of the model: what happens to a terminal, what it waits for, says and shows. Who does what is elsewhere.

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Original, Stan, Token};
use qiyong_protocol::rules::reason::Reason;

use super::flash::Image;

/// A card as it lies on the table: what it keeps without power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    /// It has the holder's own PIN, and not the initial one.
    pub(crate) own: bool,
    /// Tries left.
    pub(crate) left: u8,
}

/// What happens to a terminal next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// A till asks for the sale with this number, and this card is inserted.
    Begin(u8, Table),
    /// A till asks for an echo, before which all that is owed is paid.
    Attend,
    /// The answer with this number comes.
    Answer(u8),
    /// No answer comes in time.
    NoAnswer,
    /// The centre could not read the message.
    Rejected,
    /// No byte of the message could be sent.
    Unsent,
    /// The holder keys the own PIN, or else the initial one.
    Keyed(bool),
    /// The card is pulled out while a PIN is awaited.
    Pulled,
    /// The card does what it was told.
    Works,
    /// The card is torn out before it does so, or else after it.
    Torn(bool),
}

/// What a terminal waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wait {
    /// Its power is off.
    Off,
    /// The till.
    Idle,
    /// The answer to the message with this number.
    Answer(u8),
    /// The present PIN.
    Pin,
    /// The card, which is about to change its PIN.
    Change,
}

/// What is seen at the till of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    Done,
    NotDone,
}

/// What happens between two waits, in this order.
pub(crate) enum Event {
    Wrote(Image),
    Showed(Told),
}

/// What decides something at the centre, as far as it matters there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) terminal: u8,
    pub(crate) batch: Batch,
    pub(crate) says: Says,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    SignIn { token: Token },
    Transact { stan: Stan, time: Timestamp },
    Reverse { stan: Stan, original: Original },
    Confirm { stan: Stan, original: Original, result: Option<Reason> },
    Inquire,
    PinChanged,
}

/// Answers and messages by their numbers.
pub(crate) struct Numbered<T>(pub(crate) Vec<T>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Numbered<T> {
    pub(crate) fn number(&mut self, one: T) -> u8 {
        let found = self.0.iter().position(|other| *other == one);
        let place = found.unwrap_or_else(|| {
            self.0.push(one);
            self.0.len() - 1
        });
        u8::try_from(place).expect("at most 256 of them")
    }
}
