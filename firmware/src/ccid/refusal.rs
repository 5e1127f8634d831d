//! Which error of the class (CCID 1.1 section 6.2.6) stands for which of the slot's.

use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

use super::message::Failure;
use crate::slot::SlotError;
use crate::terminal::NoPin;

impl From<SlotError> for Failure {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::Parity | SlotError::NotAccepted => Self::PARITY,
            SlotError::Atr(AtrError::TsUnknown(_)) => Self::TS,
            SlotError::Atr(_) => Self::TCK,
            SlotError::Protocol { .. }
            | SlotError::Rate
            | SlotError::RateReserved
            | SlotError::RateImplicit
            | SlotError::Clock { .. }
            | SlotError::Pps(_) => Self::PROTOCOL,
            SlotError::NoCommonClass => Self::CLASS,
            SlotError::ShortCircuit | SlotError::Reader => Self::HARDWARE,
            SlotError::T0(T0Error::ProcedureByte(_)) => Self::PROCEDURE_BYTE,
            SlotError::T0(T0Error::ExtendedLength) | SlotError::Command(_) => Self::LENGTH,
            SlotError::T0(T0Error::InsNotAllowed(_)) => Self::FIRST_DATA,
            SlotError::T0(T0Error::BufferTooSmall) | SlotError::T1(T1Error::BufferTooSmall { .. }) => Self::OVERRUN,
            SlotError::Removed
            | SlotError::Mute
            | SlotError::T0(_)
            | SlotError::T1(_)
            | SlotError::Response(_)
            | SlotError::NotConnected
            | SlotError::Silent
            | SlotError::Unpowered
            | SlotError::Reset => Self::MUTE,
        }
    }
}

impl From<NoPin> for Failure {
    fn from(error: NoPin) -> Self {
        match error {
            NoPin::Cancelled => Self::PIN_CANCELLED,
            NoPin::TimedOut => Self::PIN_TIMED_OUT,
        }
    }
}
