//! The code tables of the national interface that a settlement uses (docs/centre.md §6.8.3). Their text is the national
//! code. Not here: what a code means for the amounts.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::store::value::{word_column, words};

/// The insurance of a settlement (`insutype`).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum Insutype {
    /// Employees.
    #[serde(rename = "310")]
    #[strum(serialize = "310")]
    Employees,
    /// Residents.
    #[serde(rename = "390")]
    #[strum(serialize = "390")]
    Residents,
}

/// The kind of treatment (`med_type`).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum MedType {
    /// Outpatient.
    #[serde(rename = "11")]
    #[strum(serialize = "11")]
    Outpatient,
    /// Outpatient, registration.
    #[serde(rename = "12")]
    #[strum(serialize = "12")]
    Registration,
    /// Emergency.
    #[serde(rename = "13")]
    #[strum(serialize = "13")]
    Emergency,
    /// Outpatient, chronic and special diseases.
    #[serde(rename = "14")]
    #[strum(serialize = "14")]
    Chronic,
    /// Inpatient.
    #[serde(rename = "21")]
    #[strum(serialize = "21")]
    Inpatient,
    /// Purchase at a pharmacy.
    #[serde(rename = "41")]
    #[strum(serialize = "41")]
    Pharmacy,
    /// Outpatient, maternity.
    #[serde(rename = "51")]
    #[strum(serialize = "51")]
    MaternityOutpatient,
    /// Inpatient, maternity.
    #[serde(rename = "52")]
    #[strum(serialize = "52")]
    MaternityInpatient,
}

words! {
    /// What a table of benefits tells apart, and what a year is counted by: one kind has one or several `med_type`.
    #[schema(as = settlement::Kind)]
    pub enum Kind {
        /// Outpatient, its registration, and emergency.
        Outpatient,
        /// Chronic and special diseases.
        Chronic,
        /// Inpatient: one settlement is one stay.
        Inpatient,
        /// A purchase at a pharmacy.
        Pharmacy,
        /// Maternity.
        Maternity,
    }
}

impl MedType {
    /// What the table of benefits calls it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Outpatient | Self::Registration | Self::Emergency => Kind::Outpatient,
            Self::Chronic => Kind::Chronic,
            Self::Inpatient => Kind::Inpatient,
            Self::Pharmacy => Kind::Pharmacy,
            Self::MaternityOutpatient | Self::MaternityInpatient => Kind::Maternity,
        }
    }
}

words! {
    /// What a table of benefits tells persons apart by.
    pub enum PersonClass {
        /// An employee in service: `psn_type` 11.
        InService,
        /// A retired employee: `psn_type` 12.
        Retired,
        /// A resident who is a pupil or student, or a child.
        Student,
        /// Any other resident.
        Resident,
    }
}

impl PersonClass {
    /// `psn_type`; `None`: the national code of residents is not known (docs/centre.md §6.8.3).
    pub const fn psn_type(self) -> Option<&'static str> {
        match self {
            Self::InService => Some("11"),
            Self::Retired => Some("12"),
            Self::Student | Self::Resident => None,
        }
    }
}

/// The level of an item of the catalogue (`chrgitm_lv`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr, VariantArray,
)]
pub enum ChargeLevel {
    /// 甲: the fund takes part in all of it.
    #[serde(rename = "01")]
    #[strum(serialize = "01")]
    A,
    /// 乙: the person first pays a share alone.
    #[serde(rename = "02")]
    #[strum(serialize = "02")]
    B,
    /// 丙: the person pays all of it.
    #[serde(rename = "03")]
    #[strum(serialize = "03")]
    C,
}

/// Whose money pays (`fund_pay_type`).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum FundType {
    /// The employees' pooled fund.
    #[serde(rename = "310100")]
    #[strum(serialize = "310100")]
    EmployeesPool,
    /// The employees' fund for large sums.
    #[serde(rename = "330100")]
    #[strum(serialize = "330100")]
    LargeSums,
    /// The residents' fund.
    #[serde(rename = "390100")]
    #[strum(serialize = "390100")]
    Residents,
    /// The residents' fund for serious illness.
    #[serde(rename = "390200")]
    #[strum(serialize = "390200")]
    ResidentsSerious,
    /// The maternity fund.
    #[serde(rename = "510100")]
    #[strum(serialize = "510100")]
    Maternity,
    /// Medical assistance.
    #[serde(rename = "610100")]
    #[strum(serialize = "610100")]
    Assistance,
    /// Another fund.
    #[serde(rename = "999997")]
    #[strum(serialize = "999997")]
    Other,
}

impl FundType {
    /// The Chinese and national name (`fund_pay_type_name`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmployeesPool => "职工基本医疗保险统筹基金",
            Self::LargeSums => "职工大额医疗费用补助基金",
            Self::Residents => "城乡居民基本医疗保险基金",
            Self::ResidentsSerious => "城乡居民大病医疗保险基金",
            Self::Maternity => "生育保险基金",
            Self::Assistance => "医疗救助基金",
            Self::Other => "其他基金",
        }
    }
}

word_column!(Insutype, MedType, ChargeLevel, FundType);
