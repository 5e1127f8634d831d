//! What the maker writes on a card: the choices for one card, and what the security module makes of them.

use encoding_rs::GB18030;
use jiff::ToSpan;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{EF06, Generation, tag};
use qiyong_protocol::card::issue::{IssuedCard, NewCard, Value};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;

use crate::hsm::Hsm;
use crate::issue::IssueError;

/// The choices for one card. Prints nothing of its holder.
pub struct Personalisation {
    /// The card's number.
    pub number: CardNumber,
    /// The serial number in ATR and ident code.
    pub serial: u32,
    /// The coordinating area that issues it.
    pub area: Region,
    /// Its generation.
    pub generation: Generation,
    /// The protocol it speaks: 0 or 1.
    pub protocol: u8,
    /// The holder's social security number.
    pub id_number: IdNumber,
    /// The holder's name.
    pub name: Name,
    /// The holder's sex by GB/T 2261.1: `b'1'` male, `b'2'` female, `b'9'` not stated.
    pub sex: u8,
    /// The holder's ethnicity by GB/T 3304, in BCD.
    pub ethnicity: u8,
    /// The holder's date of birth.
    pub born: Date,
    /// The day of issue.
    pub issued: Date,
    /// The last day of validity.
    pub expires: Date,
    /// The digits of the initial PIN.
    pub pin: Zeroizing<String>,
    /// Wrong PINs in a row that it allows.
    pub pin_tries: u8,
}

/// Why a card cannot be personalised so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalisationError {
    /// The PIN is none.
    Pin,
    /// The name does not fit the card, or has characters that it cannot hold.
    Name,
    /// The ATR does not fit.
    Atr,
}

impl From<IssueError> for PersonalisationError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Name => Self::Name,
            IssueError::Atr => Self::Atr,
        }
    }
}

impl Personalisation {
    /// The choices in the form that makers take.
    ///
    /// # Errors
    /// The PIN is none.
    pub fn new_card(&self) -> Result<NewCard, PersonalisationError> {
        Ok(NewCard {
            generation: self.generation,
            number: self.number,
            id_number: self.id_number,
            holder: self.name.clone(),
            area: self.area,
            issued: self.issued,
            expires: self.expires,
            pin: Pin::new(self.pin.as_bytes()).ok_or(PersonalisationError::Pin)?,
            pin_tries: self.pin_tries,
            convention: Convention::Direct,
            protocol: self.protocol,
            serial: self.serial,
            genuine: true,
        })
    }

    /// What is to be written on the card. The same choices give the same card.
    ///
    /// # Errors
    /// The PIN is none, or the name does not fit.
    pub fn issue(&self, hsm: &Hsm) -> Result<(NewCard, IssuedCard), PersonalisationError> {
        let new = self.new_card()?;
        let mut issued = hsm.issue(&new)?;
        // The security module knows the number alone; the register knows the person, also one whose number says nothing.
        let known = [
            (tag::SEX, vec![self.sex]),
            (tag::ETHNICITY, vec![self.ethnicity]),
            (tag::BIRTH_DATE, self.born.to_bcd().to_vec()),
        ];
        for (tag, bytes) in known {
            let value = issued.values.iter_mut().find(|(fid, own, _)| (*fid, *own) == (EF06, tag));
            if let Some((.., value)) = value {
                *value = Value::from_iter(bytes);
            }
        }
        Ok((new, issued))
    }
}

/// Shows the card's number alone.
impl std::fmt::Debug for Personalisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "personalisation of card {}", self.number)
    }
}

/// A name in the bytes that cards hold, if it fits a card of this generation.
///
/// # Errors
/// It does not.
pub fn card_name(text: &str, generation: Generation) -> Result<Name, PersonalisationError> {
    let (bytes, _, unmappable) = GB18030.encode(text);
    let name = Name::new(&bytes).filter(|_| !unmappable && !text.chars().any(char::is_control));
    name.filter(|name| name.to_records(generation.has_name_extension()).is_some()).ok_or(PersonalisationError::Name)
}

/// The number of the card with this serial number in its area: the area's prefix, the serial number in base 36, and the
/// check character (docs/card.md §3.2). `None`: the area has no number left.
pub fn card_number(prefix: &str, serial: u32) -> Option<CardNumber> {
    let room = 8usize.checked_sub(prefix.len())?;
    let (mut body, mut rest) = (prefix.as_bytes().to_vec(), u64::from(serial));
    let mut digits = Vec::new();
    for _ in 0..room {
        digits.push(*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".get((rest % 36) as usize)?);
        rest /= 36;
    }
    body.extend(digits.iter().rev());
    let body: [u8; 8] = body.try_into().ok().filter(|_| rest == 0)?;
    let check = CardNumber::check_character(&body);
    CardNumber::new(&[&body[..], &[check]].concat()).ok()
}

/// The last day of a card that is issued today (docs/centre.md §6.9: from 2018-09-29 ten years to 2028-09-29).
pub fn expiry(issued: jiff::civil::Date, years: u8) -> jiff::civil::Date {
    issued.saturating_add(i32::from(years).years())
}

/// A day in the form of the card's records. `None`: the card cannot hold its year.
pub fn card_date(day: jiff::civil::Date) -> Option<Date> {
    Date::new(day.year().try_into().ok()?, day.month().try_into().ok()?, day.day().try_into().ok()?)
}
