//! A holder's visit that is to be played: what the holder does, and what goes wrong during the visit.

use std::collections::VecDeque;

use thiserror::Error;

use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Body;

use crate::line::{Disturbance, Fault, Noise};

/// What goes wrong between terminal and centre during a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkTrouble {
    /// Nothing.
    #[default]
    None,
    /// No message gets through.
    Down,
    /// The transaction does not reach the centre.
    RequestLost,
    /// The transaction is carried out, but its answer is lost.
    AnswerLost,
    /// The same, and no reversal arrives either.
    AnswerAndReversalsLost,
    /// Message `number` of the visit, from 0, is lost on its way to the centre; or (`arrives`) its answer is lost.
    OneMessage {
        /// Which message.
        number: usize,
        /// Whether the centre gets the message.
        arrives: bool,
    },
}

impl LinkTrouble {
    /// The kinds that scenario files name.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("ok", Self::None),
        ("down", Self::Down),
        ("request-lost", Self::RequestLost),
        ("answer-lost", Self::AnswerLost),
        ("answer-and-reversals-lost", Self::AnswerAndReversalsLost),
    ];

    /// Whether message `number` of a visit reaches the centre, and whether its answer reaches the terminal.
    pub const fn delivery(self, number: usize, body: &Body<'_>) -> (bool, bool) {
        match (self, body) {
            (Self::OneMessage { number: lost, arrives }, _) if lost == number => (arrives, false),
            (Self::Down, _) => (false, false),
            (Self::RequestLost, Body::Transact { .. }) => (false, false),
            (Self::AnswerLost | Self::AnswerAndReversalsLost, Body::Transact { .. }) => (true, false),
            (Self::AnswerAndReversalsLost, Body::Reverse { .. }) => (false, false),
            _ => (true, true),
        }
    }
}

/// The moment at which the operator or holder presses the cancel key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAt {
    /// While the terminal waits for a card.
    Card,
    /// Instead of a PIN.
    Pin,
    /// Instead of a new PIN.
    NewPin,
}

impl CancelAt {
    /// Every moment with its word in files.
    pub const WORDS: [(&'static str, Self); 3] = [("card", Self::Card), ("pin", Self::Pin), ("new-pin", Self::NewPin)];
}

/// The moment at which the holder pulls the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullDuring {
    /// While the terminal waits for the PIN.
    Pin,
    /// While the terminal waits for a new PIN.
    NewPin,
    /// While the centre carries out the transaction.
    Transaction,
}

impl PullDuring {
    /// Every moment with its word in files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("pin", Self::Pin), ("new-pin", Self::NewPin), ("transaction", Self::Transaction)];
}

/// Something that was to happen in a visit, and did not. A visit that was meant to show it shows something else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unplayed {
    /// The visit had fewer characters on the card line.
    #[error("nothing came of what was to go wrong at character {at} ({what:?}): only {passed} characters passed")]
    Fault {
        /// The first character at which nothing went wrong any more.
        at: u64,
        /// What was to go wrong.
        what: Disturbance,
        /// How many characters passed.
        passed: u64,
    },
    /// A misbehaviour from some character on concerned another protocol.
    #[error(
        "nothing came of a fault that makes the card misbehave: in the protocol that it speaks there is no such thing"
    )]
    Spell,
    /// Noise disturbed no character.
    #[error("`noise` disturbed none of {passed} characters")]
    Noise {
        /// How many characters passed.
        passed: u64,
    },
    /// The visit was approved, and PINs were not asked for. In any other visit the holder may well know a PIN in vain.
    #[error("{left} of the `pin` were never keyed")]
    Pins {
        /// How many.
        left: usize,
    },
    /// The same with new PINs.
    #[error("{left} of the `new_pin` were never keyed")]
    NewPins {
        /// How many.
        left: usize,
    },
    /// The cancel key had no moment.
    #[error("`cancel` never came to its moment")]
    Cancel,
    /// The card was not pulled.
    #[error("`pull_during` never came to its moment")]
    Pull,
    /// Every message and answer got through.
    #[error("`link` never disturbed a message")]
    Link,
    /// Nothing was to be kept, though the operation pays or puts into use.
    #[error("`storage_worn` refused no record: none was written")]
    Storage,
}

/// What a holder does during a visit, and what goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// The PINs that the holder keys for the present one.
    pub pins: VecDeque<Pin>,
    /// The PINs that the holder keys for a new one.
    pub new_pins: VecDeque<Pin>,
    /// When the cancel key is pressed.
    pub cancel: Option<CancelAt>,
    /// When the card is pulled.
    pub pull_during: Option<PullDuring>,
    /// What goes wrong on the card line, and when.
    pub faults: Vec<Fault>,
    /// What goes wrong on the card line by chance.
    pub noise: Option<Noise>,
    /// What goes wrong on the link.
    pub trouble: LinkTrouble,
    /// The terminal's storage accepts no record.
    pub storage_worn: bool,
}
