//! Applications for cards: the form, its documents and photo, the checks, the review (docs/centre.md §6.5).
pub mod acts;
mod checks;
pub mod codes;
pub mod documents;
pub mod form;
pub mod form_fault;
pub mod form_rules;
pub mod number;
pub mod photo;
pub mod reasons;
mod record;
pub mod refused;
pub mod rules;
pub mod state;
pub mod unit;

use crate::configuration::kinds::{Kind, kind};

pub use record::{Application, get, photo};

/// The parameters of this room.
pub const PARAMETERS: &[Kind] = &[
    kind::<rules::ApplicationRules>(),
    kind::<rules::ProofRules>(),
    kind::<rules::Banks>(),
    kind::<photo::PhotoRules>(),
];

#[cfg(test)]
pub(crate) mod tests;
