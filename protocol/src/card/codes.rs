//! The codes found on a card: ID number, card number, ident code, region, name (docs/card.md §3).
//!
//! Each type holds bytes whose shape has been checked. ID numbers and names print masked: they belong to a person.

use core::fmt;

use heapless::Vec;

use super::date::Date;
use super::gb18030::{character_len, characters};

/// Why characters or bytes are not the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CodeError {
    /// The number of characters is not that of the code.
    Length {
        /// How many the code has.
        expected: usize,
    },
    /// A character the code does not allow, at this index from 0.
    Character {
        /// Where it stands.
        at: usize,
    },
    /// The check character is wrong.
    Check {
        /// The right check character.
        expected: char,
    },
    /// The birth date in the number is no day of the calendar.
    BirthDate,
    /// An ident code lacks the registered application provider D156000005.
    Provider,
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected } => write!(f, "must have {expected} characters"),
            Self::Character { at } => write!(f, "has a character that is not allowed, at position {}", at + 1),
            Self::Check { expected } => write!(f, "has a wrong check character: it should be {expected}"),
            Self::BirthDate => f.write_str("contains a birth date that does not exist"),
            Self::Provider => f.write_str("lacks the provider identifier D156000005 in bytes 4 to 8"),
        }
    }
}

impl core::error::Error for CodeError {}

/// A region of GB/T 2260, six digits such as 320100 for Nanjing; also the code of a coordinating area (统筹区).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; 6]);

impl Region {
    /// From six ASCII digits.
    pub fn new(digits: &str) -> Result<Self, CodeError> {
        let bytes: [u8; 6] = digits.as_bytes().try_into().map_err(|_| CodeError::Length { expected: 6 })?;
        match bytes.iter().position(|b| !b.is_ascii_digit()) {
            Some(at) => Err(CodeError::Character { at }),
            None => Ok(Self(bytes)),
        }
    }

    /// From ASCII digits that the caller has checked.
    pub(crate) const fn of_digits(digits: [u8; 6]) -> Self {
        Self(digits)
    }

    /// From three BCD bytes.
    pub fn from_bcd(bytes: [u8; 3]) -> Option<Self> {
        let [a, b, c] = bytes;
        let digits = [a >> 4, a & 0x0F, b >> 4, b & 0x0F, c >> 4, c & 0x0F];
        digits.iter().all(|digit| *digit <= 9).then(|| Self(digits.map(|digit| b'0' + digit)))
    }

    /// As three BCD bytes.
    pub const fn to_bcd(self) -> [u8; 3] {
        let [a, b, c, d, e, f] = self.0;
        [a << 4 | b & 0x0F, c << 4 | d & 0x0F, e << 4 | f & 0x0F]
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 社会保障号码: 18 characters 0-9 A-Z. A citizen's is the ID number of GB 11643, 17 digits and a check character; holders
/// without one have a number with letters (docs/card.md §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdNumber([u8; 18]);

impl IdNumber {
    /// Checks the characters; lower-case letters are taken as upper case. Where the first 17 are digits, also the birth date
    /// and the check character.
    pub fn new(text: &[u8]) -> Result<Self, CodeError> {
        let mut bytes: [u8; 18] = text.try_into().map_err(|_| CodeError::Length { expected: 18 })?;
        bytes.make_ascii_uppercase();
        if let Some(at) = bytes.iter().position(|b| !(b.is_ascii_digit() || b.is_ascii_uppercase())) {
            return Err(CodeError::Character { at });
        }
        let number = Self(bytes);
        let Some(digits) = number.digits() else { return Ok(number) };
        let [.., given] = bytes;
        if !(given.is_ascii_digit() || given == b'X') {
            return Err(CodeError::Character { at: 17 });
        }
        number.birth_date().ok_or(CodeError::BirthDate)?;
        let expected = Self::check_character(digits);
        if given == expected { Ok(number) } else { Err(CodeError::Check { expected: char::from(expected) }) }
    }

    /// Like [`IdNumber::new`], and it must be a citizen's number, as an ID card has it.
    pub fn new_citizens(text: &[u8]) -> Result<Self, CodeError> {
        let number = Self::new(text)?;
        match number.0.iter().take(17).position(|b| !b.is_ascii_digit()) {
            Some(at) => Err(CodeError::Character { at }),
            None => Ok(number),
        }
    }

    /// The check character that belongs after 17 digits (GB 11643, ISO 7064 MOD 11-2).
    pub fn check_character(digits: &[u8]) -> u8 {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| u32::from(d.wrapping_sub(b'0')) * w).sum();
        b"10X98765432".get((sum % 11) as usize).copied().unwrap_or_default()
    }

    /// The 17 digits of a citizen's number; `None`: it is none.
    pub fn digits(&self) -> Option<&[u8; 17]> {
        self.0.first_chunk().filter(|digits: &&[u8; 17]| digits.iter().all(u8::is_ascii_digit))
    }

    /// The date of birth in a citizen's number; `None`: it is none.
    pub fn birth_date(&self) -> Option<Date> {
        let digits = self.digits()?;
        let digit = |i: usize| digits.get(i).map(|b| u16::from(b - b'0'));
        let two = |i| Some(digit(i)? * 10 + digit(i + 1)?);
        Date::new(two(6)? * 100 + two(8)?, two(10)? as u8, two(12)? as u8)
    }

    /// The sex by GB/T 2261.1: of a citizen's number '1' male if the 17th digit is odd, else '2' female; '9' not stated of
    /// any other.
    pub fn sex(&self) -> u8 {
        match self.digits() {
            Some([.., last]) if last & 1 == 1 => b'1',
            Some(_) => b'2',
            None => b'9',
        }
    }

    /// The 18 characters. They identify a person: not for logs.
    pub const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }
}

