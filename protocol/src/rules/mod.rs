//! The rule of the product: who may put a card into use, where, and why not (docs/design.md §1, docs/card.md §2).
//!
//! Pure: [`decision`] takes what the centre knows and what the terminal sent, and says what is to happen. The centre
//! stores the result, and the terminal shows it.

pub mod decision;
pub mod document;
pub mod institution;
pub mod money;
pub mod reason;
