//! Personalising a virtual card: from a person's data to ATR, files and keys.
//!
//! What the centre is to know of the card comes from here too, so that both tell the same story.

use thiserror::Error;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{Df, EF05, EF06, Generation, tag};
use qiyong_protocol::card::keys::Key;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::iso7816::atr::{Atr, AtrBuilder, AtrDoesNotFit, SpecificBytes};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::money::Fen;

use super::os::{Bytes, PinState, VirtualCard, blank_byte};
use crate::centre::hsm::Hsm;
use crate::gbk;

/// Everything about a card that is chosen when it is made.
#[derive(Clone, Debug)]
pub struct NewCard {
    /// Its generation.
    pub generation: Generation,
    /// Its number.
    pub number: CardNumber,
    /// The holder's ID number.
    pub id_number: IdNumber,
    /// The holder's name.
    pub holder: String,
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
    /// How its states stand for bits.
    pub convention: Convention,
    /// The protocol it speaks: 0 or 1.
    pub protocol: u8,
    /// Its serial number, part of ATR and ident code.
    pub serial: u32,
    /// Whether its keys are the centre's; a forged card has others.
    pub genuine: bool,
}

/// Why a card cannot be made.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The name has characters outside GBK, or is too long.
    #[error(
        "the name {0:?} cannot be stored: it must have 1 to 30 bytes in GBK, or up to 50 on cards with a name extension (v2, v3)"
    )]
    Name(String),
    /// The ATR came out too long.
    #[error("the ATR does not fit into 33 characters")]
    Atr,
}

impl From<AtrDoesNotFit> for IssueError {
    fn from(_: AtrDoesNotFit) -> Self {
        Self::Atr
    }
}

impl NewCard {
    /// Makes the card; its keys come from the centre's security module.
    pub fn issue(&self, hsm: &Hsm) -> Result<VirtualCard, IssueError> {
        let atr = self.atr()?;
        let algorithm = self.generation.algorithm();
        let historical = Atr::new(&atr).historical().to_vec();
        let ident = self.ident(hsm)?;
        let mut keys = hsm.card_keys(algorithm, &historical, self.area);
        if !self.genuine {
            let forge = |key: &mut Key| *key = key.diversify(*b"forgery!");
            forge(&mut keys.irk);
            keys.external.iter_mut().for_each(|(_, key)| forge(key));
        }
        let pin = PinState { value: self.pin.clone(), tries: self.pin_tries, left: self.pin_tries };
        let mut card = VirtualCard::blank(self.generation, atr, keys, pin, hsm.scheme(), u64::from(self.serial));

        let type_digit = [match self.generation {
            Generation::V1 => b'1',
            Generation::V2 => b'2',
            Generation::V3 => b'3',
        }];
        let institution = pack(format!("915600000232{}{}", self.area, self.area).as_bytes());
        let (name, extension) = self.name_records()?;
        let id_number = self.id_number.as_bytes();
        let birth_date = self.id_number.birth_date().map(Date::to_bcd).unwrap_or_default();
        let records: [(u16, u8, &[u8]); 14] = [
            (EF05, tag::IDENT_CODE, ident.as_bytes()),
            (EF05, tag::CARD_TYPE, &type_digit),
            (EF05, tag::VERSION, self.generation.version()),
            (EF05, tag::INSTITUTION, &institution),
            (EF05, tag::ISSUED, &self.issued.to_bcd()),
            (EF05, tag::EXPIRES, &self.expires.to_bcd()),
            (EF05, tag::CARD_NUMBER, self.number.as_bytes()),
            (EF06, tag::ID_NUMBER, id_number),
            (EF06, tag::NAME, &name),
            (EF06, tag::NAME_EXTENSION, &extension),
            (EF06, tag::SEX, &[self.id_number.sex()]),
            // 01: Han (GB 3304).
            (EF06, tag::ETHNICITY, &[0x01]),
            (EF06, tag::BIRTHPLACE, &pack(&id_number[..6])),
            (EF06, tag::BIRTH_DATE, &birth_date),
        ];
        for (fid, tag, value) in records {
            put(&mut card, fid, tag, value);
        }
        Ok(card)
    }

