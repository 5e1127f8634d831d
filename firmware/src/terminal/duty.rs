//! What a terminal owes the centre for a transaction that it has begun, and how that ends. Who keeps it is `ports`; who pays it,
//! `owed`.

use qiyong_protocol::centre::{Batch, Original, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

/// A transaction that has begun, as the centre knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transaction {
    /// Where the terminal stood.
    pub institution: InstitutionCode,
    /// What it was called there.
    pub terminal: TerminalId,
    /// Its batch.
    pub batch: Batch,
    /// Its number.
    pub stan: Stan,
    /// What else the centre knows it by.
    pub original: Original,
}

/// What the centre must hear of a transaction before the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Owed {
    /// Its reversal: no answer came, or none that the card and the holder have seen.
    Reverse(Transaction),
    /// Its confirmation, with what failed on the card after the approval; `None`: nothing.
    Confirm(Transaction, Option<Reason>),
}

impl Owed {
    /// The transaction.
    pub const fn transaction(&self) -> &Transaction {
        match self {
            Self::Reverse(transaction) | Self::Confirm(transaction, _) => transaction,
        }
    }
}

/// What is owed, as the till is told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Duties {
    /// A transaction must be reversed before the next one begins.
    pub reversal: bool,
    /// One must be confirmed before.
    pub confirmation: bool,
    /// So many are parked.
    pub parked: u8,
}

impl Duties {
    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        !self.reversal && !self.confirmation && self.parked == 0
    }
}

/// How a transaction ended, for terminal and centre alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Closed {
    /// No byte of it left the terminal.
    Unsent,
    /// The centre refused it.
    Refused,
    /// The centre has undone it, or never did it.
    Reversed,
    /// The centre has booked it.
    Confirmed,
}
