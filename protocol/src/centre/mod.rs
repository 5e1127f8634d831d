//! What passes between terminal and card centre: requests and answers.
//!
//! The terminal's application and the centre use the types here; the bytes are made elsewhere: [`message`] says which
//! fields stand for what, and [`iso8583`] how fields are written. On a terminal's serial line the messages cross in
//! frames ([`crate::frame`]), beside those of the till ([`crate::ecr`]).

mod batch;
pub mod iso8583;
pub mod message;
mod number;
mod policy;
mod session;
mod totals;

pub use batch::{BatchState, Ended, Entry, UPLOAD_MAX};
pub use number::{Batch, Lease, Stan, Token};
pub use policy::Policy;
pub use session::{Session, WorkingKey};
pub use totals::{Deal, Sum, Totals};

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

/// A message to the centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Where the terminal stands.
    pub institution: InstitutionCode,
    /// Which terminal it is.
    pub terminal: TerminalId,
    /// The batch in which it works; that of the original in [`Body::Reverse`] and [`Body::Confirm`], the one that is settled in
    /// [`Body::SettleBatch`] and what follows it, and [`Batch::NONE`] in [`Body::SignIn`].
    pub batch: Batch,
    /// When, by the terminal's clock. A repeated transaction keeps its time.
    pub time: Timestamp,
    /// What is asked.
    pub body: Body<'a>,
}

/// What a message asks of the centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Ask for the lease of the name, for the batch and numbers that go with it, and for a working key: the first message
    /// after a start.
    SignIn {
        /// Which terminal of this name it is.
        token: Token,
    },
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
    /// Undo this transaction, if it was carried out; if it still comes, refuse it. A transaction with this number that
    /// differs in anything else is another terminal's, and stays.
    Reverse {
        /// The number of the transaction to undo.
        stan: Stan,
        /// What else is known of it.
        original: Original,
    },
    /// Tell what became of a transaction that was approved: card and receipt are done, or what failed on the card after the
    /// approval. Until this is heard the transaction is pending, and after a time the centre undoes it.
    Confirm {
        /// The number of the transaction.
        stan: Stan,
        /// What else is known of it.
        original: Original,
        /// What failed on the card; `None`: nothing.
        result: Option<Reason>,
    },
    /// The holder replaced the initial PIN.
    PinChanged {
        /// Whose PIN.
        card: CardNumber,
        /// The card's ident code, compared with the record.
        ident: IdentCode,
    },
    /// Settle the batch: the terminal owes nothing in it, neither a reversal nor a confirmation, and these are its totals.
    SettleBatch {
        /// What it has confirmed.
        totals: &'a Totals,
    },
    /// The terminal's entries of a batch whose totals differ, in an order that does not change.
    Upload {
        /// The place of the first of these, from 1.
        from: u32,
        /// One to [`UPLOAD_MAX`] entries.
        entries: &'a [Entry],
    },
    /// These were all: compare.
    UploadDone {
        /// How many there were.
        count: u32,
    },
    /// The terminal's work is over: the session ends, and its key with it. The lease stays.
    SignOff,
    /// Ask whether anybody is there who knows the key; changes nothing.
    Echo,
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

/// What a transaction is known by beside its number: a number that two terminals use must not undo what is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Original {
    /// The card.
    pub card: CardNumber,
    /// The whole bill (F4); nothing if there was none to pay.
    pub total: Fen,
    /// When the transaction was sent (F12, F13).
    pub time: Timestamp,
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
    /// To [`Body::SignIn`].
    SignedIn {
        /// Under which numbers the terminal works.
        lease: Lease,
        /// Under which key, and what time it is.
        session: Session,
    },
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
    /// To [`Body::SettleBatch`], [`Body::Upload`] and [`Body::UploadDone`]: where the batch stands now.
    Batch(BatchState),
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
    /// That PIN is one of those that everybody knows ([`crate::card::pin::Pin::is_commonly_initial`]). Then another PIN is the
    /// holder's own, and the centre has only not heard of the change.
    pub initial_is_common: bool,
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
    /// The message was not sent: the terminal has not signed in, so it has no working key.
    NotSignedIn,
    /// The working key that the centre gave at sign-in does not fit its check value.
    WorkingKey,
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

impl Body<'_> {
    /// Whether it is proved by the terminal's master key: a sign-in, which brings the working key, and what may be owed from
    /// before a start, which goes before the sign-in. Everything else is proved by the working key.
    pub const fn is_under_master_key(&self) -> bool {
        match self {
            Self::SignIn { .. } | Self::Reverse { .. } | Self::Confirm { .. } => true,
            Self::Authenticate(_)
            | Self::Inquire { .. }
            | Self::Transact { .. }
            | Self::PinChanged { .. }
            | Self::SettleBatch { .. }
            | Self::Upload { .. }
            | Self::UploadDone { .. }
            | Self::SignOff
            | Self::Echo
            | Self::Report { .. } => false,
        }
    }
}

impl LinkError {
    /// Whether it is certain that no byte of the message left the terminal, so that it has no effect. The link that
    /// makes such an error is responsible for this.
    pub const fn is_unsent(self) -> bool {
        match self {
            Self::NotSetUp | Self::NotSignedIn | Self::Unwritable { .. } => true,
            Self::NoAnswer | Self::WorkingKey | Self::Rejected(_) | Self::Failed => false,
        }
    }

    /// The reason with which a visit that needed the answer ends.
    pub const fn reason(self) -> Reason {
        match self {
            Self::NotSetUp | Self::NotSignedIn | Self::Unwritable { .. } => Reason::NotSent,
            Self::WorkingKey => Reason::WorkingKeyWrong,
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
            Self::NotSignedIn => {
                f.write_str("nothing was sent to the centre, since the terminal has no working key: let it sign in first")
            }
            Self::WorkingKey => f.write_str(
                "the working key that the centre gave does not fit its check value: give terminal and centre the same master key",
            ),
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
