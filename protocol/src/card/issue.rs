//! What passes between a centre and the maker of its cards: the choices for a card, and what is to be written on the
//! card.
//!
//! Shapes only. The centre's security module makes the second from the first; a card maker, such as the simulator,
//! writes it.

use heapless::Vec;

use super::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use super::date::Date;
use super::files::Generation;
use super::keys::{CardKeys, Scheme};
use super::pin::Pin;
use super::status::CardStatus;
use crate::iso7816::atr::AtrBytes;
use crate::iso7816::character::Convention;
use crate::rules::decision::CardRecord;
use crate::rules::money::Fen;

/// Everything about a card that is chosen before it is made.
#[derive(Clone, Debug)]
pub struct NewCard {
    /// Its generation.
    pub generation: Generation,
    /// Its number.
    pub number: CardNumber,
    /// The holder's ID number.
    pub id_number: IdNumber,
    /// The holder's name.
    pub holder: Name,
    /// The coordinating area that issues it.
    pub area: Region,
    /// The day it was issued.
    pub issued: Date,
    /// The last day of its validity.
    pub expires: Date,
    /// Its PIN.
    pub pin: Pin,
    /// Wrong tries allowed in a row, 1 to 15.
    pub pin_tries: u8,
    /// How states of I/O stand for bits.
    pub convention: Convention,
    /// The protocol it speaks: 0 or 1.
    pub protocol: u8,
    /// Its serial number, part of ATR and ident code.
    pub serial: u32,
    /// Whether its keys are the centre's; a forged card has other keys.
    pub genuine: bool,
}

/// The bytes of a record's value, as the centre gives them; a card fills up a short value.
pub type Value = Vec<u8, VALUE_MAX>;

/// The most bytes of a value that the centre gives: those of a name.
pub const VALUE_MAX: usize = 30;

/// What the centre tells a card maker to write on a card.
#[derive(Clone, Debug)]
pub struct IssuedCard {
    /// Its ATR, TS first.
    pub atr: AtrBytes,
    /// Its ident code, by which the centre knows it after production.
    pub ident: IdentCode,
    /// Its keys.
    pub keys: CardKeys,
    /// How the centre uses them.
    pub scheme: Scheme,
    /// Values of records in the environment SSSE, by file and tag (docs/card.md §1.3).
    pub values: Vec<(u16, u8, Value), 16>,
}

impl NewCard {
    /// What the centre knows of the card with this ident code right after production: not activated, nothing in its
    /// account, insured.
    pub fn record(&self, ident: IdentCode) -> CardRecord {
        CardRecord {
            number: self.number,
            ident,
            id_number: self.id_number,
            name: self.holder.clone(),
            document: None,
            area: self.area,
            expires: self.expires,
            status: CardStatus::Inactive,
            social: false,
            financial: false,
            pin_is_initial: true,
            account: Fen(0),
            insured: true,
        }
    }
}
