//! What boards share, whatever their chip: a board has its pins and peripherals, and the rest from here.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`crash_note`] | what a crash leaves for the next start |
//! | [`lease`] | how long a watchdog may be fed without progress |
//! | [`pin_pad`] | a PIN from a serial PIN pad |
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

pub mod crash_note;
pub mod lease;
pub mod pin_pad;
pub mod spacing;
pub mod till_clock;
pub mod till_lines;
pub mod transport;
