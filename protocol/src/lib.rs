//! The bytes and the rules of a social security card terminal.
//!
//! Shared by the terminal (`qiyong-firmware`) and the simulator (`qiyong-sim`). Everything here is `no_std`, without
//! a heap, without input or output and without a clock: state machines and codecs over borrowed bytes.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`advice`] | what an error asks of the person or program that meets it |
//! | [`iso7816`] | between card and terminal: characters, ATR, PPS, APDUs, T=0 and T=1 |
//! | [`card`] | the social security card: files, records, codes, PIN, keys |
//! | [`centre`] | what terminal and card centre say to each other, in the bytes of ISO 8583 |
//! | [`ecr`] | what the till and the terminal say to each other |
//! | [`frame`] | the frames in which the messages of till and centre cross one serial line |
//! | [`rules`] | who may activate which card where, and why not |
//!
//! Bad input of any kind is an error, never a panic (docs/design.md §1, invariant 5): the lints below forbid code that
//! would panic, and the image for the target is searched for panics. docs/design.md §2 says where this crate stands in
//! the house.
//!
//! The feature `defmt` lets a board log every error and small type: `defmt::Format`, secrets as `***`. The feature
//! `testing` adds, with `std`, what the tests of several packages share: `iso7816::t1::pair` and `error_table!`.
//!
//! docs/card.md is the project's collection of facts about the card. It marks each fact as confirmed, deduced or
//! recalled; the last two marks are repeated here where they matter.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(any(test, feature = "testing"))]
extern crate std;

pub mod advice;
pub mod card;
pub mod centre;
mod crc;
pub mod ecr;
pub mod frame;
pub mod iso7816;
pub mod layout;
#[cfg(feature = "defmt")]
mod log;
pub mod rules;