/// Masked: the first three and last two characters.
impl fmt::Display for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, .., y, z] = self.0.map(char::from);
        write!(f, "{a}{b}{c}*************{y}{z}")
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 社会保障卡号: eight characters 0-9 A-Z and a check character (docs/card.md §3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber([u8; 9]);

impl CardNumber {
    /// Checks the characters, but not the check character: some regions issue numbers without it (docs/card.md §3.2).
    pub fn new(text: &[u8]) -> Result<Self, CodeError> {
        let bytes: [u8; 9] = text.try_into().map_err(|_| CodeError::Length { expected: 9 })?;
        let allowed = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
        match bytes.iter().position(|b| !allowed(b)) {
            Some(at) => Err(CodeError::Character { at }),
            None => Ok(Self(bytes)),
        }
    }

    /// Like [`CardNumber::new`], and the check character must be right.
    pub fn new_checked(text: &[u8]) -> Result<Self, CodeError> {
        let number = Self::new(text)?;
        if number.has_valid_check() {
            return Ok(number);
        }
        let [body @ .., _] = &number.0;
        Err(CodeError::Check { expected: char::from(Self::check_character(body)) })
    }

    /// The check character that belongs after eight characters.
    pub fn check_character(body: &[u8; 8]) -> u8 {
        const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
        let value =
            |b: &u8| u32::from(if b.is_ascii_digit() { b - b'0' } else { b.wrapping_sub(b'A').wrapping_add(10) });
        let sum: u32 = body.iter().zip(WEIGHTS).map(|(b, w)| value(b) * w).sum();
        match 11 - sum % 11 {
            10 => b'X',
            11 => b'0',
            digit => b'0' + digit as u8,
        }
    }

    /// Whether the check character is the computed one.
    pub fn has_valid_check(&self) -> bool {
        let [body @ .., check] = &self.0;
        Self::check_character(body) == *check
    }

    /// The nine characters as bytes.
    pub const fn as_bytes(&self) -> &[u8; 9] {
        &self.0
    }

    /// The nine characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 卡的识别码: region, provider, serial and a check value made with the card's key IRK (docs/card.md §3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentCode([u8; 16]);

impl IdentCode {
    /// RID of the social security card, bytes 4 to 8 of every ident code.
    pub const PROVIDER: [u8; 5] = [0xD1, 0x56, 0x00, 0x00, 0x05];

    /// Checks what a terminal can check: the region's digits and the provider (a reader's driver answers -20 if they
    /// are wrong).
    pub fn new(bytes: [u8; 16]) -> Result<Self, CodeError> {
        let ident = Self(bytes);
        let [_, _, _, provider @ .., _, _, _, _, _, _, _, _] = bytes;
        if provider != Self::PROVIDER {
            return Err(CodeError::Provider);
        }
        let [a, b, c, ..] = bytes;
        Region::from_bcd([a, b, c]).ok_or(CodeError::Character { at: 0 })?;
        Ok(ident)
    }

    /// From its parts; `check` is computed with IRK, see [`super::keys::Scheme::ident_check`].
    pub fn from_parts(region: Region, serial: [u8; 4], check: [u8; 4]) -> Self {
        let ([a, b, c], [p, q, r, s, t], [w, x, y, z], [i, j, k, l]) = (region.to_bcd(), Self::PROVIDER, serial, check);
        Self([a, b, c, p, q, r, s, t, w, x, y, z, i, j, k, l])
    }

    /// The issuing region, to which the centre's messages are routed.
    pub fn region(&self) -> Region {
        let [a, b, c, ..] = self.0;
        // Checked when the code was made.
        Region::from_bcd([a, b, c]).unwrap_or(Region(*b"000000"))
    }

    /// Whether the card was never personalised: its check value reads FFFFFFFF.
    pub const fn is_blank(&self) -> bool {
        matches!(self.0, [.., 0xFF, 0xFF, 0xFF, 0xFF])
    }

    /// The twelve bytes over which the check value is computed, and the check value.
    pub const fn split(&self) -> ([u8; 12], [u8; 4]) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, w, x, y, z] = self.0;
        ([a, b, c, d, e, f, g, h, i, j, k, l], [w, x, y, z])
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for IdentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// The holder's name: 1 to 50 bytes of GBK or GB18030, the name record and its extension joined (docs/card.md §1.3).
///
/// Kept as bytes: this crate has no GBK table. Two names are equal if their characters are: one that has two codes is the
/// same in both. Prints masked.
#[derive(Clone, Eq)]
pub struct Name(Vec<u8, { NAME_RECORD + NAME_EXTENSION_RECORD }>);

/// The bytes of a name that the name record holds (docs/card.md §1.3).
const NAME_RECORD: usize = 30;
/// The bytes of a name that the extension record holds, from version 2.00 on (docs/card.md §1.3).
const NAME_EXTENSION_RECORD: usize = 20;

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        characters(&self.0).eq(characters(&other.0))
    }
}

