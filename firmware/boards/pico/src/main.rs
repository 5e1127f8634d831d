//! The image for a Raspberry Pi Pico: waits for the till's commands, and serves holders with the terminal application.
//!
//! On the host this program is empty, so that the workspace builds there as a whole.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "none")]
mod image;

#[cfg(not(target_os = "none"))]
fn main() {}
