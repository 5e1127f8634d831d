//! The numbers of documents: form and check character of each kind, and what a number says of its bearer
//! (docs/centre.md §6.5.5).
//!
//! Where no source gives a rule (an officer's card, certificates), only characters and length are checked.

use std::collections::HashSet;

use jiff::civil::Date;
use qiyong_protocol::card::codes::{CardNumber, CodeError, IdNumber};
use strum::{EnumCount, IntoStaticStr};

use super::Kind;

/// 性别 (GB/T 2261.1), as far as a number tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 1.
    Male,
    /// 2.
    Female,
}

/// A number that is one of its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Checked {
    /// What identifies the bearer, whatever paper of the family is shown: an ID card and a household register have one
    /// number; of a permit for Hong Kong, Macao or Taiwan the end counts renewals and is left out. It identifies a
    /// person: not for logs.
    pub identity: String,
    /// The bearer's day of birth, where the number has it.
    pub born: Option<Date>,
    /// The bearer's sex, where the number has it.
    pub sex: Option<Sex>,
}

/// Why a text is not the number of its kind. Positions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumCount)]
pub enum NumberFault {
    /// It has not the form that the kind's numbers have.
    Form(Kind),
    /// A character that the kind's numbers do not have at this place.
    Character(Kind, usize),
    /// The check character is wrong.
    Check,
    /// It contains a day of birth that does not exist, or that is yet to come.
    BirthDate,
    /// It begins with six digits that never were a region.
    Region,
    /// It is a number of another kind of document.
    OtherKind(Kind),
    /// A letter C, a letter and seven digits: a mainlander's permit to go to Hong Kong and Macao (往来港澳通行证), which
    /// identifies nobody here.
    MainlandersPermit,
}

/// A number as it is kept and compared: without blanks at its ends, letters in upper case.
pub fn normal(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

/// Checks a number that [`normal`] has made.
pub fn check(
    kind: Kind,
    number: &str,
    today: Date,
    knows_region: &dyn Fn(&str) -> bool,
) -> Result<Checked, NumberFault> {
    let only = |identity: &str| Ok(Checked { identity: identity.to_string(), born: None, sex: None });
    match kind {
        Kind::IdCard | Kind::HouseholdRegister => citizens(kind, number, today, knows_region),
        Kind::ResidencePermit => match eighteen(kind, number, today)? {
            checked if is_residence_permit(number) => Ok(checked),
            _ => Err(NumberFault::OtherKind(family(number))),
        },
        Kind::ForeignerResidence => match number.len() {
            15 if form(number, "AAA############") => only(number),
            18 => match eighteen(kind, number, today)? {
                checked if number.starts_with('9') => Ok(checked),
                _ => Err(NumberFault::OtherKind(family(number))),
            },
            _ => Err(NumberFault::Form(kind)),
        },
        Kind::HkMacauPermit if form(number, "CA#######") => Err(NumberFault::MainlandersPermit),
        Kind::HkMacauPermit => {
            let identity = number.get(..9).filter(|_| matches!(number.len(), 9 | 11)).ok_or(NumberFault::Form(kind))?;
            match number.bytes().enumerate().find(|(at, byte)| !permit_allows(*at, *byte)) {
                Some((at, _)) => Err(NumberFault::Character(kind, at + 1)),
                None => only(identity),
            }
        }
        // The ten digits of older papers: eight for life, two that count the issues.
        Kind::TaiwanPermit if form(number, "########") || form(number, "##########") => {
            only(number.get(..8).unwrap_or(number))
        }
        Kind::Passport if PASSPORTS.iter().any(|pattern| form(number, pattern)) => only(number),
        Kind::ForeignPassport if (5..=18).contains(&number.len()) => ascii(number, kind).and_then(|()| only(number)),
        Kind::SocialSecurityCard => match CardNumber::new(number.as_bytes()) {
            Ok(_) => only(number),
            Err(CodeError::Character { at }) => Err(NumberFault::Character(kind, at + 1)),
            Err(_) => Err(NumberFault::Form(kind)),
        },
        Kind::TaiwanPermit | Kind::Passport | Kind::ForeignPassport => Err(NumberFault::Form(kind)),
        _ => free(kind, number).and_then(|()| only(number)),
    }
}

/// The forms of Chinese passports: # a digit, A a letter, anything else itself.
const PASSPORTS: [&str; 10] = [
    "E########",
    "EA#######",
    "G########",
    "14#######",
    "15#######",
    "P#######",
    "S#######",
    "S########",
    "D#######",
    "D########",
];

fn form(number: &str, pattern: &str) -> bool {
    number.len() == pattern.len()
        && number.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'#' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            exactly => byte == exactly,
        })
}

const fn permit_allows(at: usize, byte: u8) -> bool {
    if at == 0 { matches!(byte, b'H' | b'M') } else { byte.is_ascii_digit() }
}

fn ascii(number: &str, kind: Kind) -> Result<(), NumberFault> {
    match number.chars().position(|c| !c.is_ascii_alphanumeric()) {
        Some(at) => Err(NumberFault::Character(kind, at + 1)),
        None => Ok(()),
    }
}

