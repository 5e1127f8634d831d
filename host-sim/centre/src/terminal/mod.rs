//! The terminals' path: what a message of a terminal asks, carried out and remembered.
//!
//! `transactions` carries out and undoes, `leases` sees to it that one terminal works under a name, `endpoint` has the
//! messages in bytes, `journal` what reports are made of, `columns` how values stand in the database, `advice` who can
//! put an error right. Not here: the rules ([`qiyong_protocol::rules::decision`]) and the database (`store`).

mod advice;
pub(crate) mod columns;
pub(crate) mod endpoint;
pub(crate) mod journal;
pub(crate) mod leases;
pub(crate) mod transactions;
