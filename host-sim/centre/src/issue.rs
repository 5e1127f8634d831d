//! Issuing: from the choices for a card to what its maker writes on it, and to what the centre knows of it.
//!
//! Keys and ident code come from the security module. Writing the card is done by its maker, not here.

use thiserror::Error;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::files::{EF05, EF06, Generation, tag};
use qiyong_protocol::card::issue::{IssuedCard, NewCard, Value};
use qiyong_protocol::card::keys::Key;
use qiyong_protocol::iso7816::atr::{Atr, AtrBuilder, AtrBytes, AtrDoesNotFit, SpecificBytes};

use crate::hsm::Hsm;

/// Why a card cannot be made.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The name does not fit the records of the card's generation.
    #[error(
        "the name cannot be stored: it must have 1 to 30 bytes in GBK, or up to 50 on cards with a name extension (v2, v3)"
    )]
    Name,
    /// The ATR came out too long.
    #[error("the ATR does not fit into 33 characters: report it to whoever maintains the program")]
    Atr,
}

impl From<AtrDoesNotFit> for IssueError {
    fn from(_: AtrDoesNotFit) -> Self {
        Self::Atr
    }
}

impl Hsm {
    /// The ident code of the card `new`, for whoever does not need the rest of [`Hsm::issue`].
    ///
    /// # Errors
    /// The ATR comes out too long.
    pub fn ident_of(&self, new: &NewCard) -> Result<IdentCode, IssueError> {
        let atr = atr(new)?;
        let historical = Atr::new(&atr);
        let algorithm = new.generation.algorithm();
        Ok(self.issue_ident(algorithm, historical.historical(), new.area, new.serial.to_be_bytes()))
    }

    /// What is to be written on the card `new`.
    ///
    /// # Errors
    /// The holder's name does not fit on a card of this generation.
    pub fn issue(&self, new: &NewCard) -> Result<IssuedCard, IssueError> {
        let atr = atr(new)?;
        let algorithm = new.generation.algorithm();
        let parsed = Atr::new(&atr);
        let historical = parsed.historical();
        let ident = self.issue_ident(algorithm, historical, new.area, new.serial.to_be_bytes());
        let mut keys = self.card_keys(algorithm, historical, new.area);
        if !new.genuine {
            let forge = |key: &mut Key| *key = key.diversify(*b"forgery!");
            forge(&mut keys.irk);
            keys.external.iter_mut().for_each(|(_, key)| forge(key));
        }

        let type_digit = [match new.generation {
            Generation::V1 => b'1',
            Generation::V2 => b'2',
            Generation::V3 => b'3',
        }];
        let institution = pack(format!("915600000232{}{}", new.area, new.area).as_bytes());
        let (name, extension) = new.holder.to_records(new.generation.has_name_extension()).ok_or(IssueError::Name)?;
        let id_number = new.id_number.as_bytes();
        // What only a citizen's number says stays unset on the cards of other holders.
        let birth_date = new.id_number.birth_date().map(|date| date.to_bcd().to_vec()).unwrap_or_default();
        let birthplace = new.id_number.digits().map(|digits| pack(&digits[..6])).unwrap_or_default();
        let values: [(u16, u8, &[u8]); 14] = [
            (EF05, tag::IDENT_CODE, ident.as_bytes()),
            (EF05, tag::CARD_TYPE, &type_digit),
            (EF05, tag::VERSION, new.generation.version()),
            (EF05, tag::INSTITUTION, &institution),
            (EF05, tag::ISSUED, &new.issued.to_bcd()),
            (EF05, tag::EXPIRES, &new.expires.to_bcd()),
            (EF05, tag::CARD_NUMBER, new.number.as_bytes()),
            (EF06, tag::ID_NUMBER, id_number),
            (EF06, tag::NAME, name),
            (EF06, tag::NAME_EXTENSION, extension),
            (EF06, tag::SEX, &[new.id_number.sex()]),
            // 01: Han (GB 3304).
            (EF06, tag::ETHNICITY, &[0x01]),
            (EF06, tag::BIRTHPLACE, &birthplace),
            (EF06, tag::BIRTH_DATE, &birth_date),
        ];
        let values = values.into_iter().map(|(fid, tag, value)| (fid, tag, Value::from_iter(value.iter().copied())));
        Ok(IssuedCard { ident, keys, scheme: self.scheme(), values: values.collect(), atr })
    }
}

/// `3B 6D 00 00` and 13 historical bytes; version 3.00 also offers a faster rate in TA1 (docs/card.md §3.4).
fn atr(new: &NewCard) -> Result<AtrBytes, AtrDoesNotFit> {
    let [chip_maker, fast] = match new.generation {
        Generation::V1 => [0x81, 0],
        Generation::V2 => [0x85, 0],
        // Fi 512, Di 32: 16 cycles per etu.
        Generation::V3 => [0x90, 0x96],
    };
    let [_, year, month, day] = new.issued.to_bcd();
    let [_, a, b, c] = new.serial.to_be_bytes();
    let historical = [0x00, chip_maker, 0x54, 0x31, 0x00, 0x86, 0x60, year, month, day, a, b, c];
    let mut builder = AtrBuilder::new(new.convention);
    if fast != 0 {
        builder = builder.ta1(fast);
    }
    builder = builder.tb1(0).tc1(0);
    if new.protocol == 1 {
        // IFSC 254, BWI 4, CWI 5: the usual values of such cards; docs/card.md does not give them.
        builder = builder.t1(SpecificBytes { ta: Some(0xFE), tb: Some(0x45), tc: None });
    }
    builder.historical(&historical).build()
}

/// Two ASCII digits in each byte.
fn pack(digits: &[u8]) -> Vec<u8> {
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit & 0x0F))).collect()
}
