//! The social security card: what is stored on it, how it is asked, and the secrets that protect it (docs/card.md §1,
//! §3).
//!
//! [`files`] is the card's file map as data; [`commands`] builds the APDUs; [`records`] reads the answers; [`codes`]
//! are the values in them, with [`date`] and [`status`] (`gb18030` knows which characters of names are one); [`keys`] and [`pin`] are the secrets; [`redact`] says what
//! must never be shown; [`issue`] is what passes between a centre and the maker of its cards; [`psam`], [`sealed`] and [`debit`] are
//! what a terminal's security module does for it, PINs enciphered for a card, and a debit noted on it.

pub mod codes;
pub mod commands;
pub mod date;
pub mod debit;
pub mod files;
mod gb18030;
pub mod issue;
pub mod keys;
pub mod pin;
pub mod psam;
pub mod records;
pub mod redact;
pub mod sealed;
pub mod status;
