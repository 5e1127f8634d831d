//! What the maker gets for one card: its records in the open, and keys and PIN sealed under a key that the maker drew for
//! this card alone (AES-256-GCM; ident code and card number are bound to it).

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{IdNumber, IdentCode};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::{IssuedCard, NewCard, Value};
use qiyong_protocol::card::keys::{CardKeys, Key, Scheme};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::atr::AtrBytes;
use qiyong_protocol::iso7816::character::Convention;

use super::personalisation::{Personalisation, card_date, card_name};
use crate::acts::fields::{Area, CardNo, Day, Private};
use crate::error::CentreError;
use crate::terminal::columns::{EXTERNAL_AUTH_RULES, INTERNAL_AUTH_ORDERS, SERIAL_FACTORS, choice, choice_word};

const NONCE: usize = 12;

/// The data of one card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardData {
    /// The card's number
    pub number: CardNo,
    /// The serial number in ATR and ident code
    pub serial: u32,
    /// The area that issues it
    pub area: Area,
    /// The generation: v1, v2 or v3
    pub generation: String,
    /// The protocol: 0 or 1
    pub protocol: u8,
    /// The holder's social security number
    pub id_number: Private,
    /// The holder's name
    pub name: Private,
    /// The day of issue
    pub issued: Day,
    /// The last day of validity
    pub expires: Day,
    /// Wrong PINs in a row that it allows
    pub pin_tries: u8,
    /// The bank card's number, for the bank's application and the print
    pub bank_card: Option<Private>,
    /// The ident code, in hexadecimal digits
    pub ident: String,
    /// The answer to reset, TS first, in hexadecimal digits
    pub atr: String,
    /// The values of the records
    pub values: Vec<RecordValue>,
    /// How the card uses its keys: the words for first factor, region suffix, external and internal authentication
    pub scheme: [String; 4],
    /// Nonce, PIN and keys, sealed; in hexadecimal digits
    pub sealed: String,
}

/// The value of a record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordValue {
    /// The file's identifier
    pub file: u16,
    /// The record's tag
    pub tag: u8,
    /// The value, in hexadecimal digits
    pub value: Private,
}

/// The key under which one card's keys travel. Prints as `***`.
pub struct TransportKey(Zeroizing<[u8; 32]>);

impl TransportKey {
    /// A new one.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn draw() -> Result<Self, CentreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| CentreError::NoRandom)?;
        Ok(Self(bytes))
    }

    /// From 64 hexadecimal digits.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// As an act takes it.
    pub fn to_text(&self) -> Private {
        Private(hex::encode(*self.0))
    }
}

