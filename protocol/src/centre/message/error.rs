//! Why a message has no meaning here, or cannot be written.

use core::fmt;

use crate::centre::iso8583::{FormatError, WriteError};
use crate::iso7816::tlv::TlvError;

/// Why a message has no meaning here, or cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageError {
    /// The bytes are no message.
    Format(FormatError),
    /// The message cannot be written: some value has characters or a length that its field does not allow.
    Write(WriteError),
    /// The message has no MAC, or a wrong one.
    Mac,
    /// None of our messages has this type with this F60.
    Unknown,
    /// This field is missing.
    Missing {
        /// The field.
        field: u8,
    },
    /// This field has a value that is not allowed here, or that contradicts another field.
    Value {
        /// The field.
        field: u8,
    },
    /// This field does not consist of data objects.
    Objects {
        /// The field.
        field: u8,
        /// The first error in it.
        error: TlvError,
    },
    /// This data object is missing.
    MissingObject {
        /// In which field.
        field: u8,
        /// Its tag.
        tag: u32,
    },
    /// This data object has a value that is not allowed.
    Object {
        /// In which field.
        field: u8,
        /// Its tag.
        tag: u32,
    },
    /// The message answers another request; for instance, it is a late answer.
    NotTheAnswer,
    /// The centre could not act on the message. These are the characters of its F39, such as 30 or A0.
    Rejected([u8; 2]),
    /// This kind of answer does not belong to this kind of request.
    Unfit,
    /// The message is one under a working key, and there is none: the terminal has not signed in.
    NotSignedIn,
    /// The working key of the answer to a sign-in does not fit its check value.
    WorkingKey,
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
            Self::NotSignedIn => f.write_str("such a message needs a working key, which a sign-in brings"),
            Self::WorkingKey => {
                f.write_str("the working key does not fit its check value: both sides must have the same master key")
            }
        }
    }
}

impl core::error::Error for MessageError {}

impl MessageError {
    /// The field concerned; 0 if it is none in particular.
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
            Self::Mac | Self::NotSignedIn => 64,
            Self::WorkingKey => 62,
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
