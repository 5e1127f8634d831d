//! A board to begin with: the terminal over whatever a chip's HAL gives. See docs/porting.md for the order of work.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`chip`] | what your chip must give |
//! | [`desk`] | screen and keys |
//! | [`wiring`] | the terminal of these parts |
//!
//! The image's entry is yours: it makes the parts of your HAL, has them [opened](wiring::open), and awaits [`wiring::run`] in its
//! executor.
#![no_std]
#![forbid(unsafe_code)]
// Futures run on one executor without threads, so callers need no `Send` bounds.
#![allow(async_fn_in_trait)]

pub mod chip;
pub mod desk;
pub mod wiring;
