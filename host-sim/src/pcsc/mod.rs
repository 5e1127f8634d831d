//! PC/SC: virtual cards for every program that speaks it.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`wire`] | pcsc-lite's socket protocol as a codec over bytes |
//! | [`codes`] | the numbers of the PC/SC API that stand in its messages |
//! | [`slot`] | what stands behind a reader: the virtual card itself, or the firmware's slot on a virtual line |
//! | [`server`] | contexts, readers, sharing, transactions and events: what pcscd does, without the daemon |
//! | [`vicc`] | a virtual card in the virtual reader of a real pcscd |
//! | [`readers`] | the verb `qiyong readers`, through libpcsclite; `reader_slot`, for the terminal, too |
//! | [`daemon`] | the verb `qiyong pcscd`, and [`ctl`] what one can do to its readers meanwhile |

pub mod codes;
pub mod ctl;
pub mod daemon;
#[cfg(feature = "pcsc")]
pub(crate) mod reader_slot;
pub mod readers;
pub mod server;
pub mod slot;
pub mod vicc;
pub mod wire;
