//! Answer to Reset: the first bytes a card sends, which say how to talk to it (ISO/IEC 7816-3:2006 clause 8).
//!
//! ```text
//! TS  T0  TA1 TB1 TC1 TD1  TA2 TB2 TC2 TD2  ...  T1 .. TK  TCK
//! |   |   `-- group 1 --'  `-- group 2 --'       |         `- XOR of T0..TCK is 0; absent iff only T=0 is offered
//! |   |                                          `- historical bytes, K = 0..15
//! |   `- high nibble: which of TA1 TB1 TC1 TD1 follow; low nibble: K
//! `- 3B direct or 3F inverse convention
//! ```
//!
//! Every TD works as T0 does: its high nibble announces the next group, and its low nibble names the protocol T of that
//! group (T=15 is not a protocol: the group is for all protocols).
//!
//! Three levels:
//!
//! * [`Atr`] is a *view*: it takes any bytes, never fails, and keeps what it does not know, so that the ATR of a card
//!   that nobody can use can still be logged. [`Atr::check`] says whether the bytes are an ATR that the standard
//!   allows.
//! * [`Parameters`] is what a checked ATR says about its card, made in one walk over its groups. Code that talks to the
//!   card asks [`Parameters`] and does not read the bytes again. Where a byte is absent, [`Parameters`] gives the
//!   default of the standard.
//! * [`AtrBuilder`] writes ATRs, and only those that pass [`Atr::check`].
//!
//! Names such as TA1 count groups from 1 as the standard does. In values RFU means "reserved for future use".

mod builder;
mod error;
mod groups;
mod historical;
mod layout;
mod parameters;
mod rate;
mod view;
mod walk;

pub use builder::{AtrBuilder, AtrBytes, AtrDoesNotFit};
pub use error::AtrError;
pub use groups::{Group, Groups, SpecificBytes};
pub use layout::{MAX_HISTORICAL, MAX_LEN};
pub use parameters::{Classes, ClockStop, Edc, Parameters, SpecificMode};
pub use rate::{decode_di, decode_f_max, decode_fi};
pub use view::{Atr, Tck};

pub(super) use groups::count;

#[cfg(test)]
mod tests;
