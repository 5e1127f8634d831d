//! The terminals' path: what a message of a terminal asks, carried out and remembered.
//!
//! `endpoint` has the messages in bytes, `requests` the answer to each; `transactions` carries out and undoes, `leases`
//! sees to it that one terminal works under a name, `visits` knows which card it serves. `files` brings together what the
//! centre knows of a card, `given` adds one. `journal` is what reports are made of, `columns` how values stand in the
//! database, `advice` says who can put an error right. Not here: the rules ([`qiyong_protocol::rules::decision`]) and the
//! database (`store`).

mod advice;
pub(crate) mod columns;
pub(crate) mod endpoint;
pub(crate) mod files;
pub(crate) mod given;
pub(crate) mod journal;
pub(crate) mod leases;
mod requests;
pub(crate) mod transactions;
pub(crate) mod visits;
