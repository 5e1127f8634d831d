//! What an auditor needs of a centre besides what a scenario needs: its journal, the passing of time, and its own check.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::scenario::centre::Centre;
use crate::world::centre::CentreFailure;

/// A centre whose books can be looked at.
pub trait Books: Centre {
    /// Undoes what nobody has confirmed in time, by the time that the world has told it.
    ///
    /// # Errors
    /// The centre failed.
    fn expire(&mut self) -> Result<(), CentreFailure>;

    /// The transactions in its journal, oldest first.
    ///
    /// # Errors
    /// The centre failed.
    fn entries(&self) -> Result<Vec<Entry>, CentreFailure>;

    /// The first thing that is not as it was written, if there is one.
    ///
    /// # Errors
    /// The centre failed.
    fn first_wrong(&self) -> Result<Option<String>, CentreFailure>;
}

/// A transaction in the centre's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal's name.
    pub terminal: String,
    /// Its number.
    pub stan: Stan,
    /// When, by the terminal's clock.
    pub time: Timestamp,
    /// The card.
    pub card: Option<CardNumber>,
    /// What the account paid.
    pub charge: Fen,
    /// What became of it; `None`: it was not approved.
    pub phase: Option<Phase>,
}

/// What became of an approved transaction, as a centre says it (docs/centre.md §21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has said yet.
    Pending,
    /// It was confirmed.
    Posted,
    /// It was reversed.
    Voided,
    /// Nobody has said anything in time, and the centre has undone it.
    Expired,
}
