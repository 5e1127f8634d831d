//! Production and hand-over: from an application that is ready to the card in its holder's hand (docs/centre.md §6.5.12).
//!
//! [`stage`] says where a card stands and what may follow, [`progress`] says it in the words of the interfaces, [`bank`]
//! has the bank's answers, [`personalisation`] makes what the maker writes, [`transport`] seals it, [`report`] checks what the maker
//! reports back, [`hand_over`] who may take a card, [`acts`] what one can do. Not here: the application, and the life of the card afterwards.

pub mod acts;
pub mod bank;
mod cards;
pub mod hand_over;
pub mod personalisation;
pub mod pin;
pub mod progress;
pub mod refusal;
pub mod report;
mod rows;
pub mod settings;
pub mod stage;
pub mod transport;

use crate::configuration::kinds::{Kind, kind};

/// The room's parameters.
pub const PARAMETERS: &[Kind] = &[kind::<settings::Production>()];

#[cfg(test)]
pub(crate) mod tests;
