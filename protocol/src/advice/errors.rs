//! The advice of each error type of this crate, in one place, so that like causes get like answers. The advice of a
//! reason is in the table of reasons, that of the terminal's errors in the terminal.

use super::Advice;
use crate::card::codes::CodeError;
use crate::card::records::RecordError;
use crate::centre::LinkError;
use crate::centre::iso8583::{FormatError, WriteError};
use crate::centre::message::MessageError;
use crate::ecr::Refused;
use crate::frame::FrameError;
use crate::iso7816::apdu::ApduError;
use crate::iso7816::atr::{AtrDoesNotFit, AtrError};
use crate::iso7816::pps::PpsError;
use crate::iso7816::t0::T0Error;
use crate::iso7816::t1::{Budget, T1Error};
use crate::iso7816::tlv::TlvError;

impl AtrError {
    /// Who can put it right. The slot is assumed to have repeated the reset at each voltage.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Truncated { .. } | Self::TooLong { .. } | Self::TckWrong { .. } => Advice::TryAgain,
            Self::Empty
            | Self::TsUnknown(_)
            | Self::OverLimit { .. }
            | Self::TckMissing { .. }
            | Self::T15First
            | Self::TypesOutOfOrder { .. } => Advice::AskHolder,
        }
    }
}

impl AtrDoesNotFit {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        Advice::CallService
    }
}

impl PpsError {
    /// Who can put it right. A card that is powered anew and asked for no rate works at the default rate.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Start(_) | Self::Different | Self::Check | Self::Truncated => Advice::TryAgain,
        }
    }
}

impl T0Error {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Timeout | Self::ProcedureByte(_) => Advice::TryAgain,
            // The card is at fault, and stays so.
            Self::BudgetExceeded | Self::TooManyFollowUps => Advice::AskHolder,
            Self::ExtendedLength | Self::InsNotAllowed(_) | Self::BufferTooSmall => Advice::CallService,
        }
    }
}

impl T1Error {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::NoAnswer(_)
            | Self::ResynchFailed(_)
            | Self::ResponseLost(_)
            | Self::IfsdRefused(_)
            | Self::AbortedByCard
            | Self::Aborted
            | Self::OutOfBudget(Budget::Time | Budget::Blocks)
            | Self::NeedsReset => Advice::TryAgain,
            // Contacts need cleaning, or the card is at fault.
            Self::OutOfBudget(Budget::Repetitions | Budget::Extensions) | Self::NoStatusWord { .. } => {
                Advice::AskHolder
            }
            Self::BufferTooSmall { .. } => Advice::CallService,
        }
    }
}

impl ApduError {
    /// Who can put it right, if a program wrote the bytes. If a card wrote them, the slot's error has an advice of its
    /// own.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TooShort { .. } | Self::LengthMismatch { .. } | Self::TooLong | Self::BufferTooSmall { .. } => {
                Advice::CallService
            }
        }
    }
}

impl TlvError {
    /// Who can put it right: the line checked these bytes, so the other side wrote them as they are.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TagTooLong | Self::Length(_) | Self::Truncated => Advice::CallService,
        }
    }
}

impl RecordError {
    /// Who can put it right: the agency that issued the card exchanges the card.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Truncated | Self::TooLong | Self::ValueLength { .. } | Self::Value { .. } => Advice::AskHolder,
            // The terminal takes this card for one of another generation.
            Self::Tag { .. } => Advice::CallService,
        }
    }
}

impl CodeError {
    /// Who can put it right: the code was read or keyed wrongly, or the card does not follow the scheme.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Length { .. } | Self::Character { .. } | Self::Check { .. } | Self::BirthDate | Self::Provider => {
                Advice::AskHolder
            }
        }
    }
}

impl FrameError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TooLong | Self::TooShort | Self::Check => Advice::TryAgain,
            // The check was right, so the other side sent these bytes.
            Self::Stuffing | Self::Length | Self::Peer(_) => Advice::CallService,
        }
    }
}

impl FormatError {
    /// Who can put it right: the frame's check was right, so the other side wrote these bytes.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Short
            | Self::Length { .. }
            | Self::Mti(_)
            | Self::SecondBitmap
            | Self::Truncated { .. }
            | Self::FieldLength { .. }
            | Self::TooLong { .. }
            | Self::Content { .. }
            | Self::Trailing(_) => Advice::CallService,
        }
    }
}

impl WriteError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Full { .. }
            | Self::Field { .. }
            | Self::Length { .. }
            | Self::Content { .. }
            | Self::Order { .. } => Advice::CallService,
        }
    }
}

impl MessageError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            // The right answer may still come.
            Self::NotTheAnswer => Advice::TryAgain,
            Self::Format(error) => error.advice(),
            Self::Write(error) => error.advice(),
            Self::Objects { error, .. } => error.advice(),
            Self::Mac
            | Self::Unknown
            | Self::Missing { .. }
            | Self::Value { .. }
            | Self::MissingObject { .. }
            | Self::Object { .. }
            | Self::Rejected(_)
            | Self::Unfit
            | Self::NotSignedIn
            | Self::WorkingKey => Advice::CallService,
        }
    }
}

impl LinkError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::NoAnswer => Advice::TryAgain,
            Self::NotSetUp
            | Self::NotSignedIn
            | Self::WorkingKey
            | Self::Unwritable { .. }
            | Self::Rejected(_)
            | Self::Failed => Advice::CallService,
        }
    }
}

impl Refused {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            // The till sets the terminal up by itself, and the visit under way ends: the same command then succeeds.
            Self::NotSetUp | Self::Busy | Self::Owing => Advice::TryAgain,
            Self::NotHere => Advice::AskHolder,
            // Whoever looks after the terminals has another key, or another board.
            Self::Malformed
            | Self::NoKey
            | Self::OtherKey
            | Self::CheckValue
            | Self::Parity
            | Self::NotKept
            | Self::NoRandom => Advice::CallService,
        }
    }
}

#[cfg(test)]
mod tests;
