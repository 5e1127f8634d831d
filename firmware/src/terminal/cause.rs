//! A [`Cause`] as a number of 32 bits: what a visit carries along and the till is told. To find the words for it is for
//! whoever shows them; a board does not, and its image has neither them nor the way back to the cause. A fault of the
//! line has causes of its own, and is never a verdict on card or holder (docs/design.md §1, invariant 6).

use core::fmt;
use core::num::{NonZeroU8, NonZeroU32};

use qiyong_protocol::advice::Advice;
use qiyong_protocol::card::records::RecordError;
use qiyong_protocol::centre::LinkError;
use qiyong_protocol::iso7816::apdu::ApduError;
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::pps::PpsError;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::{Budget, Fault, T1Error, Trouble};

use super::Cause;
use crate::slot::SlotError;

/// A [`Cause`] as a number.
///
/// Its last eight bits say what it is, as the table in this module has it; the 24 before them what it says besides, or zero:
/// one value in all of them, or the second one in eight and then the first one in sixteen. A number, once given, keeps its
/// meaning. As text it is the cause's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CauseCode(pub NonZeroU32);

impl From<Cause> for CauseCode {
    fn from(cause: Cause) -> Self {
        Self(NonZeroU32::from(number(cause)) | values(cause) << 8)
    }
}

impl CauseCode {
    /// The cause; `None` if it stands for none here: it comes from another version of this.
    pub fn cause(self) -> Option<Cause> {
        let [.., number] = self.0.get().to_be_bytes();
        // What a cause does not say is zero.
        unpack(number, self.0.get() >> 8).filter(|cause| Self::from(*cause) == self)
    }

    /// Who can put it right. A cause that is unknown here comes from a terminal of another version.
    pub fn advice(self) -> Advice {
        self.cause().map_or(Advice::CallService, Cause::advice)
    }
}

/// The number alone: its words are for whoever reads the log.
#[cfg(feature = "defmt")]
impl defmt::Format for CauseCode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u32:08X}", self.0.get());
    }
}

impl fmt::Display for CauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            Some(cause) => cause.fmt(f),
            None => write!(f, "cause {:08X}, unknown here: till and terminal are of different versions", self.0),
        }
    }
}

/// What a cause says besides what it is.
trait Value: Copy {
    fn to(self) -> u32;
    /// `None` if it stands for nothing.
    fn of(value: u32) -> Option<Self>;
}

impl Value for u8 {
    fn to(self) -> u32 {
        self.into()
    }

    fn of(value: u32) -> Option<Self> {
        value.try_into().ok()
    }
}

/// A frequency in kHz.
impl Value for u16 {
    fn to(self) -> u32 {
        self.into()
    }

    fn of(value: u32) -> Option<Self> {
        value.try_into().ok()
    }
}

/// Numbers of bytes, at most the 65,538 of a response APDU. As second value those of an ATR, at most 33.
impl Value for usize {
    fn to(self) -> u32 {
        self as u32
    }

    fn of(value: u32) -> Option<Self> {
        value.try_into().ok()
    }
}

/// A response code.
impl Value for [u8; 2] {
    fn to(self) -> u32 {
        u16::from_be_bytes(self).into()
    }

    fn of(value: u32) -> Option<Self> {
        u16::try_from(value).ok().map(u16::to_be_bytes)
    }
}

impl Value for StatusWord {
    fn to(self) -> u32 {
        self.0.into()
    }

    fn of(value: u32) -> Option<Self> {
        value.try_into().ok().map(Self)
    }
}

impl Value for Budget {
    fn to(self) -> u32 {
        self as u32
    }

    fn of(value: u32) -> Option<Self> {
        [Self::Time, Self::Blocks, Self::Repetitions, Self::Extensions].into_iter().find(|one| one.to() == value)
    }
}

impl Value for Fault {
    fn to(self) -> u32 {
        let (kind, byte) = match self {
            Self::Silence => (0, 0),
            Self::Cut => (1, 0),
            Self::Parity => (2, 0),
            Self::Edc => (3, 0),
            Self::Surplus => (4, 0),
            Self::Nad(byte) => (5, byte),
            Self::Pcb(byte) => (6, byte),
            Self::Length(byte) => (7, byte),
            Self::Sequence(byte) => (8, byte),
            Self::Unexpected(byte) => (9, byte),
        };
        u16::from_be_bytes([kind, byte]).into()
    }

