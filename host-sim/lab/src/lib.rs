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
//! Boards are emulated by other programs, over Unix sockets. On Windows only `probe` and `uf2` are there.
//!
//! Not here: the command line; and the centre, which comes as a [`qiyong_sim::world::centre::CentreEnd`].
#![forbid(unsafe_code)]

mod advice;
#[cfg(unix)]
pub mod board;
#[cfg(unix)]
pub mod emulator;
#[cfg(unix)]
pub mod pico;
#[cfg_attr(
    not(any(unix, feature = "probe")),
    allow(dead_code, reason = "where nothing runs an image, as on Windows, nothing looks into one")
)]
pub mod probe;
#[cfg(unix)]
pub mod stage;
#[cfg(unix)]
pub mod till_line;
pub mod uf2;
#[cfg(unix)]
mod visit;
#[cfg(unix)]
mod wait;
