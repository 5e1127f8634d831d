//! The standard driver library of social security cards: `libsscarddriver.so`, which software of hospitals, pharmacies and
//! banks loads by the name SSCardDriver (docs/driver.md §D).
//!
//! | Module | What it is for |
//! |---|---|
//! | [`boundary`] | the exported functions, pointers and buffers: the only `unsafe` |
//! | `session` | what each function does, and what stays between two calls |
//! | `basic`, `hsm` | reading who the holder is, without and with a security module |
//! | `files`, `pin` | reading any records; checking and changing the PIN |
//! | `card`, `apdu`, `source` | a powered card; what any card can do; card files and PC/SC readers |
//! | [`interface`] | with or without contacts, as iType says |
//! | `answer`, [`failure`], [`code`] | texts for the caller's buffer, in GBK, and codes |
//! | [`settings`] | `SSCardDriver.ini` |
//! | `gate` | one thread at a time |
//!
//! Not here: keys (a PSAM or a centre's security module has them), SQL, and, without the feature `card-file`, virtual cards.

mod answer;
mod apdu;
mod basic;
pub mod boundary;
mod card;
pub mod code;
pub mod failure;
mod files;
mod gate;
mod hsm;
pub mod interface;
mod pin;
mod session;
pub mod settings;
mod source;
