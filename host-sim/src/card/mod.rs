//! The virtual card: a social security card that behaves like one and lives in a file.
//!
//! [`os`] carries out commands under the card's access conditions; [`contact`] is its electrical side, from reset to
//! characters; [`file`](mod@file) keeps it in a readable TOML file; [`issue`] personalises a new one; [`kind`] tells
//! what kind of card an ATR looks like. What a card holds is not
//! written here but in the tables of `qiyong_protocol::card::files`.

pub mod contact;
pub mod file;
pub mod issue;
pub mod kind;
pub mod os;
