//! ISO 8583 over TCP: the centre's end of the terminals' lines, and a terminal's end of one.
//!
//! [`Server`] binds an address and serves until it is told to end. `frame` cuts the bytes of a connection into messages,
//! `connection` bounds what a terminal may send and how long anything may take, `queue` lets everybody have a turn, and
//! `worker` gives a [`Decider`] everything that waits, at once: it makes all of it durable in one transaction, and only then
//! are answers sent. `regions` has several centres behind one address, with a queue each. [`Limits`] has all figures; [`Server::figures`] what happened, and a [`Tap`] hears it. [`Line`] is the other end: blocking, for
//! whoever stands in for a terminal's modem.
//!
//! Not here: what a message means and who may send it, which is the centre's; encryption, for which a tunnel or a proxy
//! stands before this server; and the log's way out of the process, which is the program's.
#![forbid(unsafe_code)]

mod cause;
mod centre;
mod connection;
mod decider;
pub mod due;
mod face;
mod files;
pub mod frame;
mod limits;
mod line;
mod metrics;
mod places;
mod queue;
mod queues;
mod region_figures;
pub mod regions;
mod serve;
mod tap;
mod worker;

pub use decider::{Decider, Errand, Refuse, Refused, Route, Said, Stationed};
pub use files::{TooFewFiles, raise};
pub use limits::Limits;
pub use line::{Line, LineError, Waits};
pub use serve::{Figures, Server};
pub use tap::Tap;

#[cfg(test)]
mod tests;
