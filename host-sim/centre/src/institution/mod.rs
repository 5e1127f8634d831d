//! Institutions (docs/centre.md §6.6.4): bank outlets, hospitals, pharmacies, and the agreements that designate them.
//! Not here: what a terminal may do there (that is the decision of `qiyong_protocol`).

pub mod acts;
pub mod agreement;
pub mod level;
pub mod records;
pub mod refusal;

use crate::configuration::kinds::{Kind, kind};

/// The parameters of this room.
pub const PARAMETERS: &[Kind] = &[kind::<agreement::Designation>()];

#[cfg(test)]
pub(crate) mod tests;
