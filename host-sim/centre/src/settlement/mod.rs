//! Settlement (docs/centre.md §6.8): what fund, account, relatives and cash pay of a bill, and its undo.
//!
//! [`calculation`] works out the amounts in the order of §6.8.4, from a [`catalogue`] entry for each line and the area's
//! table of [`benefits`]; [`setlinfo`] holds every answer to the identities of §6.8.2. Not here: who is insured, and the
//! accounts themselves.

pub mod acts;
pub mod benefits;
pub mod bill;
pub mod booking;
pub mod calculation;
pub mod catalogue;
pub mod codes;
pub mod entitlement;
pub mod entries;
pub mod exact;
pub mod in_use;
pub mod records;
pub mod refusal;
pub mod setlinfo;
pub mod state;
pub mod terms;
pub mod visit;

use crate::configuration::kinds::{Kind, kind};

/// The parameters of this room.
pub const PARAMETERS: &[Kind] = &[kind::<benefits::Benefits>(), kind::<terms::Terms>()];

#[cfg(test)]
pub(crate) mod tests;
