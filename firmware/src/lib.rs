//! The terminal: drives a card slot, reads a social security card, and puts it into use with the centre's approval.
//!
//! `no_std`, without a heap, and unaware of where it runs: everything outside is behind a small trait.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`clock`] | the time of day |
//! | [`link`] | till and centre over one serial line |
//! | [`slot`] | the card slot: contacts and character line below, APDUs above |
//! | [`storage`] | what outlives a power cut: settings, numbers, the duty to reverse |
//! | [`terminal`] | the application: one visit of a holder, from "insert card" to "take your card" |
//! | [`ui`] | what the operator's screen says, in English and Chinese |
//!
//! With the feature `defmt`, what is an error or small can be logged on a board: `defmt::Format`, secrets as `***`.
//!
//! Data flows one way: holder and till → [`terminal`] → [`slot`] → card line → card, and [`terminal`] → centre link.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Futures run on one executor without threads, so callers need no `Send` bounds.
#![allow(async_fn_in_trait)]

#[cfg(test)]
extern crate std;

pub mod clock;
pub mod link;
#[cfg(all(test, feature = "defmt"))]
mod log_tests;
pub mod slot;
pub mod storage;
pub mod terminal;
pub mod ui;
