//! What is done about cards after their hand-over, at a window, at a bank, by telephone (docs/centre.md §6.9). Each act
//! goes by the tables of `card_act` and `bank`, and by nothing else; what it did is in the card's history.

pub mod ask;
pub mod ending;
pub mod hand;
pub mod lapse;
pub mod loss;
pub mod module;
pub mod pin;
pub mod replacing;
pub mod temporary;
pub mod transfers;
pub mod window;

use crate::acts::entry::{Entry, entry};

pub use ending::supersede;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<window::Activate>(),
    entry::<loss::ReportLoss>(),
    entry::<loss::ConfirmLoss>(),
    entry::<loss::Release>(),
    entry::<window::Seal>(),
    entry::<window::Unseal>(),
    entry::<window::Lock>(),
    entry::<window::Unlock>(),
    entry::<ending::Cancel>(),
    entry::<ending::CloseAccount>(),
    entry::<pin::ResetPin>(),
    entry::<module::ModuleRead>(),
    entry::<module::ModuleWrite>(),
    entry::<module::ModulePin>(),
    entry::<module::ModuleDebit>(),
    entry::<replacing::ReplaceAllowed>(),
    entry::<replacing::RenewAllowed>(),
    entry::<temporary::Lend>(),
    entry::<temporary::TakeBack>(),
    entry::<transfers::Move>(),
    entry::<transfers::SendBalance>(),
    entry::<transfers::ReceiveBalance>(),
    entry::<transfers::WithdrawMove>(),
    entry::<transfers::ShowMove>(),
    entry::<ask::Show>(),
    entry::<ask::History>(),
    entry::<ask::List>(),
    entry::<ask::StatusCode>(),
    entry::<ask::StatusOf>(),
    entry::<lapse::Lapse>(),
];

#[cfg(test)]
pub(crate) mod tests;