/// Two to twenty letters and digits, Chinese ones too (an officer's card: 军 and seven digits), and hyphens.
fn free(kind: Kind, number: &str) -> Result<(), NumberFault> {
    if !(2..=20).contains(&number.chars().count()) {
        return Err(NumberFault::Form(kind));
    }
    match number.chars().position(|c| !(c.is_alphanumeric() || c == '-')) {
        Some(at) => Err(NumberFault::Character(kind, at + 1)),
        None => Ok(()),
    }
}

/// The provinces of GB/T 2260, as ID numbers begin (docs/centre.md §6.6.3).
const PROVINCES: [&str; 31] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
];

/// Whether six digits are or were a region, as far as an area can know: of its own city it has every code, those that were
/// withdrawn too (`known`); of all others it knows the province.
pub fn is_region(region: &str, area: &str, known: &HashSet<String>) -> bool {
    match (region.get(..4), area.get(..4)) {
        (Some(city), Some(own)) if city == own => region == area || known.contains(region),
        _ => PROVINCES.iter().any(|province| region.starts_with(province)),
    }
}

fn is_residence_permit(number: &str) -> bool {
    ["810000", "820000", "830000"].iter().any(|region| number.starts_with(region))
}

/// The kind that eighteen digits belong to by their beginning.
fn family(number: &str) -> Kind {
    match number {
        _ if is_residence_permit(number) => Kind::ResidencePermit,
        _ if number.starts_with('9') => Kind::ForeignerResidence,
        _ => Kind::IdCard,
    }
}

fn citizens(
    kind: Kind,
    number: &str,
    today: Date,
    knows_region: &dyn Fn(&str) -> bool,
) -> Result<Checked, NumberFault> {
    let checked = eighteen(kind, number, today)?;
    match family(number) {
        Kind::IdCard if number.get(..6).is_some_and(knows_region) => Ok(checked),
        Kind::IdCard => Err(NumberFault::Region),
        other => Err(NumberFault::OtherKind(other)),
    }
}

/// Seventeen digits and the check character of ISO/IEC 7064 MOD 11-2; digits 7 to 14 are the day of birth.
fn eighteen(kind: Kind, number: &str, today: Date) -> Result<Checked, NumberFault> {
    let id = IdNumber::new_citizens(number.as_bytes()).map_err(|error| match error {
        CodeError::Character { at } => NumberFault::Character(kind, at + 1),
        CodeError::Check { .. } => NumberFault::Check,
        CodeError::BirthDate => NumberFault::BirthDate,
        _ => NumberFault::Form(kind),
    })?;
    let born = id.birth_date().and_then(civil).filter(|day| *day <= today).ok_or(NumberFault::BirthDate)?;
    let sex = if id.sex() == b'1' { Sex::Male } else { Sex::Female };
    Ok(Checked { identity: number.to_string(), born: Some(born), sex: Some(sex) })
}

fn civil(date: qiyong_protocol::card::date::Date) -> Option<Date> {
    Date::new(i16::try_from(date.year()).ok()?, i8::try_from(date.month()).ok()?, i8::try_from(date.day()).ok()?).ok()
}

/// The social security number (社会保障号码) of the holder of this document: of eighteen digits the number itself; of
/// any other document three letters of the country (GB/T 2659.1), a 0, and the document's number in fourteen places,
/// zeros first (docs/centre.md §6.5.5; the layout is recalled, not read).
///
/// `None`: the number has more than fourteen characters or others than letters and digits, or the country is not three
/// letters.
pub fn social_security_number(kind: Kind, number: &str, country: &str) -> Option<IdNumber> {
    if number.len() == 18 && !matches!(kind, Kind::ForeignPassport) {
        return IdNumber::new_citizens(number.as_bytes()).ok();
    }
    let fits = number.len() <= 14 && form(country, "AAA") && ascii(number, kind).is_ok();
    fits.then(|| IdNumber::new(format!("{country}0{number:0>14}").as_bytes()).ok()).flatten()
}

/// What the number of a kind looks like, in English and Chinese.
pub const fn form_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::IdCard | Kind::HouseholdRegister => ("17 digits and a check character", "17 位数字加校验位"),
        Kind::ResidencePermit => ("18 characters that begin with 81, 82 or 83", "81、82、83 开头的 18 位"),
        Kind::ForeignerResidence => {
            ("18 characters that begin with 9, or 3 letters and 12 digits", "9 开头的 18 位，或 3 位字母加 12 位数字")
        }
        Kind::HkMacauPermit => ("H or M and 8 or 10 digits", "H 或 M 加 8 或 10 位数字"),
        Kind::TaiwanPermit => ("8 digits, or 10 with the count of issues", "8 位数字，含签发次数为 10 位"),
        Kind::Passport => {
            ("a letter and 7 or 8 digits, or E, a letter and 7 digits", "字母加 7 或 8 位数字，或 E、字母加 7 位数字")
        }
        Kind::ForeignPassport => ("5 to 18 letters and digits", "5 至 18 位字母或数字"),
        Kind::SocialSecurityCard => ("9 letters and digits", "9 位字母或数字"),
        _ => ("2 to 20 letters, digits and hyphens", "2 至 20 位字母、数字或连字符"),
    }
}
