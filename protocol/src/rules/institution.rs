//! The places where a card may be put into use, and their codes (docs/card.md §3.5).

use core::fmt;

use crate::card::codes::{CodeError, Region};

/// The way in which a card is put into use. Each kind of institution is one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Channel {
    /// A bank counter: an application with an identity document, no payment.
    Bank,
    /// A hospital: the first approved settlement.
    Hospital,
    /// A pharmacy: the first approved purchase.
    Pharmacy,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Bank, Self::Hospital, Self::Pharmacy];

    /// The channel's word in files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Hospital => "hospital",
            Self::Pharmacy => "pharmacy",
        }
    }

    /// The channel that [`Channel::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }

    /// The first letter of its institutions' codes. H and P are those of the national code. B is our own, since the
    /// national code has none for banks.
    pub const fn letter(self) -> u8 {
        match self {
            Self::Bank => b'B',
            Self::Hospital => b'H',
            Self::Pharmacy => b'P',
        }
    }
}

/// The code of an institution: B, H or P, six digits of its area, five digits of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstitutionCode([u8; 12]);

impl InstitutionCode {
    /// Where a terminal stands that nobody has set up: no institution has this code.
    pub const NOWHERE: Self = Self(*b"P00000000000");

    /// Checks the letter and the digits.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        Self::from_bytes(text.as_bytes())
    }

    /// The same, from bytes.
    pub fn from_bytes(text: &[u8]) -> Result<Self, CodeError> {
        let bytes: [u8; 12] = text.try_into().map_err(|_| CodeError::Length { expected: 12 })?;
        let [letter, digits @ ..] = &bytes;
        if !Channel::ALL.iter().any(|channel| channel.letter() == *letter) {
            return Err(CodeError::Character { at: 0 });
        }
        match digits.iter().position(|b| !b.is_ascii_digit()) {
            Some(at) => Err(CodeError::Character { at: at + 1 }),
            None => Ok(Self(bytes)),
        }
    }

    /// The kind of institution.
    pub const fn channel(&self) -> Channel {
        match self.0[0] {
            b'B' => Channel::Bank,
            b'H' => Channel::Hospital,
            // The constructor allows no other letter.
            _ => Channel::Pharmacy,
        }
    }

    /// The region where it is: a district, or a whole coordinating area. The area to which the district belongs does not
    /// follow from the digits; the centre knows it.
    pub const fn region(&self) -> Region {
        let [_, a, b, c, d, e, f, ..] = self.0;
        Region::of_digits([a, b, c, d, e, f])
    }

    /// The twelve characters as bytes.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The twelve characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for InstitutionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for InstitutionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of docs/card.md §3.5.
    #[test]
    fn codes_of_section_3_5() {
        let hospital = InstitutionCode::new("H32132200561").unwrap();
        assert_eq!((hospital.channel(), hospital.region().as_str()), (Channel::Hospital, "321322"));
        assert_eq!(InstitutionCode::new("P31010100003").unwrap().channel(), Channel::Pharmacy);
        assert_eq!(InstitutionCode::new("X31010100003"), Err(CodeError::Character { at: 0 }));
        assert_eq!(InstitutionCode::new("P3101O100003"), Err(CodeError::Character { at: 5 }));
        assert_eq!(InstitutionCode::new("P310101"), Err(CodeError::Length { expected: 12 }));
    }
}
