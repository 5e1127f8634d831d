//! Why an APDU over T=0 ends without a response.

use core::fmt;

/// Why an exchange ended without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum T0Error {
    /// The command needs the extended form, and the card does not say that it takes this form.
    ExtendedLength,
    /// INS 6x or 9x cannot be distinguished from a status word (clause 10.3.2).
    InsNotAllowed(u8),
    /// No character within the waiting time.
    Timeout,
    /// The card sent this byte where a procedure byte was due.
    ProcedureByte(u8),
    /// The card kept the terminal busy (NULLs) beyond the budget.
    BudgetExceeded,
    /// The card answered 61xx or 6Cxx again and again.
    TooManyFollowUps,
    /// The card has more response bytes than the caller's buffer holds.
    BufferTooSmall,
}

impl fmt::Display for T0Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExtendedLength => f.write_str("this card takes at most 255 command bytes: send them in parts"),
            Self::InsNotAllowed(ins) => write!(f, "INS {ins:02X} cannot be told from a status word in T=0"),
            Self::Timeout => f.write_str("the card sent nothing within its waiting time"),
            Self::ProcedureByte(byte) => {
                write!(f, "the card sent {byte:02X} where INS, ~INS, 60 or a status word was due")
            }
            Self::BudgetExceeded => f.write_str("the card asked for more time (NULL) without end"),
            Self::TooManyFollowUps => f.write_str("the card answered 61xx or 6Cxx without end"),
            Self::BufferTooSmall => {
                f.write_str("the card has more response bytes than the buffer holds: give more room")
            }
        }
    }
}

impl core::error::Error for T0Error {}
