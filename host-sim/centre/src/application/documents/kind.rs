//! The kinds of document, by their words.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::store::value::word_column;

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
