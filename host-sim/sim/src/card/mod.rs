//! The virtual card: a social security card that behaves like one and lives in a file.
//!
//! [`os`] carries out commands under the card's access conditions; [`contact`] is its electrical side, from reset to
//! characters; [`file`](mod@file) keeps it in a readable TOML file; [`desk`] keeps file and card in step; [`personal`] writes
//! what its issuer wants on a new one; [`kind`] tells what kind of card an ATR looks like.
//!
//! What a card can hold stands in the tables of `qiyong_protocol::card::files`, not here. Who issued it is not known here.

pub mod contact;
pub mod desk;
pub mod file;
pub mod kind;
pub mod os;
pub mod personal;