impl std::fmt::Debug for TransportKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl CardData {
    /// Packs what the security module made of `personalisation`.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn pack(
        (personalisation, name, bank_card): (&Personalisation, &str, Option<&str>),
        issued: &IssuedCard,
        key: &TransportKey,
    ) -> Result<Self, CentreError> {
        let mut secret = Zeroizing::new(Vec::with_capacity(256));
        secret.push(u8::try_from(personalisation.pin.len()).unwrap_or_default());
        secret.extend(personalisation.pin.as_bytes());
        let keys = &issued.keys;
        [&keys.irk, &keys.puk, &keys.stk].into_iter().for_each(|key| secret.extend(key.expose()));
        for (id, key) in &keys.external {
            secret.push(*id);
            secret.extend(key.expose());
        }
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| CentreError::NoRandom)?;
        let bound = [personalisation.number.as_bytes().as_slice(), issued.ident.as_bytes()].concat();
        let payload = Payload { msg: &secret, aad: &bound };
        let cipher = Aes256Gcm::new((&*key.0).into());
        // It fails only for gigabytes.
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| CentreError::NoRandom)?;
        let day = |date: qiyong_protocol::card::date::Date| {
            let (year, month, day) = (i16::try_from(date.year()), i8::try_from(date.month()), i8::try_from(date.day()));
            let date = jiff::civil::Date::new(year.unwrap_or(1), month.unwrap_or(1), day.unwrap_or(1));
            Day(date.unwrap_or_default())
        };
        let scheme = issued.scheme;
        Ok(Self {
            number: CardNo(personalisation.number),
            serial: personalisation.serial,
            area: Area(personalisation.area),
            generation: personalisation.generation.as_str().into(),
            protocol: personalisation.protocol,
            id_number: Private(String::from_utf8_lossy(personalisation.id_number.as_bytes()).into_owned()),
            name: Private(name.to_owned()),
            issued: day(personalisation.issued),
            expires: day(personalisation.expires),
            pin_tries: personalisation.pin_tries,
            bank_card: bank_card.map(|card| Private(card.to_owned())),
            ident: hex::encode_upper(issued.ident.as_bytes()),
            atr: hex::encode_upper(&issued.atr),
            values: issued
                .values
                .iter()
                // A record without a value stays as it is on a blank card.
                .filter(|(.., value)| !value.is_empty())
                .map(|(file, tag, value)| RecordValue {
                    file: *file,
                    tag: *tag,
                    value: Private(hex::encode_upper(value)),
                })
                .collect(),
            scheme: [
                choice_word(&SERIAL_FACTORS, scheme.serial_factor).into(),
                hex::encode_upper(scheme.region_suffix),
                choice_word(&EXTERNAL_AUTH_RULES, scheme.external_auth).into(),
                choice_word(&INTERNAL_AUTH_ORDERS, scheme.internal_auth).into(),
            ],
            sealed: hex::encode_upper([&nonce[..], &sealed].concat()),
        })
    }

    /// What a maker writes. `None`: this was not packed under this key, or was changed.
    pub fn unpack(&self, key: &TransportKey) -> Option<(NewCard, IssuedCard)> {
        let generation = Generation::from_word(&self.generation)?;
        let algorithm = generation.algorithm();
        let ident = IdentCode::new(hex::decode(&self.ident).ok()?.try_into().ok()?).ok()?;
        let bytes = hex::decode(&self.sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let bound = [self.number.0.as_bytes().as_slice(), ident.as_bytes()].concat();
        let cipher = Aes256Gcm::new((&*key.0).into());
        let secret = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: &bound }).ok();
        let secret = Zeroizing::new(secret?);
        let (length, rest) = secret.split_first()?;
        let (pin, rest) = rest.split_at_checked(usize::from(*length))?;
        let (own, external) = rest.split_at_checked(48)?;
        let (own, _) = own.as_chunks::<16>();
        let [irk, puk, stk] = own else { return None };
        let (external, _) = external.as_chunks::<17>();
        let of = |bytes: &[u8; 16]| Key::new(algorithm, *bytes);
        let mut keys = CardKeys { irk: of(irk), puk: of(puk), stk: of(stk), external: Default::default() };
        for [id, key @ ..] in external {
            keys.external.push((*id, of(key))).ok()?;
        }
        let [factor, suffix, outer, inner] = &self.scheme;
        let scheme = Scheme {
            serial_factor: choice(&SERIAL_FACTORS, factor)?,
            region_suffix: hex::decode(suffix).ok()?.try_into().ok()?,
            external_auth: choice(&EXTERNAL_AUTH_RULES, outer)?,
            internal_auth: choice(&INTERNAL_AUTH_ORDERS, inner)?,
        };
        let atr = AtrBytes::from_slice(&hex::decode(&self.atr).ok()?).ok()?;
        let mut issued = IssuedCard { atr, ident, keys, scheme, values: Default::default() };
        for RecordValue { file, tag, value } in &self.values {
            let value = Value::from_slice(&hex::decode(value.expose()).ok()?).ok()?;
            issued.values.push((*file, *tag, value)).ok()?;
        }
        let new = NewCard {
            generation,
            number: self.number.0,
            id_number: IdNumber::new(self.id_number.expose().as_bytes()).ok()?,
            holder: card_name(self.name.expose(), generation).ok()?,
            area: self.area.0,
            issued: card_date(self.issued.0)?,
            expires: card_date(self.expires.0)?,
            pin: Pin::new(pin)?,
            pin_tries: self.pin_tries,
            convention: Convention::Direct,
            protocol: self.protocol,
            serial: self.serial,
            genuine: true,
        };
        Some((new, issued))
    }
}
