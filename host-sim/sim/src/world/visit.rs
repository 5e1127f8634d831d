//! A holder's visit that is to be played: what the holder does, and what goes wrong during the visit.

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Body;
use qiyong_protocol::rules::reason::Reason;

use crate::line::{Disturbance, Fault, Noise, PullDuring};
use crate::serial::wire::ByteFault;

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
    /// The transaction reaches the centre with a byte changed, so that the centre rejects it.
    RequestDamaged,
    /// The transaction is carried out, but its answer is lost.
    AnswerLost,
    /// The transaction is carried out, but its answer comes only with that to the next message.
    AnswerLate,
    /// Every answer comes twice.
    AnswersTwice,
    /// The transaction is carried out, its answer is lost, and no reversal arrives either.
    AnswerAndReversalsLost,
    /// The till has set the terminal up under a name that no message can hold, so that none leaves the terminal.
    Unsendable,
    /// Whoever stands before the centre has too much to do for the transaction, and says so.
    CentreBusy,
    /// Whoever stands before the centre does not reach it, and answers every message so.
    RegionDown,
    /// The transaction is carried out, its answer is lost, and for the reversal the centre is too busy.
    AnswerLostThenBusy,
    /// The transaction is carried out, its answer is lost, and then the centre is not reached.
    AnswerLostThenRegionDown,
    /// The centre gives the terminal a working key that does not fit its check value.
    WrongKey,
}

/// What becomes of a message and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The centre gets the message.
    pub arrives: bool,
    /// A byte of it is changed.
    pub damaged: bool,
    /// The terminal gets the answer.
    pub returns: bool,
    /// It gets the answer with that to the next message.
    pub late: bool,
    /// It gets the answer twice.
    pub twice: bool,
    /// Whoever stands before the centre refuses it, with the centre's key; the centre itself is not asked.
    pub refused: Option<Reason>,
    /// The working key in the answer does not fit its check value.
    pub wrong_key: bool,
    /// The centre is killed while it acts on the message, before this statement of its database.
    pub killed: Option<u32>,
}

impl Delivery {
    /// Nothing goes wrong.
    pub const WHOLE: Self = Self {
        arrives: true,
        damaged: false,
        returns: true,
        late: false,
        twice: false,
        refused: None,
        wrong_key: false,
        killed: None,
    };
    /// The centre does not get it.
    pub const LOST: Self = Self { arrives: false, returns: false, ..Self::WHOLE };
    /// The centre gets it, and the answer is lost.
    pub const UNANSWERED: Self = Self { returns: false, ..Self::WHOLE };
    /// The centre gets it with a byte changed.
    pub const DAMAGED: Self = Self { damaged: true, ..Self::WHOLE };

    /// The centre is killed while it acts on it, before this statement of its database.
    pub const fn killed(statement: u32) -> Self {
        Self { killed: Some(statement), ..Self::UNANSWERED }
    }

    /// It is refused before the centre gets it.
    pub const fn refused(reason: Reason) -> Self {
        Self { refused: Some(reason), ..Self::WHOLE }
    }
}

