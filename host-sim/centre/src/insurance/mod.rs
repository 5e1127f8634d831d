//! Insurance (参保与缴费): who is insured against what, which premium a month costs, what the bank has collected of it, and what
//! becomes of it: the funds' part and the credit to the personal account (docs/centre.md §6.7).
//!
//! The rules are functions over figures; every figure that differs by area or year is a parameter with a date. Not here: the
//! bill of a settlement, and where money is kept.

pub mod arrears;
pub mod assess;
pub mod base;
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
pub mod rate;
pub mod rates;
pub mod refusal;
pub mod relation;
pub mod relations;
pub mod resident;
pub mod rounding;
pub mod slips;
pub mod waiting;
