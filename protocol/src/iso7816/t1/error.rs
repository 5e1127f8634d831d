//! Why a block is refused, and why an exchange ends without a response.

use core::fmt;

use super::block::BlockName;

/// Why a block is invalid (clause 11.6.3.1), or that none came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// Nothing came within the block waiting time BWT.
    Silence,
    /// The block broke off: the next character did not come within the character waiting time CWT.
    Cut,
    /// A character had wrong parity.
    Parity,
    /// The error detection code does not fit.
    Edc,
    /// More characters came than LEN says.
    Surplus,
    /// NAD does not name this terminal and this card (clause 11.3.2.1).
    Nad(u8),
    /// The protocol control byte is reserved.
    Pcb(u8),
    /// LEN is 255, more than the receiver accepts, or wrong for this kind of block; or INF is reserved.
    Length(u8),
    /// The sequence number in this protocol control byte is not the expected one.
    Sequence(u8),
    /// A block with this protocol control byte is not allowed at this point.
    Unexpected(u8),
}

/// The block that got a bad answer, and what was wrong with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Trouble {
    /// The protocol control byte of the last block sent.
    pub sent: u8,
    /// What was wrong with the answer.
    pub fault: Fault,
}

/// What bounds a command, see [`super::Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Budget {
    /// Etu in all.
    Time,
    /// Blocks sent.
    Blocks,
    /// Blocks sent because of an error.
    Repetitions,
    /// Waiting time extensions granted.
    Extensions,
}

/// Why an exchange ended without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum T1Error {
    /// Since its reset the card has not sent one block without error, in three attempts (rule 7.4.1).
    NoAnswer(Trouble),
    /// Three S(RESYNCH request)s got no answer (rule 6.4).
    ResynchFailed(Trouble),
    /// The protocol had to be resynchronised when the card already had the whole command. The card may have carried out
    /// the command, so it was not sent again.
    ResponseLost(Trouble),
    /// The card did not accept S(IFS request). The protocol was resynchronised, and IFSD has its initial value.
    IfsdRefused(Trouble),
    /// The card ended the chain (rule 9).
    AbortedByCard,
    /// The caller ended the chain ([`super::Exchange::abort`]).
    Aborted,
    /// The response is longer than the caller's buffer.
    BufferTooSmall {
        /// Its length.
        need: usize,
    },
    /// The response is too short to hold a status word.
    NoStatusWord {
        /// Its length: 0 or 1.
        have: u8,
    },
    /// The command took more than its [`super::Limits`] allow.
    OutOfBudget(Budget),
    /// An earlier exchange ended in the middle of the protocol.
    NeedsReset,
}

impl T1Error {
    /// A short name for scripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => "no-answer",
            Self::ResynchFailed(_) => "resynch-failed",
            Self::ResponseLost(_) => "response-lost",
            Self::IfsdRefused(_) => "ifsd-refused",
            Self::AbortedByCard => "aborted-by-card",
            Self::Aborted => "aborted",
            Self::BufferTooSmall { .. } => "buffer-too-small",
            Self::NoStatusWord { .. } => "no-status-word",
            Self::OutOfBudget(Budget::Time) => "out-of-time",
            Self::OutOfBudget(Budget::Blocks) => "too-many-blocks",
            Self::OutOfBudget(Budget::Repetitions) => "too-many-repetitions",
            Self::OutOfBudget(Budget::Extensions) => "too-many-extensions",
            Self::NeedsReset => "needs-reset",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("nothing within the block waiting time"),
            Self::Cut => f.write_str("a block that broke off (character waiting time)"),
            Self::Parity => f.write_str("a character with wrong parity"),
            Self::Edc => f.write_str("a block with a wrong error detection code"),
            Self::Surplus => f.write_str("more characters than LEN says"),
            Self::Nad(nad) => write!(f, "a block with NAD {nad:02X}, which is not ours"),
            Self::Pcb(pcb) => write!(f, "the reserved PCB {pcb:02X}"),
            Self::Length(len) => write!(f, "a block with LEN {len} or a reserved value in INF"),
            Self::Sequence(pcb) => write!(f, "{}, whose number is not due", BlockName(*pcb)),
            Self::Unexpected(pcb) => write!(f, "{}, which is not due", BlockName(*pcb)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the card answered {} with {}", BlockName(self.sent), self.fault)
    }
}

impl fmt::Display for T1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(trouble) => {
                write!(f, "{trouble}, and no block since its reset was better (rule 7.4.1): reset the card")
            }
            Self::ResynchFailed(trouble) => {
                write!(f, "{trouble}; three S(RESYNCH request)s did not help (rule 6.4): reset the card")
            }
            Self::ResponseLost(trouble) => {
                write!(f, "{trouble}; the card may have carried out the command: ask it before sending it again")
            }
            Self::IfsdRefused(trouble) => {
                write!(f, "{trouble}, so it does not know S(IFS request): go on without (rule 4)")
            }
            Self::AbortedByCard => f.write_str("the card aborted the chain (rule 9): send another command"),
            Self::Aborted => f.write_str("the chain was aborted as asked (rule 9): send another command"),
            Self::BufferTooSmall { need } => {
                write!(f, "the response has {need} bytes: ask for fewer or give more room")
            }
            Self::NoStatusWord { have } => {
                write!(f, "the card's response has {have} bytes, too few for a status word: use another card")
            }
            Self::OutOfBudget(Budget::Time) => f.write_str("the command took too long: reset the card"),
            Self::OutOfBudget(Budget::Blocks) => f.write_str("the command took too many blocks: reset the card"),
            Self::OutOfBudget(Budget::Repetitions) => {
                f.write_str("too many blocks had to be repeated (rule 7): clean the contacts, reset the card")
            }
            Self::OutOfBudget(Budget::Extensions) => {
                f.write_str("the card asked for more time without end (rule 3): reset the card")
            }
            Self::NeedsReset => f.write_str("the command before ended in the middle of a block: reset the card"),
        }
    }
}

impl core::error::Error for T1Error {}
