//! The life of a card at the centre (docs/centre.md §6.9): from its hand-over to its end, and what may be done when.
//!
//! | File | What |
//! |---|---|
//! | `place`, `card_act` | who acts, and the table status × act × place of the social function |
//! | `bank` | the same for the bank function, which is lost, found and closed by itself |
//! | `term` | when an oral loss lapses: working days, days, hours, or never |
//! | `replacement` | when a card may be replaced or renewed, and that a person has one card |
//! | `temporary` | the temporary card |
//! | `transfer` | a person's change of area, with the balance |
//! | `codes` | status codes of other systems, both ways |
//! | `refusal` | why not, and what next |
//! | `acts` | what is done about cards, over these rules |
//! | `card_file`, `history` | what the centre keeps of a card, and what was done to it |
//!
//! Making cards and handing them over is `production`; what terminals ask is `terminal`.

pub mod acts;
pub mod bank;
pub mod card_act;
pub mod card_file;
pub mod codes;
pub mod deeds;
pub mod history;
pub mod place;
pub mod refusal;
pub mod replacement;
pub mod temporary;
pub mod term;
pub mod transfer;

pub use card_act::Step;
pub use deeds::CardAct;
pub use place::Place;
pub use refusal::LifeRefusal;

use crate::configuration::kinds::{Kind, kind};

/// The parameters of this room.
pub const PARAMETERS: &[Kind] = &[
    kind::<term::TemporaryTerm>(),
    kind::<term::Calendar>(),
    kind::<card_act::FormalRelease>(),
    kind::<replacement::Validity>(),
    kind::<temporary::TemporaryCards>(),
    kind::<transfer::TransferTerms>(),
];

#[cfg(test)]
mod tests;
