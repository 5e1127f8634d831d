//! The virtual card: a program that behaves like a social security card and is kept in a file.
//!
//! [`os`] carries out commands under the card's access conditions; [`contact`] is its electrical side, from reset to
//! characters, [`antenna`] what it has for readers without contacts; [`file`](mod@file) keeps it in a readable TOML file;
//! [`desk`] keeps file and card in step; [`personal`] writes on a new card what its issuer orders; [`pki`] is its application for
//! signatures; [`pin`] a PIN and its tries; [`kind`] tells which kind
//! of card an ATR seems to belong to. [`record`] makes a card that answers as a real one did, and [`recorded`] is what such a card keeps of it.
//!
//! What a card can hold is in the tables of `qiyong_protocol::card::files`, not here. Nothing here knows who issued a
//! card.

pub mod antenna;
pub mod contact;
pub mod desk;
pub mod file;
pub mod kind;
pub mod os;
pub mod personal;
pub mod pin;
pub mod pki;
pub mod record;
pub mod recorded;
