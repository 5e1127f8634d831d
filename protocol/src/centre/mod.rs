//! What passes between terminal and card centre: requests and answers.
//!
//! The terminal's application and the centre use the types here; the bytes are made elsewhere: [`message`] says which
//! fields stand for what, and [`iso8583`] how fields are written. On a terminal's serial line the messages cross in
//! frames ([`crate::frame`]), beside those of the till ([`crate::ecr`]).

pub mod iso8583;
pub mod message;

use core::fmt;

use crate::card::codes::{CardNumber, IdentCode};
use crate::card::date::Timestamp;
use crate::card::keys::{Algorithm, Cryptogram};
use crate::card::status::CardStatus;
use crate::rules::decision::{Effects, Operation, PresentedCard};
use crate::rules::institution::InstitutionCode;
use crate::rules::money::Fen;
use crate::rules::reason::Reason;

/// 终端号 (F41): eight ASCII characters that name a terminal within its institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TerminalId(pub [u8; 8]);

impl TerminalId {
    /// The characters; empty if they are not UTF-8.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// System trace audit number (STAN, F11), 1 to 999 999. Together with the terminal's name it identifies a transaction.
/// A repeated or reversed transaction keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stan(pub u32);

impl Stan {
    /// The number after this one; 1 follows 999 999.
    pub const fn next(self) -> Self {
        if self.0 >= 999_999 { Self(1) } else { Self(self.0 + 1) }
    }

    /// Whether `other` comes after this number: the way up to `other`, which goes from 999 999 to 1 if necessary, is
    /// shorter than the way down.
    pub const fn is_before(self, other: Self) -> bool {
        let (own, other) = (self.0 % 999_999, other.0 % 999_999);
        let ahead = (other + 999_999 - own) % 999_999;
        ahead > 0 && ahead < 500_000
    }
}

/// A message to the centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Where the terminal stands.
    pub institution: InstitutionCode,
    /// Which terminal it is.
    pub terminal: TerminalId,
    /// When, by the terminal's clock.
    pub time: Timestamp,
    /// What is asked.
    pub body: Body<'a>,
}

/// What a message asks of the centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Compute what a genuine card must answer, and what the card must receive. The HSM does so on message 9013.
    Authenticate(Authenticate<'a>),
    /// Ask how a card stands and whether `operation` may go on; changes nothing.
    Inquire {
        /// What the terminal read from the card.
        card: &'a PresentedCard,
        /// What the terminal is to do.
        operation: &'a Operation,
    },
    /// Carry out `operation`. A repetition with the same number does nothing new and gets the same answer.
    Transact {
        /// The transaction's number.
        stan: Stan,
        /// What the terminal read from the card.
        card: &'a PresentedCard,
        /// What the terminal is to do.
        operation: &'a Operation,
    },
    /// Undo the transaction with this number and card, if it was carried out; if it still comes, refuse it.
    Reverse {
        /// The number of the transaction to undo.
        stan: Stan,
        /// The card of that transaction: a number used twice by mistake must not undo another holder's transaction.
        card: CardNumber,
    },
    /// The holder replaced the initial PIN.
    PinChanged {
        /// Whose PIN.
        card: CardNumber,
        /// The card's ident code, compared with the record.
        ident: IdentCode,
    },
    /// The terminal refused, or gave up before it asked the centre to transact; for the record.
    Report {
        /// The card's number, if it could be read.
        card: Option<CardNumber>,
        /// What the terminal was to do.
        operation: &'a Operation,
        /// Why it was not done.
        reason: Reason,
    },
}

/// The first step's data of the two-step authentication (docs/card.md §1.9, HSM step 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticate<'a> {
    /// The card's ident code; its region chooses the keys.
    pub ident: IdentCode,
    /// The historical bytes of the card's ATR, which diversify the keys.
    pub historical: &'a [u8],
    /// The algorithm of the card's keys.
    pub algorithm: Algorithm,
    /// The data that the terminal will send with INTERNAL AUTHENTICATE.
    pub internal: [u8; 16],
    /// For cards that protect personal data: the card's challenge and the terminal's eight bytes.
    pub external: Option<([u8; 8], [u8; 8])>,
}

