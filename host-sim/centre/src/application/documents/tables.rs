//! Other systems' codes of identity documents, one type for each interface (docs/centre.md §6.5.4).
//!
//! The same two digits mean different papers in different tables, so no conversion leads from one table into another:
//! every way goes through [`Kind`]. `None` means that the table has no code of which sources agree; the caller must say
//! so rather than send a neighbour's code.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Kind;

/// AAC058 and psn_cert_type: two digits, a birth certificate six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum Aac058 {
    /// 居民身份证.
    #[strum(serialize = "01")]
    IdCard,
    /// 军官证.
    #[strum(serialize = "02")]
    Officer,
    /// 武警警官证.
    #[strum(serialize = "03")]
    PoliceOfficer,
    /// 香港 of 港澳居民来往内地通行证.
    #[strum(serialize = "04")]
    HongKong,
    /// 澳门 of the same.
    #[strum(serialize = "05")]
    Macau,
    /// 台湾居民来往大陆通行证.
    #[strum(serialize = "06")]
    Taiwan,
    /// 外国人永久居留证.
    #[strum(serialize = "07")]
    ForeignerResidence,
    /// 外国人护照.
    #[strum(serialize = "08")]
    ForeignPassport,
    /// 残疾人证.
    #[strum(serialize = "09")]
    Disability,
    /// 军烈属证明.
    #[strum(serialize = "10")]
    MilitaryFamily,
    /// 外国人就业证.
    #[strum(serialize = "11")]
    ForeignWork,
    /// 外国专家证.
    #[strum(serialize = "12")]
    ForeignExpert,
    /// 外国人常驻记者证.
    #[strum(serialize = "13")]
    ForeignJournalist,
    /// 台港澳人员就业证.
    #[strum(serialize = "14")]
    HmtWork,
    /// 回国(来华)定居专家证.
    #[strum(serialize = "15")]
    SettledExpert,
    /// 户口簿.
    #[strum(serialize = "21")]
    Register,
    /// 社会保障卡.
    #[strum(serialize = "90")]
    SocialSecurityCard,
    /// 其他.
    #[strum(serialize = "99")]
    Other,
    /// 出生医学证明.
    #[strum(serialize = "990201")]
    BirthCertificate,
}

impl Aac058 {
    /// The code of a document with this number. A residence permit has none: the source that gives it 05 contradicts the
    /// others. A Chinese passport has none.
    pub fn of(kind: Kind, number: &str) -> Option<Self> {
        Some(match kind {
            Kind::IdCard => Self::IdCard,
            Kind::HouseholdRegister => Self::Register,
            Kind::OfficerId => Self::Officer,
            Kind::PoliceOfficerId => Self::PoliceOfficer,
            Kind::HkMacauPermit if number.starts_with('H') => Self::HongKong,
            Kind::HkMacauPermit => Self::Macau,
            Kind::TaiwanPermit => Self::Taiwan,
            Kind::ForeignerResidence => Self::ForeignerResidence,
            Kind::ForeignPassport => Self::ForeignPassport,
            Kind::DisabilityCertificate => Self::Disability,
            Kind::MilitaryFamilyCertificate => Self::MilitaryFamily,
            Kind::ForeignWorkPermit => Self::ForeignWork,
            Kind::ForeignExpertPermit => Self::ForeignExpert,
            Kind::ForeignJournalistPermit => Self::ForeignJournalist,
            Kind::HmtWorkPermit => Self::HmtWork,
            Kind::SettledExpertCertificate => Self::SettledExpert,
            Kind::SocialSecurityCard => Self::SocialSecurityCard,
            Kind::BirthCertificate => Self::BirthCertificate,
            Kind::Other => Self::Other,
            Kind::ResidencePermit | Kind::Passport => return None,
        })
    }

    /// The kind that a code stands for.
    pub const fn kind(self) -> Kind {
        match self {
            Self::IdCard => Kind::IdCard,
            Self::Officer => Kind::OfficerId,
            Self::PoliceOfficer => Kind::PoliceOfficerId,
            Self::HongKong | Self::Macau => Kind::HkMacauPermit,
            Self::Taiwan => Kind::TaiwanPermit,
            Self::ForeignerResidence => Kind::ForeignerResidence,
            Self::ForeignPassport => Kind::ForeignPassport,
            Self::Disability => Kind::DisabilityCertificate,
            Self::MilitaryFamily => Kind::MilitaryFamilyCertificate,
            Self::ForeignWork => Kind::ForeignWorkPermit,
            Self::ForeignExpert => Kind::ForeignExpertPermit,
            Self::ForeignJournalist => Kind::ForeignJournalistPermit,
            Self::HmtWork => Kind::HmtWorkPermit,
            Self::SettledExpert => Kind::SettledExpertCertificate,
            Self::Register => Kind::HouseholdRegister,
            Self::SocialSecurityCard => Kind::SocialSecurityCard,
            Self::Other => Kind::Other,
            Self::BirthCertificate => Kind::BirthCertificate,
        }
    }
}

