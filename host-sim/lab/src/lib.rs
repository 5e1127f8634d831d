//! A running image: on an emulated board with card, till, centre and holder around it, and, wherever it runs, under a
//! debug probe that looks into it.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`board`] | an emulated board, whatever emulates it; `visit` is how a visit at it goes |
//! | [`emulator`] | the flashable image on an emulated board, with a virtual card behind its USART |
//! | [`pico`] | the one for the Pico in rp2040js, with a virtual card at its pins |
//! | [`probe`] | looking into a running image: its log, its screen, its stack; boards by probe-rs |
//! | [`till_line`] | emulated boards whose till is another program |
//! | [`uf2`] | an image as a file for a Pico's boot loader |
//! | [`stage`] | emulated boards as a stage for scenarios |
//! | `wait` | waiting for an emulator, no longer than it may be silent |
//!
//! Not here: the command line; and the centre, which comes as a [`qiyong_sim::world::centre::CentreEnd`].
#![forbid(unsafe_code)]

mod advice;
pub mod board;
pub mod emulator;
pub mod pico;
pub mod probe;
pub mod stage;
pub mod till_line;
pub mod uf2;
mod visit;
mod wait;
