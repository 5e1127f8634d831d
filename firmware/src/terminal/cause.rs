//! A [`Cause`] as four bytes, for the till: a number and up to two values. The words for it ([`core::fmt::Display`]) are the
//! till's to find: on a board they would cost more flash than all of this.
//!
//! One table serves both ways. A number, once given, keeps its meaning; zero is no cause.

use qiyong_protocol::card::records::RecordError;
use qiyong_protocol::iso7816::apdu::ApduError;
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::pps::PpsError;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::{Budget, Fault, T1Error, Trouble};

use super::Cause;
use crate::slot::SlotError;

/// A cause in bytes: its number, the second value, and the first one, which may need two bytes, big-endian.
pub type CauseCode = [u8; 4];

/// What a cause says besides its number. The second value of a cause has one byte.
trait Value: Sized {
    fn to(self) -> u16;
    /// `None` if it stands for nothing.
    fn of(value: u16) -> Option<Self>;
}

impl Value for u8 {
    fn to(self) -> u16 {
        self.into()
    }

    fn of(value: u16) -> Option<Self> {
        value.try_into().ok()
    }
}

/// Numbers of bytes; what is longer than a cause can say is as long as it can say.
impl Value for usize {
    fn to(self) -> u16 {
        self.try_into().unwrap_or(u16::MAX)
    }

    fn of(value: u16) -> Option<Self> {
        Some(value.into())
    }
}

impl Value for StatusWord {
    fn to(self) -> u16 {
        self.0
    }

    fn of(value: u16) -> Option<Self> {
        Some(Self(value))
    }
}

impl Value for Budget {
    fn to(self) -> u16 {
        self as u16
    }

    fn of(value: u16) -> Option<Self> {
        [Self::Time, Self::Blocks, Self::Repetitions, Self::Extensions].into_iter().find(|one| one.to() == value)
    }
}

impl Value for Fault {
    fn to(self) -> u16 {
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
        u16::from_be_bytes([kind, byte])
    }

