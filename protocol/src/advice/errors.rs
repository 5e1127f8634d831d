//! The advice of each error type of this crate, in one place, so that like causes get like answers. Reasons have theirs in their
//! table, errors of the terminal where they are.

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
    /// Who can put it right. That a slot has repeated the reset, at each voltage, is assumed.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Truncated { .. } | Self::TckWrong { .. } => Advice::TryAgain,
            Self::Empty
            | Self::TsUnknown(_)
            | Self::OverLimit { .. }
            | Self::TooLong { .. }
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
    /// Who can put it right. A card that is powered anew and asked for no rate works at the default one.
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
            // Contacts to clean; a card that is at fault.
            Self::OutOfBudget(Budget::Repetitions | Budget::Extensions) => Advice::AskHolder,
            Self::BufferTooSmall { .. } => Advice::CallService,
        }
    }
}

impl ApduError {
    /// Who can put it right, where a program wrote the bytes. Where a card did, a slot's error says otherwise.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TooShort { .. } | Self::LengthMismatch { .. } | Self::TooLong | Self::BufferTooSmall { .. } => {
                Advice::CallService
            }
        }
    }
}

impl TlvError {
    /// Who can put it right: what comes this far was not damaged on a line, but written so.
    pub const fn advice(self) -> Advice {
        match self {
            Self::TagTooLong | Self::Length(_) | Self::Truncated => Advice::CallService,
        }
    }
}

impl RecordError {
    /// Who can put it right: the agency that issued the card exchanges it.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Truncated | Self::TooLong | Self::ValueLength { .. } | Self::Value { .. } => Advice::AskHolder,
            // The terminal takes the card for one of another generation.
            Self::Tag { .. } => Advice::CallService,
        }
    }
}

impl CodeError {
    /// Who can put it right: the code was read or keyed wrongly, or the card is not of the scheme.
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
            // The check was right, so this is what the other side sent.
            Self::Stuffing | Self::Length | Self::Peer(_) => Advice::CallService,
        }
    }
}

impl FormatError {
    /// Who can put it right: a frame's check was right, so this is what the other side wrote.
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
            // The right one may still come.
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
            | Self::Unfit => Advice::CallService,
        }
    }
}

impl LinkError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::NoAnswer => Advice::TryAgain,
            Self::NotSetUp | Self::Unwritable { .. } | Self::Rejected(_) | Self::Failed => Advice::CallService,
        }
    }
}

impl Refused {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            // After the set-up, which the till sends by itself, and after the visit.
            Self::NotSetUp | Self::Busy => Advice::TryAgain,
            Self::NotHere => Advice::AskHolder,
            Self::Malformed => Advice::CallService,
        }
    }
}

#[cfg(test)]
mod tests;