    fn of(value: u32) -> Option<Self> {
        let [_, _, kind, byte] = value.to_be_bytes();
        Some(match kind {
            0 => Self::Silence,
            1 => Self::Cut,
            2 => Self::Parity,
            3 => Self::Edc,
            4 => Self::Surplus,
            5 => Self::Nad(byte),
            6 => Self::Pcb(byte),
            7 => Self::Length(byte),
            8 => Self::Sequence(byte),
            9 => Self::Unexpected(byte),
            _ => return None,
        })
    }
}

/// Both ways out of one table. A row is a number, the names of at most two values, and the cause with these in it: a pattern
/// one way, an expression the other.
///
/// Number and values are looked up apart: so the first is near what the compiler numbers the variants by, and the second the
/// same for many rows, which is half the code of doing both at a time.
macro_rules! causes {
    ($($number:literal ($($first:ident $($second:ident)?)?) [$($cause:tt)*])*) => {
        /// What can be in the last eight bits.
        #[cfg(test)]
        const NUMBERS: &[u8] = &[$($number),*];

        fn number(cause: Cause) -> NonZeroU8 {
            match cause {
                $($($cause)* => {
                    $(let _ = $first; $(let _ = $second;)?)?
                    const { NonZeroU8::new($number).expect("zero is no cause") }
                })*
            }
        }

        fn values(cause: Cause) -> u32 {
            match cause {
                $($($cause)* => 0 $(| $first.to() $(| $second.to() << 16)?)?,)*
            }
        }

        fn unpack(number: u8, values: u32) -> Option<Cause> {
            Some(match number {
                $($number => {
                    $(
                        let rest = values;
                        $(let (rest, $second) = (rest & 0xFFFF, Value::of(rest >> 16)?);)?
                        let $first = Value::of(rest)?;
                    )?
                    $($cause)*
                })*
                _ => return None,
            })
        }
    };
}

