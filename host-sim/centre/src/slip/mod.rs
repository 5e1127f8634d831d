//! Payment slips (缴款通知书): what a card costs, the slip by which it is paid, and the registration of the payment
//! (docs/centre.md §6.5.11).
//!
//! [`fee`] finds the amount, [`check`] makes the characters by which a slip is checked, [`state`] says what may follow
//! what, `payment` decides about a payment, `print` draws the slip, `acts` and `reads` are what one can do with it. Not here: the application that is paid for, and
//! the making of the card.

pub mod acts;
pub mod check;
pub mod fee;
mod paper;
pub mod payment;
pub mod print;
pub mod reads;
pub mod refusal;
mod rows;
pub mod state;

use crate::acts::entry::{Entry, entry};
use crate::configuration::kinds::{Kind, kind};

pub use paper::{Item, Slip};

/// The room's acts.
pub const ACTS: &[Entry] = &[
    entry::<acts::IssueSlip>(),
    entry::<acts::PaySlip>(),
    entry::<acts::CancelPayment>(),
    entry::<acts::RemitFees>(),
    entry::<acts::VoidSlip>(),
    entry::<reads::ShowSlip>(),
    entry::<reads::PrintSlip>(),
    entry::<reads::ListSlips>(),
];

/// The room's parameters.
pub const PARAMETERS: &[Kind] = &[kind::<fee::Fee>()];

#[cfg(test)]
pub(crate) mod tests;
