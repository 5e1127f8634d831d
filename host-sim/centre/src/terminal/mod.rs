//! The terminals' path: what a message of a terminal asks, carried out and remembered.
//!
//! `endpoint` has the messages in bytes, `keys` that by which they are proved, `proved` by which of these one was, `acts` what
//! people do about keys. `requests` has the answer to each message; `transactions` carries out and undoes by the rules of `number`, `leases` sees to it
//! that one terminal works under a name, `lag` that its clock is right, `visits` knows which card it serves, `pending` undoes
//! what nobody confirms, `policy` says how often and how long terminals try, `settling` compares batches, `rejections` counts what is not believed; `home` says what the region of the card decides, `forwarded` remembers what went there, `origin` has
//! what that is told, and `passed` what goes there and back. `files` brings together what the centre knows of a card, `given` adds one. `journal` is what reports are made of, `columns` how values stand in the database, `advice`
//! says who can put an error right. Not here: the rules ([`qiyong_protocol::rules::decision`]) and the database (`store`).

pub(crate) mod acts;
mod advice;
pub(crate) mod columns;
pub(crate) mod endpoint;
pub(crate) mod files;
mod forwarded;
pub(crate) mod given;
mod home;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod lag;
pub(crate) mod leases;
pub mod number;
pub(crate) mod origin;
pub(crate) mod passed;
pub(crate) mod pending;
pub(crate) mod policy;
pub(crate) mod proved;
pub(crate) mod refusal;
pub(crate) mod rejections;
mod requests;
pub(crate) mod settling;
pub(crate) mod transactions;
pub(crate) mod visits;

use crate::configuration::kinds::{Kind, kind};

/// The parameters of this room.
pub(crate) const PARAMETERS: &[Kind] = &[
    kind::<visits::VisitBound>(),
    kind::<lag::ClockBound>(),
    kind::<pending::PendingBound>(),
    kind::<policy::TellPolicy>(),
];

#[cfg(test)]
pub(crate) mod tests;