impl LinkTrouble {
    /// The kinds that scenario files name.
    pub const WORDS: [(&'static str, Self); 14] = [
        ("ok", Self::None),
        ("down", Self::Down),
        ("request-lost", Self::RequestLost),
        ("request-damaged", Self::RequestDamaged),
        ("answer-lost", Self::AnswerLost),
        ("answer-late", Self::AnswerLate),
        ("answers-twice", Self::AnswersTwice),
        ("answer-and-reversals-lost", Self::AnswerAndReversalsLost),
        ("unsendable", Self::Unsendable),
        ("centre-busy", Self::CentreBusy),
        ("region-down", Self::RegionDown),
        ("answer-lost-then-busy", Self::AnswerLostThenBusy),
        ("answer-lost-then-region-down", Self::AnswerLostThenRegionDown),
        ("wrong-key", Self::WrongKey),
    ];

    /// What becomes of a message of a visit.
    pub const fn delivery(self, body: &Body<'_>) -> Delivery {
        match (self, body) {
            (Self::Down, _) | (Self::RequestLost, Body::Transact { .. }) => Delivery::LOST,
            (Self::RequestDamaged, Body::Transact { .. }) => Delivery::DAMAGED,
            (
                Self::AnswerLost
                | Self::AnswerAndReversalsLost
                | Self::AnswerLostThenBusy
                | Self::AnswerLostThenRegionDown,
                Body::Transact { .. },
            ) => Delivery::UNANSWERED,
            (Self::CentreBusy, Body::Transact { .. }) | (Self::AnswerLostThenBusy, Body::Reverse { .. }) => {
                Delivery::refused(Reason::CentreBusy)
            }
            (Self::RegionDown, _) | (Self::AnswerLostThenRegionDown, Body::Reverse { .. }) => {
                Delivery::refused(Reason::RegionDown)
            }
            (Self::AnswerLate, Body::Transact { .. }) => Delivery { late: true, ..Delivery::WHOLE },
            (Self::WrongKey, Body::SignIn { .. }) => Delivery { wrong_key: true, ..Delivery::WHOLE },
            (Self::AnswersTwice, _) => Delivery { twice: true, ..Delivery::WHOLE },
            (Self::AnswerAndReversalsLost, Body::Reverse { .. }) => Delivery::LOST,
            _ => Delivery::WHOLE,
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

/// Something that was to happen in a visit, and did not. A visit that was meant to show it shows something else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unplayed {
    /// The visit had fewer characters on the card line.
    #[error(
        "nothing came of what was to go wrong at character {at} ({what:?}): only {passed} characters passed; choose an earlier one, or take it out"
    )]
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
        "nothing came of a fault that makes the card misbehave: in the protocol that it speaks there is no such thing; choose a fault of that protocol, or take it out"
    )]
    Spell,
    /// Noise disturbed no character.
    #[error("`noise` disturbed none of {passed} characters: make `one_in` smaller, or take it out")]
    Noise {
        /// How many characters passed.
        passed: u64,
    },
    /// The visit was approved, and PINs were not asked for. In any other visit the holder may well know a PIN in vain.
    #[error("{left} of the `pin` were never keyed: take them out, or choose an operation that asks for them")]
    Pins {
        /// How many.
        left: usize,
    },
    /// The same with new PINs.
    #[error("{left} of the `new_pin` were never keyed: take them out, or choose an operation that asks for them")]
    NewPins {
        /// How many.
        left: usize,
    },
    /// The cancel key had no moment.
    #[error("`cancel` never came to its moment: choose another moment, or take it out")]
    Cancel,
    /// The card was not pulled.
    #[error("`pull_during` never came to its moment: choose another moment, or take it out")]
    Pull,
    /// Every message and answer got through.
    #[error("`link` never disturbed a message: choose an operation that sends one, or take it out")]
    Link,
    /// Fewer bytes were sent between till and terminal.
    #[error(
        "nothing came of what was to go wrong at byte {at} of the serial line: only {sent} bytes were sent that way; choose an earlier one, or take it out"
    )]
    Byte {
        /// The first byte at which nothing went wrong any more.
        at: u64,
        /// How many bytes were sent.
        sent: u64,
    },
    /// Nothing was to be kept, though the operation pays or puts into use.
    #[error(
        "`storage_worn` refused no record: none was written; choose an operation that pays or activates, or take it out"
    )]
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
    /// What becomes of single messages, by their number in the visit, from 0, whatever `trouble` says.
    pub messages: BTreeMap<usize, Delivery>,
    /// What goes wrong with the bytes that the terminal sends to till and centre, by their number in the visit, from 0.
    pub to_till: Vec<(u64, ByteFault)>,
    /// The same for the bytes that it is sent.
    pub to_terminal: Vec<(u64, ByteFault)>,
    /// The terminal's storage accepts no record.
    pub storage_worn: bool,
    /// So many seconds is the till's clock, by which it sets the terminal's, ahead of the centre's; behind, if below zero.
    pub clock_ahead: i64,
}
