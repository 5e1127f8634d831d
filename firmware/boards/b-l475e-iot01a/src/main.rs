//! The image for ST's B-L475E-IOT01A: boots, waits for the till's commands, and serves holders with the terminal
//! application. See the README beside this folder for the pins.
//!
//! | Module | What it is for |
//! |---|---|
//! | `image` | the image: application, chip and drivers |
//!
//! Checked on the host, because nothing of the chip is in them:
//!
//! | Module | What it is for |
//! |---|---|
//! | `smartcard` | what is written into the card's USART, in which order |
//!
//! On the host this program is empty, so that the workspace builds there as a whole; its tests are those of these modules.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "none")]
mod image;
#[cfg(any(target_os = "none", test))]
mod smartcard;

#[cfg(not(target_os = "none"))]
fn main() {}