impl Name {
    /// Joins the name record (30 bytes) and the extension record (20 bytes; empty on version 1 cards). Issuers fill
    /// both up with 00, some with FF or spaces (docs/card.md §1.11). `None`: nothing is left, or the name is too long.
    pub fn from_records(name: &[u8], extension: &[u8]) -> Option<Self> {
        // A foreign name may break at a space between the records: only the end of the whole name is trimmed of spaces.
        let mut bytes = Vec::new();
        bytes.extend_from_slice(without_end(name, &[0x00, 0xFF])).ok()?;
        bytes.extend_from_slice(without_end(extension, &[0x00, 0xFF])).ok()?;
        bytes.truncate(without_end(&bytes, &[0x00, 0x20, 0xFF]).len());
        if bytes.is_empty() { None } else { Some(Self(bytes)) }
    }

    /// The part for the name record and the part for the extension record, without filling. Whether the card has an
    /// extension record says [`super::files::Generation::has_name_extension`]. No character is split between the two.
    /// `None`: the name does not fit.
    pub fn to_records(&self, has_extension: bool) -> Option<(&[u8], &[u8])> {
        let mut first = 0;
        while let Some(len) = self.0.get(first..).and_then(character_len).filter(|len| first + len <= NAME_RECORD) {
            first += len;
        }
        let (name, extension) = self.0.split_at_checked(first)?;
        let room = if has_extension { NAME_EXTENSION_RECORD } else { 0 };
        (extension.len() <= room).then_some((name, extension))
    }

    /// From unpadded GBK bytes.
    pub fn new(gbk: &[u8]) -> Option<Self> {
        Self::from_records(gbk, &[])
    }

