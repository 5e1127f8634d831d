//! PC/SC, both ways: virtual cards for every program that speaks it, and PC/SC readers for the terminal.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`wire`] | pcsc-lite's socket protocol as a codec over bytes |
//! | [`codes`] | the numbers of the PC/SC API that stand in its messages |
//! | [`slot`] | what stands behind a reader: the virtual card itself, or the firmware's slot on a virtual line |
//! | [`server`] | contexts, readers, sharing, transactions and events: what pcscd does, without the daemon |
//! | [`ctl`] | what a hand could do to a running server's readers, over its own socket |
//! | [`vicc`] | a virtual card in the virtual reader of a real pcscd |
//! | `readers`, `reader_slot` | with the feature `pcsc`, through libpcsclite: which readers there are; one as the terminal's slot |
//!
//! Not here: command lines. What a person should hear meanwhile is handed to functions that the program gives.
#![forbid(unsafe_code)]

mod advice;
pub mod codes;
pub mod ctl;
#[cfg(feature = "pcsc")]
pub mod reader_slot;
#[cfg(feature = "pcsc")]
pub mod readers;
pub mod server;
pub mod slot;
pub mod vicc;
pub mod wire;