/// The centre's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// To [`Body::Authenticate`].
    Authenticated {
        /// What a genuine card answers to INTERNAL AUTHENTICATE.
        internal: Cryptogram,
        /// What EXTERNAL AUTHENTICATE must send, if the request had a challenge.
        external: Option<Cryptogram>,
    },
    /// To [`Body::Inquire`].
    Standing(Standing),
    /// To [`Body::Transact`]: approved.
    Approved(Receipt),
    /// To the others: the centre has noted it.
    Done,
    /// To any: refused.
    Refused(Reason),
}

/// The standing of a card at the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Standing {
    /// Its status.
    pub status: CardStatus,
    /// The social function is in use.
    pub social: bool,
    /// The bank account is in use.
    pub financial: bool,
    /// The holder must replace the initial PIN.
    pub pin_is_initial: bool,
}

/// An approved transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Receipt {
    /// What it did.
    pub effects: Effects,
    /// The personal account's balance afterwards.
    pub balance: Fen,
}

/// Why a message got no answer.
///
/// Whether a transaction must be reversed depends on whether the centre may have acted on it: [`LinkError::is_unsent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkError {
    /// The message was sent, and no answer came in time.
    NoAnswer,
    /// The message was not sent: the terminal has not been set up since it started, so it has no key for F64.
    NotSetUp,
    /// The message was not sent: one of its fields cannot be written.
    Unwritable {
        /// The field; 0 if it is none in particular.
        field: u8,
    },
    /// The centre answered that it could not act on the message. These are the characters of its F39, such as 30 (form)
    /// or A0 (F64).
    Rejected([u8; 2]),
    /// The line failed, or the centre did. The message may have been sent.
    Failed,
}

impl LinkError {
    /// Whether it is certain that no byte of the message left the terminal, so that it has no effect. The link that
    /// makes such an error is responsible for this.
    pub const fn is_unsent(self) -> bool {
        match self {
            Self::NotSetUp | Self::Unwritable { .. } => true,
            Self::NoAnswer | Self::Rejected(_) | Self::Failed => false,
        }
    }

    /// The reason with which a visit that needed the answer ends.
    pub const fn reason(self) -> Reason {
        match self {
            Self::NotSetUp | Self::Unwritable { .. } => Reason::NotSent,
            Self::Rejected(_) => Reason::Rejected,
            Self::NoAnswer | Self::Failed => Reason::NoAnswer,
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("the centre did not answer in time: try again later"),
            Self::NotSetUp => {
                f.write_str("nothing was sent to the centre, since the terminal has no key: send it the set-up first")
            }
            Self::Unwritable { field: 0 } => {
                f.write_str("nothing was sent to the centre, since the message does not fit: report this to the maker")
            }
            Self::Unwritable { field } => write!(
                f,
                "nothing was sent to the centre, since F{field} cannot hold its value: correct the terminal's set-up or the card"
            ),
            Self::Rejected(message::response::MAC) => f.write_str(
                "the centre rejected the message with response code A0: give terminal and centre the same key and MAC rule",
            ),
            Self::Rejected(code) => write!(
                f,
                "the centre rejected the message with response code {}: compare the versions of terminal and centre",
                code.escape_ascii()
            ),
            Self::Failed => f.write_str("the line to the centre, or the centre itself, has failed: repair it"),
        }
    }
}

impl core::error::Error for LinkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_across_the_turn() {
        for (own, other, before) in [
            (1, 2, true),
            (2, 1, false),
            (7, 7, false),
            (999_999, 1, true),
            (1, 999_999, false),
            (999_990, 3, true),
            (3, 999_990, false),
            (1, 500_000, true),
            (1, 500_001, false),
        ] {
            assert_eq!(Stan(own).is_before(Stan(other)), before, "{own} {other}");
        }
    }
}
