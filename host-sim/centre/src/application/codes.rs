//! The words of a form, and other systems' codes for them (docs/centre.md §6.5.1, §6.5.2, §6.5.3).
//!
//! A code that no source gives is `None`; of Henan's reasons only 51 was seen, and nobody says what it means.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::documents::numbers::Sex;
use crate::life::replacement::ReplaceReason;
use crate::store::value::word_column;
use crate::store::value::words;

words! {
    /// What is applied for.
    pub enum ApplicationKind {
        /// 新办: a first card
        New,
        /// 补换: a card instead of another
        Replacement,
        /// 到期换领: a card instead of one whose time is over
        Renewal,
    }
}

impl ApplicationKind {
    /// 办卡类型 of Henan's kiosks: 1 new, 5 replacement.
    pub const fn henan(self) -> u8 {
        match self {
            Self::New => 1,
            Self::Replacement | Self::Renewal => 5,
        }
    }

    /// aaz411 of Jiangsu's pre-check: 1 new, 2 replacement.
    pub const fn jiangsu(self) -> u8 {
        match self {
            Self::New => 1,
            Self::Replacement | Self::Renewal => 2,
        }
    }
}

/// Why a card is replaced or renewed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = ApplicationReason)]
pub enum Reason {
    /// 遗失
    Loss,
    /// 损坏
    Damage,
    /// 到期
    Expiry,
    /// 更换银行
    ChangeOfBank,
    /// 信息变更
    ChangeOfData,
    /// 制卡质量问题
    MakersFault,
}

impl Reason {
    /// As the life of a card knows it: a maker's fault is damage that cost nobody anything.
    pub const fn of_life(self) -> ReplaceReason {
        match self {
            Self::Loss => ReplaceReason::Loss,
            Self::Damage | Self::MakersFault => ReplaceReason::Damage,
            Self::Expiry => ReplaceReason::Expiry,
            Self::ChangeOfBank => ReplaceReason::ChangeOfBank,
            Self::ChangeOfData => ReplaceReason::ChangeOfData,
        }
    }
}

word_column!(Reason, Category);

words! {
    /// Who applies.
    pub enum Applicant {
        /// 本人: the holder
        Holder,
        /// 单位: the employer, by a list
        Employer,
        /// 监护人: the guardian of a minor
        Guardian,
        /// 代办人: an agent
        Agent,
    }
}

impl Applicant {
    /// applyWay of another maker's kiosk: 0 self, 1 agent. It has no code for an employer.
    pub const fn kiosk(self) -> Option<u8> {
        match self {
            Self::Holder => Some(0),
            Self::Guardian | Self::Agent => Some(1),
            Self::Employer => None,
        }
    }
}

/// What a person is to the insurances.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = ApplicationCategory)]
pub enum Category {
    /// 职工
    Employee,
    /// 灵活就业
    Flexible,
    /// 城乡居民
    Resident,
    /// 学生
    Student,
    /// 退休
    Retired,
}

impl Category {
    /// 人员类别 of Henan's kiosks: 1 employee, 2 and 3 resident, 4 student.
    pub const fn henan(self, farming: bool) -> u8 {
        match self {
            Self::Employee | Self::Flexible | Self::Retired => 1,
            Self::Resident if farming => 3,
            Self::Resident => 2,
            Self::Student => 4,
        }
    }

    /// personType of another maker's kiosk: 1 employee, 2 town resident, 3 village resident, 9 other.
    pub const fn kiosk(self, farming: bool) -> u8 {
        match self {
            Self::Employee => 1,
            Self::Resident if farming => 3,
            Self::Resident => 2,
            Self::Flexible | Self::Student | Self::Retired => 9,
        }
    }

    /// personStatus of the same: 1 employed, 2 retired, 10 studying, 99 other.
    pub const fn kiosk_status(self) -> u8 {
        match self {
            Self::Employee | Self::Flexible => 1,
            Self::Retired => 2,
            Self::Student => 10,
            Self::Resident => 99,
        }
    }
}

words! {
    /// The kind of household (户口性质).
    pub enum Household {
        /// 本地非农业
        Local,
        /// 外地非农业
        Elsewhere,
        /// 本地农业
        LocalFarming,
        /// 外地农业
        ElsewhereFarming,
    }
}

impl Household {
    /// The code of another maker's kiosk.
    pub const fn kiosk(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::Elsewhere => 2,
            Self::LocalFarming => 3,
            Self::ElsewhereFarming => 4,
        }
    }

    /// Whether it is registered in another place.
    pub const fn is_elsewhere(self) -> bool {
        matches!(self, Self::Elsewhere | Self::ElsewhereFarming)
    }
}

/// The sex (GB/T 2261.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = Sex)]
pub enum SexWord {
    /// 男
    Male,
    /// 女
    Female,
}

impl SexWord {
    /// 1 or 2.
    pub const fn code(self) -> u8 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

impl From<Sex> for SexWord {
    fn from(sex: Sex) -> Self {
        match sex {
            Sex::Male => Self::Male,
            Sex::Female => Self::Female,
        }
    }
}

/// What a guardian is to a minor.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = GuardianRelation)]
pub enum Relation {
    /// 父母
    Parent,
    /// 祖父母, 外祖父母
    Grandparent,
    /// 其他监护人
    Other,
}

words! {
    /// The occupation (BAC025).
    pub enum Occupation {
        /// 公务员
        CivilServant,
        /// 事业单位管理人员
        InstitutionManager,
        /// 事业单位技术人员
        InstitutionEngineer,
        /// 警察
        Police,
        /// 企业管理人员
        CompanyManager,
        /// 企业技术人员
        CompanyEngineer,
        /// 企业员工
        CompanyWorker,
        /// 个体
        SelfEmployed,
        /// 自由职业
        Freelance,
        /// 农民
        Farmer,
        /// 军人
        Soldier,
        /// 离退休
        Retired,
        /// 城乡居民
        Resident,
        /// 学生
        Student,
        /// 儿童
        Child,
    }
}

impl Occupation {
    /// BAC025 of Jiangsu.
    pub const fn bac025(self) -> u8 {
        match self {
            Self::CivilServant => 11,
            Self::InstitutionManager => 12,
            Self::InstitutionEngineer => 13,
            Self::Police => 15,
            Self::CompanyManager => 21,
            Self::CompanyEngineer => 22,
            Self::CompanyWorker => 23,
            Self::SelfEmployed => 31,
            Self::Freelance => 41,
            Self::Farmer => 51,
            Self::Soldier => 61,
            Self::Retired => 71,
            Self::Resident => 81,
            Self::Student => 91,
            Self::Child => 92,
        }
    }
}