/// The one-digit table of kiosks in Henan and Hunan: the first eight of [`Aac058`], and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum KioskDigit {
    /// 居民身份证.
    #[strum(serialize = "1")]
    IdCard,
    /// 军官证.
    #[strum(serialize = "2")]
    Officer,
    /// 武警警官证.
    #[strum(serialize = "3")]
    PoliceOfficer,
    /// 香港居民.
    #[strum(serialize = "4")]
    HongKong,
    /// 澳门居民.
    #[strum(serialize = "5")]
    Macau,
    /// 台湾居民.
    #[strum(serialize = "6")]
    Taiwan,
    /// 外国人永久居留证.
    #[strum(serialize = "7")]
    ForeignerResidence,
    /// 外国人护照.
    #[strum(serialize = "8")]
    ForeignPassport,
}

impl KioskDigit {
    /// The code of a document with this number.
    pub fn of(kind: Kind, number: &str) -> Option<Self> {
        Some(match kind {
            Kind::IdCard => Self::IdCard,
            Kind::OfficerId => Self::Officer,
            Kind::PoliceOfficerId => Self::PoliceOfficer,
            Kind::HkMacauPermit if number.starts_with('H') => Self::HongKong,
            Kind::HkMacauPermit => Self::Macau,
            Kind::TaiwanPermit => Self::Taiwan,
            Kind::ForeignerResidence => Self::ForeignerResidence,
            Kind::ForeignPassport => Self::ForeignPassport,
            _ => return None,
        })
    }

    /// The kind that a code stands for.
    pub const fn kind(self) -> Kind {
        match self {
            Self::IdCard => Kind::IdCard,
            Self::Officer => Kind::OfficerId,
            Self::PoliceOfficer => Kind::PoliceOfficerId,
            Self::HongKong | Self::Macau => Kind::HkMacauPermit,
            Self::Taiwan => Kind::TaiwanPermit,
            Self::ForeignerResidence => Kind::ForeignerResidence,
            Self::ForeignPassport => Kind::ForeignPassport,
        }
    }
}

/// patn_cert_type of hospitals: it counts passports together, has a driving licence, and no kind for foreigners settled
/// here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum Hospital {
    /// 身份证.
    #[strum(serialize = "01")]
    IdCard,
    /// 户口簿.
    #[strum(serialize = "02")]
    Register,
    /// 护照.
    #[strum(serialize = "03")]
    Passport,
    /// 军官证.
    #[strum(serialize = "04")]
    Officer,
    /// 驾驶证: identifies nobody at a centre.
    #[strum(serialize = "05")]
    DrivingLicence,
    /// 港澳通行证.
    #[strum(serialize = "06")]
    HkMacau,
    /// 台湾通行证.
    #[strum(serialize = "07")]
    Taiwan,
    /// 其他.
    #[strum(serialize = "08")]
    Other,
}

impl Hospital {
    /// The code of a kind; whatever the table does not name is *other*.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::IdCard => Self::IdCard,
            Kind::HouseholdRegister => Self::Register,
            Kind::Passport | Kind::ForeignPassport => Self::Passport,
            Kind::OfficerId => Self::Officer,
            Kind::HkMacauPermit => Self::HkMacau,
            Kind::TaiwanPermit => Self::Taiwan,
            _ => Self::Other,
        }
    }

    /// The kinds that a code may stand for; none for a driving licence.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::IdCard => &[Kind::IdCard],
            Self::Register => &[Kind::HouseholdRegister],
            Self::Passport => &[Kind::Passport, Kind::ForeignPassport],
            Self::Officer => &[Kind::OfficerId],
            Self::DrivingLicence => &[],
            Self::HkMacau => &[Kind::HkMacauPermit],
            Self::Taiwan => &[Kind::TaiwanPermit],
            Self::Other => &[Kind::ForeignerResidence, Kind::ResidencePermit, Kind::Other],
        }
    }
}

/// yxzjlx of one city's service: letters (docs/card.md §2.6). These are also the kinds that a bank counter of this
/// project's terminals takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum CityLetter {
    /// 居民身份证.
    #[strum(serialize = "A")]
    IdCard,
    /// 护照.
    #[strum(serialize = "C")]
    Passport,
    /// 外国人永久居留证.
    #[strum(serialize = "D")]
    ForeignerResidence,
    /// 港澳居民来往内地通行证.
    #[strum(serialize = "J")]
    HkMacau,
    /// 台湾居民来往大陆通行证.
    #[strum(serialize = "K")]
    Taiwan,
    /// 港澳台居民居住证.
    #[strum(serialize = "M")]
    ResidencePermit,
}

impl CityLetter {
    /// The letter of a kind.
    pub const fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::IdCard => Self::IdCard,
            Kind::Passport | Kind::ForeignPassport => Self::Passport,
            Kind::ForeignerResidence => Self::ForeignerResidence,
            Kind::HkMacauPermit => Self::HkMacau,
            Kind::TaiwanPermit => Self::Taiwan,
            Kind::ResidencePermit => Self::ResidencePermit,
            _ => return None,
        })
    }

    /// The kinds that a letter may stand for.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::IdCard => &[Kind::IdCard],
            Self::Passport => &[Kind::Passport, Kind::ForeignPassport],
            Self::ForeignerResidence => &[Kind::ForeignerResidence],
            Self::HkMacau => &[Kind::HkMacauPermit],
            Self::Taiwan => &[Kind::TaiwanPermit],
            Self::ResidencePermit => &[Kind::ResidencePermit],
        }
    }
}