causes! {
    1 (sw ins) [Cause::Status { ins, sw }]
    3 () [Cause::Version]
    4 (code) [Cause::Algorithm(code)]
    5 () [Cause::Blank]
    6 (ins) [Cause::Length { ins }]
    7 () [Cause::Unsteady]

    10 () [Cause::Record(RecordError::Truncated)]
    11 () [Cause::Record(RecordError::TooLong)]
    12 (found expected) [Cause::Record(RecordError::Tag { expected, found })]
    13 (expected tag) [Cause::Record(RecordError::ValueLength { tag, expected })]
    14 (tag) [Cause::Record(RecordError::Value { tag })]

    20 () [Cause::Slot(SlotError::Removed)]
    21 () [Cause::Slot(SlotError::Mute)]
    23 (offered) [Cause::Slot(SlotError::Protocol { offered })]
    24 () [Cause::Slot(SlotError::Rate)]
    25 () [Cause::Slot(SlotError::NoCommonClass)]
    27 () [Cause::Slot(SlotError::Parity)]
    28 () [Cause::Slot(SlotError::ShortCircuit)]
    29 () [Cause::Slot(SlotError::RateReserved)]
    30 () [Cause::Slot(SlotError::RateImplicit)]
    31 () [Cause::Slot(SlotError::NotAccepted)]
    32 (max_khz) [Cause::Slot(SlotError::Clock { max_khz })]
    33 () [Cause::Slot(SlotError::NotConnected)]
    34 () [Cause::Slot(SlotError::Silent)]
    35 () [Cause::Slot(SlotError::Unpowered)]
    36 () [Cause::Slot(SlotError::Reset)]
    37 () [Cause::Slot(SlotError::Reader)]

    40 () [Cause::Slot(SlotError::Atr(AtrError::Empty))]
    41 (ts) [Cause::Slot(SlotError::Atr(AtrError::TsUnknown(ts)))]
    42 (have need) [Cause::Slot(SlotError::Atr(AtrError::Truncated { need, have }))]
    43 (announced) [Cause::Slot(SlotError::Atr(AtrError::OverLimit { announced }))]
    44 (have expected) [Cause::Slot(SlotError::Atr(AtrError::TooLong { expected, have }))]
    45 (expected) [Cause::Slot(SlotError::Atr(AtrError::TckMissing { expected }))]
    46 (found expected) [Cause::Slot(SlotError::Atr(AtrError::TckWrong { expected, found }))]
    47 () [Cause::Slot(SlotError::Atr(AtrError::T15First))]
    48 (after before) [Cause::Slot(SlotError::Atr(AtrError::TypesOutOfOrder { before, after }))]

    50 (start) [Cause::Slot(SlotError::Pps(PpsError::Start(start)))]
    51 () [Cause::Slot(SlotError::Pps(PpsError::Different))]
    52 () [Cause::Slot(SlotError::Pps(PpsError::Check))]
    53 () [Cause::Slot(SlotError::Pps(PpsError::Truncated))]

    60 () [Cause::Slot(SlotError::T0(T0Error::ExtendedLength))]
    61 (ins) [Cause::Slot(SlotError::T0(T0Error::InsNotAllowed(ins)))]
    62 () [Cause::Slot(SlotError::T0(T0Error::Timeout))]
    63 (byte) [Cause::Slot(SlotError::T0(T0Error::ProcedureByte(byte)))]
    64 () [Cause::Slot(SlotError::T0(T0Error::BudgetExceeded))]
    65 () [Cause::Slot(SlotError::T0(T0Error::TooManyFollowUps))]
    66 () [Cause::Slot(SlotError::T0(T0Error::BufferTooSmall))]

    70 (fault sent) [Cause::Slot(SlotError::T1(T1Error::NoAnswer(Trouble { sent, fault })))]
    71 (fault sent) [Cause::Slot(SlotError::T1(T1Error::ResynchFailed(Trouble { sent, fault })))]
    72 (fault sent) [Cause::Slot(SlotError::T1(T1Error::ResponseLost(Trouble { sent, fault })))]
    73 (fault sent) [Cause::Slot(SlotError::T1(T1Error::IfsdRefused(Trouble { sent, fault })))]
    74 () [Cause::Slot(SlotError::T1(T1Error::AbortedByCard))]
    75 () [Cause::Slot(SlotError::T1(T1Error::Aborted))]
    76 (need) [Cause::Slot(SlotError::T1(T1Error::BufferTooSmall { need }))]
    77 (budget) [Cause::Slot(SlotError::T1(T1Error::OutOfBudget(budget)))]
    78 () [Cause::Slot(SlotError::T1(T1Error::NeedsReset))]
    79 (have) [Cause::Slot(SlotError::T1(T1Error::NoStatusWord { have }))]

    80 (have) [Cause::Slot(SlotError::Command(ApduError::TooShort { have }))]
    81 (have) [Cause::Slot(SlotError::Command(ApduError::LengthMismatch { have }))]
    82 () [Cause::Slot(SlotError::Command(ApduError::TooLong))]
    83 (need) [Cause::Slot(SlotError::Command(ApduError::BufferTooSmall { need }))]
    90 (have) [Cause::Slot(SlotError::Response(ApduError::TooShort { have }))]
    91 (have) [Cause::Slot(SlotError::Response(ApduError::LengthMismatch { have }))]
    92 () [Cause::Slot(SlotError::Response(ApduError::TooLong))]
    93 (need) [Cause::Slot(SlotError::Response(ApduError::BufferTooSmall { need }))]

    100 () [Cause::Link(LinkError::NoAnswer)]
    101 () [Cause::Link(LinkError::NotSetUp)]
    102 (field) [Cause::Link(LinkError::Unwritable { field })]
    103 (code) [Cause::Link(LinkError::Rejected(code))]
    104 () [Cause::Link(LinkError::Failed)]
    105 () [Cause::Link(LinkError::NotSignedIn)]
    106 () [Cause::Link(LinkError::WorkingKey)]
}

#[cfg(test)]
mod tests;