    /// What the centre knows of the card right after production: not activated, nothing in its account, insured.
    pub fn record(&self, hsm: &Hsm) -> Result<CardRecord, IssueError> {
        let gbk = gbk::encode(&self.holder).ok_or_else(|| IssueError::Name(self.holder.clone()))?;
        Ok(CardRecord {
            number: self.number,
            ident: self.ident(hsm)?,
            id_number: self.id_number,
            name: Name::new(&gbk).ok_or_else(|| IssueError::Name(self.holder.clone()))?,
            document: None,
            area: self.area,
            expires: self.expires,
            status: CardStatus::Inactive,
            social: false,
            financial: false,
            pin_is_initial: true,
            account: Fen(0),
            insured: true,
        })
    }

    fn ident(&self, hsm: &Hsm) -> Result<IdentCode, IssueError> {
        let atr = self.atr()?;
        let historical = Atr::new(&atr).historical();
        Ok(hsm.issue_ident(self.generation.algorithm(), historical, self.area, self.serial.to_be_bytes()))
    }

    /// `3B 6D 00 00` and 13 historical bytes; version 3.00 also offers a faster rate in TA1 (docs/card.md §3.4).
    fn atr(&self) -> Result<Vec<u8>, IssueError> {
        let [chip_maker, fast] = match self.generation {
            Generation::V1 => [0x81, 0],
            Generation::V2 => [0x85, 0],
            // Fi 512, Di 32: 16 cycles an etu.
            Generation::V3 => [0x90, 0x96],
        };
        let [_, year, month, day] = self.issued.to_bcd();
        let [_, a, b, c] = self.serial.to_be_bytes();
        let historical = [0x00, chip_maker, 0x54, 0x31, 0x00, 0x86, 0x60, year, month, day, a, b, c];
        let mut builder = AtrBuilder::new(self.convention);
        if fast != 0 {
            builder = builder.ta1(fast);
        }
        builder = builder.tb1(0).tc1(0);
        if self.protocol == 1 {
            // IFSC 254, BWI 4, CWI 5: what cards of this kind usually say; not in docs/card.md.
            builder = builder.t1(SpecificBytes { ta: Some(0xFE), tb: Some(0x45), tc: None });
        }
        Ok(builder.historical(&historical).build()?.to_vec())
    }

    /// The name in its record and, from version 2.00 on, the extension; a character is never torn apart.
    fn name_records(&self) -> Result<(Vec<u8>, Vec<u8>), IssueError> {
        let wrong = || IssueError::Name(self.holder.clone());
        let extension_len = if self.generation == Generation::V1 { 0 } else { 20 };
        let (mut name, mut extension) = (Vec::new(), Vec::new());
        for character in self.holder.chars() {
            if character.is_control() {
                return Err(wrong());
            }
            let bytes = gbk::encode(&character.to_string()).ok_or_else(wrong)?;
            if extension.is_empty() && name.len() + bytes.len() <= 30 {
                name.extend(bytes);
            } else if extension.len() + bytes.len() <= extension_len {
                extension.extend(bytes);
            } else {
                return Err(wrong());
            }
        }
        if name.is_empty() { Err(wrong()) } else { Ok((name, extension)) }
    }
}

/// Writes a value, filled up, where the generation has such a record.
fn put(card: &mut VirtualCard, fid: u16, tag: u8, value: &[u8]) {
    let generation = card.generation;
    let Some((number, record)) = generation.ssse_record(fid, tag) else {
        return;
    };
    let Some(Bytes::Records(values)) = generation.file(Df::Ssse, fid).and_then(|file| card.file_mut(file)) else {
        return;
    };
    let mut bytes = vec![blank_byte(record.format); usize::from(record.len)];
    bytes.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
    if let Some(place) = values.get_mut(usize::from(number) - 1) {
        *place = bytes;
    }
}

/// Two ASCII digits a byte.
fn pack(digits: &[u8]) -> Vec<u8> {
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit & 0x0F))).collect()
}
