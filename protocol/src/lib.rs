//! The bytes and the rules of a social security card terminal.
//!
//! Shared by the terminal (`qiyong-firmware`) and the simulator (`qiyong-host-sim`). Everything here is `no_std`, without
//! a heap, without input or output and without a clock: state machines and codecs over borrowed bytes.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`iso7816`] | between card and terminal: characters, ATR, PPS, APDUs, T=0 and T=1 |
//! | [`card`] | the social security card: files, records, codes, PIN, keys |
//! | [`activation`] | who may activate which card where, and why not |
//! | [`host`] | the messages between terminal and card centre |
//!
//! "domain.md" in these pages is the project's collection of facts about the card. It marks facts as confirmed, deduced or
//! recalled; the latter two marks are repeated where they matter.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
extern crate std;

pub mod activation;
pub mod card;
pub mod host;
pub mod iso7816;
