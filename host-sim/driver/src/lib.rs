//! The standard driver library of social security cards: `libsscarddriver.so` or `SSCardDriver.dll`, which
//! software of hospitals, pharmacies and banks loads by that name (docs/driver.md §D).
//!
//! | Module | What it is for |
//! |---|---|
//! | [`boundary`] | the exported functions, pointers and buffers: the only `unsafe`, but for a call of Windows in `place` |
//! | `session`, `request` | what each function does, and what stays between two calls; what can be asked |
//! | `basic`, `hsm` | reading who the holder is, without and with a security module |
//! | `files`, `write`, `rights` | reading and writing any records, and by what right |
//! | `pin`, `reset` | checking and changing the PIN; setting it anew and unblocking it |
//! | `debit` | payments that the card notes |
//! | `pki` | signatures, envelopes, certificates |
//! | `card`, `which` | a powered card; which one a caller means |
//! | `psam` | the terminal's security module |
//! | `single`, `remote` | single fields for callers that want them so; the centre, asked by the library itself |
//! | `apdu`, `source` | what any card can do; card files and PC/SC readers |
//! | `fields` | what callers pass as text |
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
mod debit;
pub mod failure;
mod fields;
mod files;
mod gate;
mod hsm;
mod pin;
mod pki;
#[cfg_attr(windows, path = "place_windows.rs")]
mod place;
mod psam;
mod remote;
mod request;
mod reset;
mod rights;
mod session;
pub mod settings;
mod single;
mod source;
mod which;
mod write;