    fn of(value: u16) -> Option<Self> {
        let [kind, byte] = value.to_be_bytes();
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
macro_rules! causes {
    ($($number:literal ($($a:ident $($b:ident)?)?) [$($cause:tt)*])*) => {
        fn pack(cause: Cause) -> u32 {
            match cause {
                $($($cause)* => $number << 24 $(| u32::from($a.to()) $(| (u32::from($b.to()) & 0xFF) << 16)?)?,)*
            }
        }

        fn unpack([number, second, high, low]: CauseCode) -> Option<Cause> {
            let (_first, _second) = (u16::from_be_bytes([high, low]), u16::from(second));
            Some(match u32::from(number) {
                $($number => {
                    $(let $a = Value::of(_first)?; $(let $b = Value::of(_second)?;)?)?
                    $($cause)*
                })*
                _ => return None,
            })
        }
    };
}

causes! {
    1 () [Cause::Version]
    2 (code) [Cause::Algorithm(code)]
    3 () [Cause::Blank]
    4 (ins) [Cause::Length { ins }]
    5 (sw ins) [Cause::Status { ins, sw }]
    6 () [Cause::Record(RecordError::Truncated)]
    7 () [Cause::Record(RecordError::TooLong)]
    8 (expected found) [Cause::Record(RecordError::Tag { expected, found })]
    9 (expected tag) [Cause::Record(RecordError::ValueLength { tag, expected })]
    10 (tag) [Cause::Record(RecordError::Value { tag })]

    20 () [Cause::Slot(SlotError::Removed)]
    21 () [Cause::Slot(SlotError::Mute)]
    22 (offered) [Cause::Slot(SlotError::Protocol { offered })]
    23 () [Cause::Slot(SlotError::Rate)]
    24 () [Cause::Slot(SlotError::NoCommonClass)]
    25 () [Cause::Slot(SlotError::Parity)]
    26 () [Cause::Slot(SlotError::ShortCircuit)]
    27 () [Cause::Slot(SlotError::NotConnected)]

    30 () [Cause::Slot(SlotError::Atr(AtrError::Empty))]
    31 (ts) [Cause::Slot(SlotError::Atr(AtrError::TsUnknown(ts)))]
    32 (need have) [Cause::Slot(SlotError::Atr(AtrError::Truncated { need, have }))]
    33 (announced) [Cause::Slot(SlotError::Atr(AtrError::OverLimit { announced }))]
    34 (expected have) [Cause::Slot(SlotError::Atr(AtrError::TooLong { expected, have }))]
    35 (expected) [Cause::Slot(SlotError::Atr(AtrError::TckMissing { expected }))]
    36 (expected found) [Cause::Slot(SlotError::Atr(AtrError::TckWrong { expected, found }))]
    37 () [Cause::Slot(SlotError::Atr(AtrError::T15First))]
    38 (before after) [Cause::Slot(SlotError::Atr(AtrError::TypesOutOfOrder { before, after }))]

    40 (start) [Cause::Slot(SlotError::Pps(PpsError::Start(start)))]
    41 () [Cause::Slot(SlotError::Pps(PpsError::Different))]
    42 () [Cause::Slot(SlotError::Pps(PpsError::Check))]
    43 () [Cause::Slot(SlotError::Pps(PpsError::Truncated))]

    50 () [Cause::Slot(SlotError::T0(T0Error::ExtendedLength))]
    51 (ins) [Cause::Slot(SlotError::T0(T0Error::InsNotAllowed(ins)))]
    52 () [Cause::Slot(SlotError::T0(T0Error::Timeout))]
    53 (byte) [Cause::Slot(SlotError::T0(T0Error::ProcedureByte(byte)))]
    54 () [Cause::Slot(SlotError::T0(T0Error::BudgetExceeded))]
    55 () [Cause::Slot(SlotError::T0(T0Error::TooManyFollowUps))]
    56 () [Cause::Slot(SlotError::T0(T0Error::BufferTooSmall))]

    60 (fault sent) [Cause::Slot(SlotError::T1(T1Error::NoAnswer(Trouble { sent, fault })))]
    61 (fault sent) [Cause::Slot(SlotError::T1(T1Error::ResynchFailed(Trouble { sent, fault })))]
    62 (fault sent) [Cause::Slot(SlotError::T1(T1Error::ResponseLost(Trouble { sent, fault })))]
    63 (fault sent) [Cause::Slot(SlotError::T1(T1Error::IfsdRefused(Trouble { sent, fault })))]
    64 () [Cause::Slot(SlotError::T1(T1Error::AbortedByCard))]
    65 () [Cause::Slot(SlotError::T1(T1Error::Aborted))]
    66 (need) [Cause::Slot(SlotError::T1(T1Error::BufferTooSmall { need }))]
    67 (budget) [Cause::Slot(SlotError::T1(T1Error::OutOfBudget(budget)))]
    68 () [Cause::Slot(SlotError::T1(T1Error::NeedsReset))]

    70 (have) [Cause::Slot(SlotError::Command(ApduError::TooShort { have }))]
    71 (have) [Cause::Slot(SlotError::Command(ApduError::LengthMismatch { have }))]
    72 () [Cause::Slot(SlotError::Command(ApduError::TooLong))]
    73 (need) [Cause::Slot(SlotError::Command(ApduError::BufferTooSmall { need }))]
    75 (have) [Cause::Slot(SlotError::Response(ApduError::TooShort { have }))]
    76 (have) [Cause::Slot(SlotError::Response(ApduError::LengthMismatch { have }))]
    77 () [Cause::Slot(SlotError::Response(ApduError::TooLong))]
    78 (need) [Cause::Slot(SlotError::Response(ApduError::BufferTooSmall { need }))]
}

impl Cause {
    /// In bytes.
    pub fn code(self) -> CauseCode {
        pack(self).to_be_bytes()
    }

    /// From [`Cause::code`]; `None` if the bytes are none.
    pub fn from_code(code: CauseCode) -> Option<Self> {
        // What a cause does not say is zero.
        unpack(code).filter(|cause| cause.code() == code)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::string::ToString;

    #[test]
    fn every_code_is_of_one_cause_and_each_cause_comes_back_as_it_was() {
        let values = [0, 1, 2, 3, 0x10, 0x0500, 0x0912, 0x9000];
        let mut words = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for number in 0..=u8::MAX {
            for (first, second) in values.into_iter().flat_map(|first| [0, 1, 0x3B, 0xC0].map(|second| (first, second)))
            {
                let [high, low] = u16::to_be_bytes(first);
                let code = [number, second, high, low];
                let Some(cause) = Cause::from_code(code) else {
                    continue;
                };
                assert_eq!(cause.code(), code);
                // No two codes mean the same.
                assert!(words.insert(cause.to_string()), "{cause}");
                numbers.insert(number);
            }
        }
        assert_eq!(numbers.len(), 55, "a row more: count it here");
        assert_eq!(Cause::from_code([0; 4]), None);
    }
}
