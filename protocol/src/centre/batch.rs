//! A batch at settlement: where it stands, and what a terminal uploads of it when the totals differ (docs/centre.md §22). What is
//! added up is in [`super::totals`].

use super::{Deal, Original, Stan};
use crate::rules::money::Fen;

/// Where a batch stands at the centre: the answer to each message about its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BatchState {
    /// No totals have come: the terminal sends them first.
    Open,
    /// The totals agreed, and the batch is settled: the terminal signs in again, and gets the next one.
    Balanced,
    /// The totals differ: the terminal uploads its entries from the first to the last, and then says that these were all.
    Differs,
    /// The entries were compared one by one, and the batch is settled with a difference, which people look at.
    Closed,
}

impl BatchState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Balanced, Self::Differs, Self::Closed];

    /// Whether nothing is owed any more: no number of the batch is used again.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Balanced | Self::Closed)
    }
}

/// How a transaction ended at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ended {
    /// It was confirmed: card and receipt are done.
    Confirmed,
    /// It was reversed: nothing was sold.
    Reversed,
}

/// A transaction as the terminal has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Entry {
    /// Its number.
    pub stan: Stan,
    /// What kind it is.
    pub deal: Deal,
    /// Card, whole bill and time, as its reversal or confirmation has them.
    pub original: Original,
    /// What the account paid; nothing if it was reversed.
    pub charge: Fen,
    /// How it ended.
    pub ended: Ended,
}

/// The most entries of one message.
pub const UPLOAD_MAX: usize = 5;
