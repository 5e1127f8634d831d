//! The third board: the terminal on TI's Stellaris LM3S6965, as QEMU has it. Made from the template by docs/porting.md, to try both.
//! Pins, and what is not of a real board, stand in the README beside this folder.
//!
//! | Module | What it is for |
//! |---|---|
//! | `image` | the image |
//!
//! On the host this program is empty, so that the workspace builds there as a whole.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "none")]
mod image;

#[cfg(not(target_os = "none"))]
fn main() {}
