//! The standard driver library of social security cards: `libsscarddriver.so` or `SSCardDriver.dll`, which
//! software of hospitals, pharmacies and banks loads by that name (docs/driver.md §D).
//!
//! | Module | What it is for |
//! |---|---|
//! | [`boundary`] | the exported functions, pointers and buffers: the only `unsafe`, but for a call of Windows in `place` |
//! | `session` | what each function does, and what stays between two calls |
//! | `basic`, `hsm` | reading who the holder is, without and with a security module |
//! | `files`, `pin` | reading any records; checking and changing the PIN |
//! | `pki` | signatures, envelopes, certificates |
//! | `card`, `apdu`, `source` | a powered card; what any card can do; card files and PC/SC readers |
//! | [`interface`] | with or without contacts, as iType says |
//! | `answer`, [`failure`], [`code`] | texts for the caller's buffer, in GBK, and codes |
//! | [`settings`], `place` | `SSCardDriver.ini`, and the folder that it is in |
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
mod pki;
#[cfg_attr(windows, path = "place_windows.rs")]
mod place;
mod session;
pub mod settings;
mod source;