    /// The GBK bytes without padding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `text` without the bytes of `padding` at its end.
fn without_end<'t>(text: &'t [u8], padding: &[u8]) -> &'t [u8] {
    let end = text.iter().rposition(|b| !padding.contains(b)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use std::format;

    /// The published numbers of docs/card.md §3.1.
    #[test]
    fn id_numbers_of_section_3_1() {
        for good in [b"34052419800101001X", b"370101190102039973", b"111111198101011110", b"34052419800101001x"] {
            assert!(IdNumber::new(good).is_ok(), "{good:?}");
        }
        assert_eq!(IdNumber::new(b"340524198001010010"), Err(CodeError::Check { expected: 'X' }));
        assert_eq!(IdNumber::new(b"340524198002300010"), Err(CodeError::BirthDate));
        // With a letter among the 17 it is no citizen's number, so that nothing can be checked but the characters.
        assert!(IdNumber::new(b"34052419800101O01X").is_ok());
        assert_eq!(IdNumber::new_citizens(b"34052419800101O01X"), Err(CodeError::Character { at: 14 }));
        assert_eq!(IdNumber::new(b"34052419800101001A"), Err(CodeError::Character { at: 17 }));
        assert_eq!(IdNumber::new(b"3405241980010100"), Err(CodeError::Length { expected: 18 }));
    }

    #[test]
    fn numbers_of_holders_who_are_no_citizens() {
        for good in [b"USA000000123456789", b"usa000000123456789", b"000000000000000A0Z", b"HKG00000000000000X"] {
            let number = IdNumber::new(good).unwrap();
            assert_eq!((number.birth_date(), number.sex(), number.digits()), (None, b'9', None), "{good:?}");
            assert!(IdNumber::new_citizens(good).is_err());
        }
        assert_eq!(IdNumber::new(b"usa000000123456789"), IdNumber::new(b"USA000000123456789"));
        for (bad, at) in [(b"USA 00000123456789", 3), (b"US-000000123456789", 2), (b"USA00000012345678\0", 17)] {
            assert_eq!(IdNumber::new(bad), Err(CodeError::Character { at }));
        }
        assert_eq!(format!("{}", IdNumber::new(b"USA000000123456789").unwrap()), "USA*************89");
    }

    #[test]
    fn an_id_number_prints_masked() {
        let number = IdNumber::new(b"111111198101011110").unwrap();
        assert_eq!(format!("{number} {number:?}"), "111*************10 111*************10");
        assert_eq!((number.sex(), number.birth_date()), (b'1', Date::new(1981, 1, 1)));
    }

    /// The check characters of docs/card.md §3.2.
    #[test]
    fn card_numbers_of_section_3_2() {
        let vectors = [
            (b"A1234567", '4'),
            (b"01234567", '1'),
            (b"12345678", '8'),
            (b"00000000", '0'),
            (b"00000001", '9'),
            (b"AB123456", '5'),
            (b"X0000001", '9'),
        ];
        for (body, check) in vectors {
            assert_eq!(char::from(CardNumber::check_character(body)), check);
        }
        assert_eq!(CardNumber::new_checked(b"X00000018"), Err(CodeError::Check { expected: '9' }));
        assert!(CardNumber::new(b"X00000018").is_ok());
        assert_eq!(CardNumber::new(b"x00000019"), Err(CodeError::Character { at: 0 }));
    }

    /// The samples of docs/card.md §1.6, §3.3.
    #[test]
    fn ident_codes_of_section_1_6() {
        let ident = IdentCode::new(hex!("320100D15600000500A1B2C35EC0FFEE")).unwrap();
        assert_eq!(ident.region().as_str(), "320100");
        assert!(!ident.is_blank());
        assert!(IdentCode::new(hex!("330300D15600000599110145FFFFFFFF")).unwrap().is_blank());
        assert_eq!(IdentCode::new(hex!("320100D15600000600A1B2C35EC0FFEE")), Err(CodeError::Provider));
        assert!(IdentCode::new(hex!("3A0100D15600000500A1B2C35EC0FFEE")).is_err());
    }

    /// docs/card.md §1.11, §3.5.
    #[test]
    fn names_lose_their_padding() {
        let name = Name::from_records(&hex!("D5C5C8FD 0000"), &hex!("00 20 FF")).unwrap();
        assert_eq!(name.as_bytes(), hex!("D5C5C8FD"));
        assert_eq!(format!("{name:?}"), "***");
        let broken_at_a_space = Name::from_records(b"MAXIMILIANA KONSTANTINA ELISA ", b"BETH\0\0").unwrap();
        assert_eq!(broken_at_a_space.as_bytes(), b"MAXIMILIANA KONSTANTINA ELISA BETH");
        assert_eq!(Name::from_records(&[0; 30], &[0xFF; 20]), None);
    }

    #[test]
    fn a_name_with_a_moved_character_is_one_in_both_codes() {
        let name = |gbk: &[u8]| Name::new(gbk).unwrap();
        assert_eq!(name(&hex!("CDF5 FE9F")), name(&hex!("CDF5 8336CF39")));
        assert_ne!(name(&hex!("CDF5 FE9F")), name(&hex!("CDF5 8336CF38")));
        assert_ne!(name(&hex!("CDF5 FE9F")), name(&hex!("CDF5")));
        // What is kept is what was given.
        assert_eq!(name(&hex!("CDF5 8336CF39")).as_bytes(), hex!("CDF5 8336CF39"));
    }

    #[test]
    fn a_name_is_parted_between_characters() {
        let name = |gbk: &[u8]| Name::new(gbk).unwrap();
        let parts =
            |name: &Name, generation| name.to_records(generation).map(|(first, second)| (first.len(), second.len()));
        // Fifteen characters of two bytes fill the record. With a character of one byte before them, the last one goes
        // whole into the extension.
        assert_eq!(parts(&name(&[0xB0; 30]), false), Some((30, 0)));
        let odd = name(&[&[b'A'][..], &[0xB0; 30]].concat());
        assert_eq!(parts(&odd, false), None);
        assert_eq!(parts(&odd, true), Some((29, 2)));
        // Four bytes, as GB 18030 has them for rare characters.
        let rare = name(&[&[0xB0; 28][..], &[0x95, 0x32, 0x82, 0x36]].concat());
        assert_eq!(parts(&rare, true), Some((28, 4)));
        assert_eq!(rare.to_records(true).and_then(|(a, b)| Name::from_records(a, b)), Some(rare));
        assert_eq!(parts(&name(&[&[b'A'][..], &[0xB0; 49]].concat()), true), None);
    }
}
