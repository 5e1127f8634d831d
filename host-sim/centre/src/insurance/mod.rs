//! Insurance (参保与缴费): who is insured against what, which premium a month costs, what the bank has collected of it, and what
//! becomes of it: the funds' part and the credit to the personal account (docs/card.md §6.4, docs/centre.md §6.7, §16).
//!
//! The rules are functions over figures; every figure that differs by area or year is a parameter with a date. Not here: the
//! bill of a settlement, and where money is kept.

pub mod acts;
pub mod arrears;
pub mod assess;
pub mod bank;
pub mod base;
pub mod booking;
pub mod collection;
pub mod credit;
pub mod entitlement;
pub mod faults;
pub mod flexible;
pub mod interest;
pub mod kinds;
pub mod month;
pub mod payers;
pub mod pooling;
pub mod print;
pub mod rate;
pub mod rates;
pub mod refusal;
pub mod relation;
pub mod relations;
pub mod resident;
pub mod rounding;
pub mod slips;
pub mod standing;
pub mod states;
pub mod unmatched;
pub mod waiting;

use crate::configuration::kinds::{Kind, kind};

pub use standing::{entitlement as entitlement_on, family_accounts, insured_on};

/// The parameters of this room.
pub const PARAMETERS: &[Kind] = &[
    kind::<base::Bases>(),
    kind::<rates::Rates>(),
    kind::<rates::Injury>(),
    kind::<flexible::Flexible>(),
    kind::<resident::Resident>(),
    kind::<rounding::Rounding>(),
    kind::<bank::Bank>(),
    kind::<credit::Credit>(),
    kind::<interest::Interest>(),
    kind::<arrears::Arrears>(),
    kind::<waiting::Waiting>(),
    kind::<pooling::Pooling>(),
];

#[cfg(test)]
pub(crate) mod tests;
