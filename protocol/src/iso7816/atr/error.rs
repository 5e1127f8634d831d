//! Why bytes are not an ATR.

use core::fmt;

use super::layout::MAX_LEN;

/// Why bytes are not an ATR that ISO/IEC 7816-3 allows. Each has one cause: the first that [`super::Atr::check`] meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AtrError {
    /// There are no bytes.
    Empty,
    /// The first byte, given here, is neither 3B nor 3F.
    TsUnknown(u8),
    /// The bytes end too early.
    Truncated {
        /// How many bytes the ATR has at least. It may have more only if a TD is among the missing bytes.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// T0 and the TDs announce more than [`MAX_LEN`] bytes.
    OverLimit {
        /// How many bytes they announce, at least.
        announced: usize,
    },
    /// There are bytes after the end.
    TooLong {
        /// How many bytes the ATR has.
        expected: usize,
        /// How many there are.
        have: usize,
    },
    /// Only TCK is missing, although another T than 0 is named.
    TckMissing {
        /// The TCK that would fit.
        expected: u8,
    },
    /// The check byte does not match: a byte was received wrongly, or the ATR was copied wrongly.
    TckWrong {
        /// The TCK that would fit the other bytes.
        expected: u8,
        /// The TCK that is there.
        found: u8,
    },
    /// TD1 names T=15, which is not a protocol.
    T15First,
    /// A TD names a smaller T than the TD before it.
    TypesOutOfOrder {
        /// The T named first.
        before: u8,
        /// The smaller T named after it.
        after: u8,
    },
}

impl fmt::Display for AtrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(f, "no bytes: expected an ATR, which begins with 3B or 3F"),
            Self::TsUnknown(0x03) => write!(
                f,
                "TS is 03, expected 3B or 3F: 03 is the TS of an inverse convention card read in direct convention; \
                 read it in inverse convention"
            ),
            Self::TsUnknown(ts) => {
                write!(f, "TS is {ts:02X}, expected 3B (direct convention) or 3F (inverse convention)")
            }
            Self::Truncated { need, have } => {
                write!(f, "cut off: T0 and the TDs announce at least {need} bytes, there are {have}")
            }
            Self::OverLimit { announced } => {
                write!(f, "T0 and the TDs announce at least {announced} bytes, an ATR has at most {MAX_LEN}")
            }
            Self::TooLong { expected, have } => {
                write!(f, "bytes behind the end: T0 and the TDs announce {expected} bytes, there are {have}")
            }
            Self::TckMissing { expected } => write!(
                f,
                "the check byte TCK is missing: a TD names another T than 0, so {expected:02X} must end the ATR"
            ),
            Self::TckWrong { expected, found } => {
                write!(f, "the check byte TCK is {found:02X}, expected {expected:02X}: a byte of the ATR is wrong")
            }
            Self::T15First => write!(f, "TD1 names T=15, expected a protocol (0 to 14): T=15 only marks global bytes"),
            Self::TypesOutOfOrder { before, after } => {
                write!(f, "T={after} is named after T={before}, expected the Ts in ascending order")
            }
        }
    }
}

impl core::error::Error for AtrError {}
