//! Identity documents shown at a bank counter (docs/card.md §2.6, §6.1).

use core::fmt;

use heapless::Vec;

use crate::card::codes::{IdNumber, Name};
use crate::card::date::Date;

/// The kinds of document a bank accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Code A.
    IdCard,
    /// Code C.
    Passport,
    /// Code D.
    ForeignerResidence,
    /// Code J.
    HongKongMacauPermit,
    /// Code K.
    TaiwanPermit,
    /// Code M.
    ResidencePermit,
    /// For children without an ID card; no code in the source.
    HouseholdRegister,
    /// No code in the source.
    OfficerId,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::IdCard,
        Self::Passport,
        Self::ForeignerResidence,
        Self::HongKongMacauPermit,
        Self::TaiwanPermit,
        Self::ResidencePermit,
        Self::HouseholdRegister,
        Self::OfficerId,
    ];

    /// The kind's word in files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdCard => "id-card",
            Self::Passport => "passport",
            Self::ForeignerResidence => "foreigner-residence",
            Self::HongKongMacauPermit => "hk-macau-permit",
            Self::TaiwanPermit => "taiwan-permit",
            Self::ResidencePermit => "residence-permit",
            Self::HouseholdRegister => "household-register",
            Self::OfficerId => "officer-id",
        }
    }

    /// What people call it in Chinese (docs/card.md §2.6).
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::IdCard => "居民身份证",
            Self::Passport => "护照",
            Self::ForeignerResidence => "外国人永久居留证",
            Self::HongKongMacauPermit => "港澳居民来往内地通行证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::HouseholdRegister => "户口簿",
            Self::OfficerId => "军官证",
        }
    }

    /// The kind that [`DocumentKind::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A document's number: 1 to 20 printable ASCII characters. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentNumber(Vec<u8, 20>);

impl DocumentNumber {
    /// From 1 to 20 printable ASCII characters, lower-case letters as upper case; `None` for anything else.
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut number = Vec::from_slice(text).ok()?;
        if number.is_empty() || !number.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        number.make_ascii_uppercase();
        Some(Self(number))
    }

    /// The characters. They identify a person: not for logs.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<IdNumber> for DocumentNumber {
    fn from(number: IdNumber) -> Self {
        let mut text = Vec::new();
        // Eighteen characters fit into twenty.
        let _ = text.extend_from_slice(number.as_bytes());
        Self(text)
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Until when a document is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Validity {
    /// To the end of this day.
    Until(Date),
    /// 长期: without end.
    LongTerm,
}

/// A document as read by the bank's document reader or keyed by its clerk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Document {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its number; of an ID card the ID number.
    pub number: DocumentNumber,
    /// The name on it, GBK.
    pub name: Name,
    /// Until when it is valid.
    pub valid_until: Validity,
}
