//! Requests and answers as ISO 8583 messages: which field stands for what.
//!
//! [`write_request`] and [`read_answer`] are the terminal's half, [`read_request`] and [`write_answer`] the centre's. What is
//! read must have the right MAC, and what it says must be complete and within bounds; nothing is guessed.
//!
//! | Message | MTI | F3 | F60.1 | F60.3 | F11 | F55 | F62 | Marks |
//! |---|---|---|---|---|---|---|---|---|
//! | authenticate | 0800 | – | 00 | 901 | the link's | ident code, historical bytes, algorithm, challenges | – | ours |
//! | inquire | 0200 | 310000 | 01 | 000 | the link's | card | operation | form of a balance inquiry, confirmed |
//! | transact: settle, purchase | 0200 | 000000 | 22 | 000 | the transaction's | card | operation | form of a sale, confirmed |
//! | transact: apply | 0200 | 900000 | 90 | 000 | the transaction's | card | operation | ours |
//! | transact: query | 0200 | 910000 | 91 | 000 | the transaction's | card | operation | ours; no terminal sends it |
//! | reverse | 0400 | – | 22 | 000 | the original's | card number | – | confirmed; F60.1 always that of a sale, and no F3, F4: ours |
//! | PIN changed | 0620 | – | 00 | 911 | the link's | card number, ident code | – | ours |
//! | report | 0620 | – | 00 | 912 | the link's | card number, if known | operation | ours |
//!
//! The answer has the MTI of the answer, the request's F3, F11 to F13, F41, F42 and F60, and
//!
//! | Answer | F39 | F44 | F54 | F55 | F62 |
//! |---|---|---|---|---|---|
//! | authenticated | 00 | – | – | cryptograms | – |
//! | standing | 00 | – | – | – | status, flags |
//! | approved | 00 | – | balance | – | effects |
//! | done | 00 | – | – | – | – |
//! | refused | the reason's | its word, if it has no code | – | – | – |
//! | the message was in no good form, or had a wrong MAC | 30, A0 | – | – | – | – |
//!
//! In every request stand F12 and F13, time and date, with the whole date in F62; F41, the terminal; F42, the institution and
//! three spaces; F60.2, batch 000001, until there is settlement. F4 is a bill's total and F49 then 156. F22 is 051 for a
//! payment (chip and PIN) and 052 for others with a card, F25 is 00 with either (recalled; not looked at when read). A
//! reversal has F39 98 and in F61 batch and number of the original. A report has its reason in F39 and F44. F2 is not used:
//! a card number of the social security card is no PAN, it may have letters. [`response`] lists F39, [`objects`] the data
//! objects in F55 and F62, which are all ours.
//!
//! F64 is a MAC by a session key. How terminal and centre come to have it is not settled here: sign-in (0800 with F60.3
//! 003, docs/card.md §5.3) is not there yet. The MAC protects what is said, and does not hide it: F55 and F62 hold ID
//! numbers and names in plain, so that a line other than a trusted one needs encryption around.

mod answer;
mod forms;
pub mod objects;
mod request;
pub mod response;

use core::fmt;

pub use answer::{read_answer, write_answer, write_rejection};
pub use request::read as read_request;
pub use request::{Parts, Sent, write_request};

use super::iso8583::{FormatError, WriteError};
use crate::iso7816::tlv::TlvError;

/// A buffer of this many bytes holds any of these messages that a terminal or centre can come to send.
pub const MESSAGE_MAX: usize = 512;

/// Why a message says nothing, or something cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageError {
    /// The bytes are no message.
    Format(FormatError),
    /// The message cannot be made: something has characters or a length that its field does not allow.
    Write(WriteError),
    /// The message has no MAC, or not the right one.
    Mac,
    /// No message of ours has this type with this F60.
    Unknown,
    /// This field is missing.
    Missing {
        /// The field.
        field: u8,
    },
    /// This field has a value that it must not have here, or that does not agree with another's.
    Value {
        /// The field.
        field: u8,
    },
    /// This field does not consist of data objects.
    Objects {
        /// The field.
        field: u8,
        /// Why not.
        error: TlvError,
    },
    /// This data object is missing.
    MissingObject {
        /// In which field.
        field: u8,
        /// Its tag.
        tag: u32,
    },
    /// This data object has a value that it must not have.
    Object {
        /// In which field.
        field: u8,
        /// Its tag.
        tag: u32,
    },
    /// It is an answer to something else, such as one that comes late.
    NotTheAnswer,
    /// The centre could not act on the message; this is its F39, such as 30 or A0.
    Rejected([u8; 2]),
    /// Such an answer does not belong to such a request.
    Unfit,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Mac => f.write_str("F64 is missing or wrong: both sides must have the same key and rule"),
            Self::Unknown => f.write_str("the message's type with its F60 has no meaning here"),
            Self::Missing { field } => write!(f, "F{field} is missing"),
            Self::Value { field } => write!(f, "F{field} has a value that it cannot have here"),
            Self::Objects { field, error } => write!(f, "F{field}: {error}"),
            Self::MissingObject { field, tag } => write!(f, "F{field}: object {tag:X} is missing"),
            Self::Object { field, tag } => write!(f, "F{field}: object {tag:X} has a value that it cannot have"),
            Self::NotTheAnswer => f.write_str("the answer is to another message"),
            Self::Rejected(code) => {
                let code = core::str::from_utf8(code).unwrap_or_default();
                write!(f, "the centre could not act on the message: response code {code}")
            }
            Self::Unfit => f.write_str("such an answer does not belong to such a request"),
        }
    }
}

impl core::error::Error for MessageError {}

impl MessageError {
    /// The field that it is about; 0 when it is none in particular.
    pub const fn field(&self) -> u8 {
        match *self {
            Self::Write(
                WriteError::Full { field }
                | WriteError::Field { field }
                | WriteError::Length { field }
                | WriteError::Content { field }
                | WriteError::Order { field },
            )
            | Self::Format(
                FormatError::Truncated { field }
                | FormatError::FieldLength { field }
                | FormatError::TooLong { field }
                | FormatError::Content { field },
            )
            | Self::Missing { field }
            | Self::Value { field }
            | Self::Objects { field, .. }
            | Self::MissingObject { field, .. }
            | Self::Object { field, .. } => field,
            Self::Mac => 64,
            Self::Rejected(_) => 39,
            Self::Unknown => 60,
            Self::Format(
                FormatError::Short
                | FormatError::Length { .. }
                | FormatError::Mti(_)
                | FormatError::SecondBitmap
                | FormatError::Trailing(_),
            )
            | Self::NotTheAnswer
            | Self::Unfit => 0,
        }
    }
}

impl From<FormatError> for MessageError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<WriteError> for MessageError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

#[cfg(test)]
pub(crate) mod tests;
