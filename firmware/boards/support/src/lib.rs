//! What boards share, whatever their chip: a board has its pins and peripherals, and the rest from here.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`mod@bench`] | how an image shows the emulator's probe what it does, and is told the time by it |
//! | [`crash_note`] | what a crash leaves for the next start |
//! | [`mod@drbg`] | random numbers out of a noise source's bits |
//! | [`entropy`] | a noise source's bits, and whether they are fit |
//! | [`lease`] | how long a watchdog may be fed without progress |
//! | [`moment`] | the time out of SysTick's ticks and counter |
//! | [`pin_pad`] | a PIN from a serial PIN pad |
//! | [`queue`] | characters that have come and wait to be taken |
//! | [`ram_flash`] | RAM in place of flash |
//! | `recall` | what the terminal remembers, and what the log says of it; with the feature `defmt` |
//! | [`spacing`] | when a character may go to the card, and until when one is awaited |
//! | [`till_clock`] | the time of day, which the till tells |
//! | [`till_lines`] | till and centre on a serial line and a USB port at a time |
//! | [`transport`] | the maker's transport key |
//!
//! Not here: drivers, and what an application does.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Futures run on one executor without threads, so callers need no `Send` bounds.
#![allow(async_fn_in_trait)]

// QEMU's boards have cores that count in one step; a Cortex-M0+ does not.
#[cfg(target_has_atomic = "32")]
pub mod bench;
pub mod crash_note;
pub mod drbg;
pub mod entropy;
pub mod lease;
pub mod moment;
pub mod pin_pad;
pub mod queue;
pub mod ram_flash;
#[cfg(feature = "defmt")]
pub mod recall;
pub mod spacing;
pub mod till_clock;
pub mod till_lines;
pub mod transport;
