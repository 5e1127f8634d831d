//! PC/SC in both directions: virtual cards for every program that uses PC/SC, and PC/SC readers for the terminal.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`wire`] | pcsc-lite's socket protocol as a codec over bytes |
//! | [`codes`] | the numbers of the PC/SC API in its messages |
//! | [`slot`] | what is behind a reader: the virtual card itself, or the firmware's slot on a virtual line; and what whoever watches is told |
//! | [`server`] | contexts, readers, sharing, transactions and events: what pcscd does, without the daemon |
//! | [`ReaderName`] | what a reader may be called |
//! | [`ctl`] | what a hand could do to the readers of a running server, over its own socket |
//! | [`vicc`] | a virtual card in the virtual reader of a real pcscd |
//! | `readers`, `reader_slot` | with feature `pcsc`: the readers of libpcsclite; a reader as the terminal's slot |
//! | `service` | with feature `pcsc`: whether what libpcsclite would call is there, and answers |
//!
//! On Windows only the last two rows are there, by the system's own `winscard.dll`.
//!
//! Not here: command lines. Messages for people go to functions that the program provides.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod advice;
#[cfg(unix)]
mod call;
#[cfg(unix)]
pub mod codes;
#[cfg(unix)]
pub mod ctl;
#[cfg(unix)]
mod name;
#[cfg(feature = "pcsc")]
mod pin_pad;
#[cfg(feature = "pcsc")]
mod reader_error;
#[cfg(feature = "pcsc")]
pub mod reader_slot;
#[cfg(feature = "pcsc")]
pub mod readers;
#[cfg(unix)]
pub mod server;
#[cfg(feature = "pcsc")]
#[cfg_attr(windows, path = "service_windows.rs")]
mod service;
#[cfg(unix)]
pub mod slot;
#[cfg(feature = "pcsc")]
mod turn;
#[cfg(unix)]
pub mod vicc;
#[cfg(unix)]
pub mod wire;

#[cfg(unix)]
pub use name::{NameProblem, ReaderName};
