//! Identity documents of an application: the kinds that the centre knows, and what is checked of each of them
//! (docs/centre.md §6.5.4, §6.5.5).
//!
//! The centre's own table is [`Kind`]; its words are those of files and messages. Other systems' tables stand in
//! `tables`, the forms of the numbers in `numbers`. Who must show which document is in `proofs`, not here.

pub mod numbers;
pub mod tables;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::store::value::word_column;
use numbers::{Checked, NumberFault};

/// The kinds of document, in the centre's own words. One word is one kind of paper; what another system counts together
/// or apart is the matter of its own table.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = DocumentKind)]
pub enum Kind {
    /// 居民身份证.
    IdCard,
    /// 户口簿: for children who have no ID card yet. Its number is the child's ID number.
    HouseholdRegister,
    /// 军官证.
    OfficerId,
    /// 武警警官证.
    PoliceOfficerId,
    /// 港澳居民来往内地通行证; the first letter of the number says which of the two.
    HkMacauPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 港澳台居民居住证.
    ResidencePermit,
    /// 外国人永久居留身份证.
    ForeignerResidence,
    /// 中国护照: of Chinese citizens who live abroad.
    Passport,
    /// 外国护照.
    ForeignPassport,
    /// 残疾人证.
    DisabilityCertificate,
    /// 军烈属证明.
    MilitaryFamilyCertificate,
    /// 外国人就业证.
    ForeignWorkPermit,
    /// 外国专家证.
    ForeignExpertPermit,
    /// 外国常驻记者证.
    ForeignJournalistPermit,
    /// 台港澳人员就业证.
    HmtWorkPermit,
    /// 回国(来华)定居专家证.
    SettledExpertCertificate,
    /// 社会保障卡.
    SocialSecurityCard,
    /// 出生医学证明.
    BirthCertificate,
    /// Any other document.
    Other,
}

word_column!(Kind);

/// Whose documents are of this kind: what it says of the bearer's nationality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A citizen of the mainland.
    Mainland,
    /// A resident of Hong Kong, Macao or Taiwan.
    HongKongMacauTaiwan,
    /// A foreigner.
    Foreign,
    /// The document does not say.
    Anybody,
}

/// What a kind's day of expiry must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// A day.
    Day,
    /// A day, or without end (长期).
    DayOrNone,
    /// The paper has none; a day that is given all the same is judged.
    Never,
}

impl Kind {
    /// Whose documents are of this kind.
    pub const fn bearer(self) -> Bearer {
        match self {
            Self::IdCard | Self::HouseholdRegister | Self::OfficerId | Self::PoliceOfficerId | Self::Passport => {
                Bearer::Mainland
            }
            Self::HkMacauPermit | Self::TaiwanPermit | Self::ResidencePermit | Self::HmtWorkPermit => {
                Bearer::HongKongMacauTaiwan
            }
            Self::ForeignerResidence
            | Self::ForeignPassport
            | Self::ForeignWorkPermit
            | Self::ForeignExpertPermit
            | Self::ForeignJournalistPermit => Bearer::Foreign,
            _ => Bearer::Anybody,
        }
    }

    /// Whether a document of this kind has a day of expiry.
    pub const fn expiry(self) -> Expiry {
        match self {
            Self::IdCard | Self::OfficerId | Self::PoliceOfficerId | Self::SocialSecurityCard => Expiry::DayOrNone,
            Self::HouseholdRegister
            | Self::BirthCertificate
            | Self::DisabilityCertificate
            | Self::MilitaryFamilyCertificate
            | Self::SettledExpertCertificate
            | Self::Other => Expiry::Never,
            _ => Expiry::Day,
        }
    }
}

/// Until when a document is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// To the end of this day.
    Until(Date),
    /// 长期: without end.
    LongTerm,
    /// The document was taken without a day.
    NotStated,
}

/// Why a document is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount)]
pub enum DocumentFault {
    /// Its number is not one of its kind.
    Number(NumberFault),
    /// Its last day, which is over.
    Expired(Date),
    /// It has a day of expiry, which was not given.
    ExpiryMissing,
    /// It is given as valid without end, which no document of its kind is.
    NeverLongTerm,
}

/// Checks a document on the day `today`: its number, and that it is valid to the end of this day.
///
/// `knows_region` tells whether six digits are or were a region of GB/T 2260: withdrawn codes live on in ID numbers.
/// Everything that is wrong is returned, the number first.
pub fn check(
    kind: Kind,
    number: &str,
    validity: Validity,
    today: Date,
    knows_region: &dyn Fn(&str) -> bool,
) -> Result<Checked, Vec<DocumentFault>> {
    let checked = numbers::check(kind, number, today, knows_region);
    let mut faults: Vec<DocumentFault> =
        checked.as_ref().err().map(|fault| DocumentFault::Number(*fault)).into_iter().collect();
    faults.extend(check_validity(kind, validity, today).err());
    match checked {
        Ok(checked) if faults.is_empty() => Ok(checked),
        _ => Err(faults),
    }
}

/// Checks that a document of this kind is valid to the end of `today`: asked again when an application is reviewed.
pub fn check_validity(kind: Kind, validity: Validity, today: Date) -> Result<(), DocumentFault> {
    match (validity, kind.expiry()) {
        (Validity::Until(day), _) if day < today => Err(DocumentFault::Expired(day)),
        (Validity::LongTerm, Expiry::Day) => Err(DocumentFault::NeverLongTerm),
        (Validity::NotStated, Expiry::Day | Expiry::DayOrNone) => Err(DocumentFault::ExpiryMissing),
        _ => Ok(()),
    }
}
