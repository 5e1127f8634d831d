//! What a terminal's memory lies in, here: the same `NorFlash` as on a board.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`memory`] | a flash in memory, for simulated terminals: with power cuts and wear |
//! | [`mod@file`] | a flash in a file, for terminals that run on a PC |

pub mod file;
pub mod memory;
