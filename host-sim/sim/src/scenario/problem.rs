//! What can be wrong with a scenario file: one enum, each variant with the key it concerns, what is given where that is no
//! secret, and what is allowed.

use std::io;

use thiserror::Error;

use qiyong_protocol::card::codes::{CardNumber, CodeError};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::Fen;

use crate::card::contact::habits::UnknownHabit;
use crate::card::file::ValueProblem;
use crate::gbk::HolderError;

/// What is wrong, without the name of the file. A key is as its place is told to people: `step 2: card`.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot be read: {0}; check that it is there and may be read")]
    Unreadable(io::Error),
    /// It is not TOML, or lacks a key, or has one too many, or a value of another type: line, column and cause, as the TOML
    /// reader says it, but without what stands there.
    #[error("{cause}")]
    Toml {
        /// What the TOML reader says.
        cause: String,
    },
    /// A date stands there as TOML's own, which says more than a date.
    #[error("`{key}` must stand in quotes")]
    Unquoted {
        /// The key.
        key: String,
    },
    /// A table stands there once that can stand there several times.
    #[error("`{key}` must be written [[{key}]]: there can be several")]
    NoList {
        /// The key.
        key: String,
    },
    /// A list stands where there is one table.
    #[error("`{key}` must be written [{key}]: there is one")]
    NoSingle {
        /// The key.
        key: String,
    },
    /// Something else stands where a table belongs.
    #[error("`{key}` must be a table, like {last} = {{ key = value }}")]
    NoTable {
        /// The key.
        key: String,
        /// Its last part.
        last: String,
    },
    /// It is no code of the kind that belongs there.
    #[error("`{key}` {error}")]
    Code {
        /// The key.
        key: String,
        /// What is wrong with it.
        error: CodeError,
    },
    /// It is no institution's code.
    #[error("`{key}` {error}; it must be B, H or P, six digits of the area and five more")]
    InstitutionCode {
        /// The key.
        key: String,
        /// What is wrong with it.
        error: CodeError,
    },
    /// The holder's name cannot stand on the card.
    #[error("`{key}` {error}")]
    Holder {
        /// The key.
        key: String,
        /// What is wrong with it.
        error: HolderError,
    },
    /// Two institutions have one code.
    #[error("`{key}` {code} stands twice: give each institution a code of its own")]
    InstitutionTwice {
        /// The key of the second.
        key: String,
        /// The code.
        code: InstitutionCode,
    },
    /// Two cards, or two terminals, have one name.
    #[error("{place}: `name` {name:?} stands twice: give each a name of its own")]
    NameTwice {
        /// The second, such as `card 2`.
        place: String,
        /// The name.
        name: String,
    },
    /// Two cards have one number.
    #[error("{place}: `number` {number} stands twice: give each card a number of its own")]
    NumberTwice {
        /// The second, such as `card 2`.
        place: String,
        /// The number.
        number: CardNumber,
    },
    /// There is no step.
    #[error("there is no [[step]]: nothing would happen; write one at least")]
    NoStep,
    /// What is to come of a card is said, and there is no such card.
    #[error("`expect.card.{name}`: there is no card of that name; add it, or name one that is in a [[card]]")]
    NoExpectedCard {
        /// The name.
        name: String,
    },
    /// The scenario's clock is no time with a zone.
    #[error("`clock` is {given:?}; it must be a date and time with zone, like 2026-03-02T09:00:00+08:00")]
    Clock {
        /// What stands there.
        given: String,
    },
    /// The code's letter is not that of the institution's kind.
    #[error("`{key}` is a {}, so its code must begin with {}", kind.as_str(), char::from(kind.letter()))]
    Letter {
        /// The key of the kind.
        key: String,
        /// The kind.
        kind: Channel,
    },
    /// It is none of the words that are allowed.
    #[error("`{key}` is {given:?}; allowed are {}", allowed.join(", "))]
    Word {
        /// The key.
        key: String,
        /// What stands there.
        given: String,
        /// The words.
        allowed: Vec<&'static str>,
    },
    /// It is no day.
    #[error("`{key}` is {given:?}; it must be a day that exists, as YYYY-MM-DD")]
    Day {
        /// The key.
        key: String,
        /// What stands there.
        given: String,
    },
    /// It is neither a day nor the word for a document that is valid for ever.
    #[error("`{key}` is {given:?}; it must be a day that exists, as YYYY-MM-DD, or long-term")]
    DayOrLongTerm {
        /// The key.
        key: String,
        /// What stands there.
        given: String,
    },
    /// It is not the bytes that a card sends after a reset.
    #[error("`{key}` must be 1 to {most} bytes in hex; they need not be a valid ATR")]
    Atr {
        /// The key.
        key: String,
        /// The most bytes there can be.
        most: usize,
    },
    /// It is no habit of a card.
    #[error("`{key}` {problem}")]
    Habit {
        /// The key.
        key: String,
        /// What is allowed.
        problem: UnknownHabit,
    },
    /// It cannot stand in a record of the card.
    #[error("`{key}` {problem}")]
    Record {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// The card has an ATR of its own, which says what this key would say.
    #[error("`{key}` does not go with `atr`, which says it: take one of the two out")]
    InAtr {
        /// The key.
        key: String,
    },
    /// It is no PIN. What stands there is not kept: it may be somebody's.
    #[error("`{key}` must be 4 to 16 digits")]
    Pin {
        /// The key.
        key: String,
    },
    /// The amount is more than an account holds.
    #[error("`{key}` must be at most {} fen", Fen::MAX.0)]
    TooMuch {
        /// The key.
        key: String,
    },
    /// It is no name that a document can bear.
    #[error("`{key}` must be a name of 1 to 50 bytes in GBK")]
    Name {
        /// The key.
        key: String,
    },
    /// It is no number of a document.
    #[error("`{key}` must be 1 to 20 printable ASCII characters")]
    DocumentNumber {
        /// The key.
        key: String,
    },
    /// The card expires before it is issued.
    #[error("`{key}` {expires} lies before `issued` {issued}: give a later day")]
    ExpiresFirst {
        /// The key.
        key: String,
        /// When it expires.
        expires: Date,
        /// When it is issued.
        issued: Date,
    },
    /// A number is out of bounds.
    #[error("`{key}` must be {allowed}")]
    Number {
        /// The key.
        key: String,
        /// What is allowed, such as `1 to 15`.
        allowed: &'static str,
    },
    /// A step names a card or a terminal that there is not.
    #[error("`{key}`: none is named {given:?}: add it, or name another; {}", list(known))]
    NoneNamed {
        /// The key.
        key: String,
        /// The name that was given.
        given: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Terminals of this kind do not do that.
    #[error("`{key}` is {what:?}, which a terminal at a {} does not offer: choose another operation, or a terminal that offers it", place.as_str())]
    NotOffered {
        /// The key.
        key: String,
        /// What is to be done.
        what: &'static str,
        /// Where the terminal stands.
        place: Channel,
    },
    /// The key belongs to another operation.
    #[error("`{key}` does not go with `do = {what:?}`: leave it out")]
    OtherOperation {
        /// The key.
        key: String,
        /// What is to be done.
        what: String,
    },
    /// The operation needs an amount.
    #[error("`{key}` is missing: give the amount in fen")]
    NoTotal {
        /// The key.
        key: String,
    },
    /// The amount is nothing.
    #[error("`{key}` must be more than 0 fen")]
    NothingToPay {
        /// The key.
        key: String,
    },
    /// The fund would pay more than there is to pay.
    #[error("`{key}` must be at most `total`")]
    FundAboveTotal {
        /// The key.
        key: String,
    },
    /// A fault is to come several times that lasts from its first time on.
    #[error("`{key}` does not go with {fault:?}, which lasts: leave it out")]
    FaultLasts {
        /// The key.
        key: String,
        /// The word of the fault.
        fault: String,
    },
    /// A fault that is no shift in time has one.
    #[error("`{key}` goes with \"late\" and \"early\" only: leave it out here")]
    NoShift {
        /// The key.
        key: String,
    },
    /// Noise would disturb one character in none.
    #[error("`{key}` must be at least 1: one character in so many is disturbed")]
    OneInNone {
        /// The key.
        key: String,
    },
    /// Noise has no way to disturb a character.
    #[error("`{key}` is empty: nothing would be disturbed; name one fault at least")]
    NoFaults {
        /// The key.
        key: String,
    },
}

impl Problem {
    /// The key that it concerns, as [`Places`](crate::input::Places) finds it; `None` where it concerns the whole file, or says the
    /// place itself.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Unreadable(_) | Self::Toml { .. } | Self::NoStep => None,
            Self::NameTwice { place, .. } => Some(format!("{place}: name")),
            Self::NumberTwice { place, .. } => Some(format!("{place}: number")),
            Self::NoExpectedCard { name } => Some(format!("expect.card.{name}")),
            Self::Clock { .. } => Some("clock".into()),
            Self::Unquoted { key, .. }
            | Self::NoList { key, .. }
            | Self::NoSingle { key, .. }
            | Self::NoTable { key, .. }
            | Self::Code { key, .. }
            | Self::InstitutionCode { key, .. }
            | Self::Holder { key, .. }
            | Self::InstitutionTwice { key, .. }
            | Self::Letter { key, .. }
            | Self::Word { key, .. }
            | Self::Day { key, .. }
            | Self::DayOrLongTerm { key, .. }
            | Self::Atr { key, .. }
            | Self::Habit { key, .. }
            | Self::Record { key, .. }
            | Self::InAtr { key, .. }
            | Self::Pin { key, .. }
            | Self::TooMuch { key, .. }
            | Self::Name { key, .. }
            | Self::DocumentNumber { key, .. }
            | Self::ExpiresFirst { key, .. }
            | Self::Number { key, .. }
            | Self::NoneNamed { key, .. }
            | Self::NotOffered { key, .. }
            | Self::OtherOperation { key, .. }
            | Self::NoTotal { key, .. }
            | Self::NothingToPay { key, .. }
            | Self::FundAboveTotal { key, .. }
            | Self::FaultLasts { key, .. }
            | Self::NoShift { key, .. }
            | Self::OneInNone { key, .. }
            | Self::NoFaults { key, .. } => Some(key.clone()),
        }
    }
}

/// The names there are, for an error that says that there is no other.
fn list(names: &[String]) -> String {
    if names.is_empty() { "there are none".to_string() } else { format!("there are {}", names.join(", ")) }
}
