//! The kinds of insurance (险种), and in which capacity somebody is insured. Their rates are parameters.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::word_column;

/// A kind of insurance. Each has a fund of its own; maternity is collected with medical.
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
    IntoStaticStr,
    Display,
    EnumString,
    VariantArray,
)]
#[schema(as = InsuranceKind)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// 养老.
    Pension,
    /// 职工医疗: employees' medical insurance, insutype 310.
    Medical,
    /// 生育, insutype 510.
    Maternity,
    /// 失业.
    Unemployment,
    /// 工伤.
    Injury,
    /// 居民医疗: residents' medical insurance, insutype 390.
    Resident,
}
word_column!(Kind);

/// In which capacity somebody is insured (docs/centre.md §6.7.3).
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
    IntoStaticStr,
    Display,
    EnumString,
    VariantArray,
)]
#[schema(as = InsuranceCapacity)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Capacity {
    /// 职工: through an employer.
    Employee,
    /// 灵活就业: alone, with a personal account.
    Flexible,
    /// 灵活就业: alone, without a personal account.
    FlexibleWithoutAccount,
    /// 退休: retired from one of these; pays no premium.
    Retired,
    /// 居民: by a yearly premium.
    Resident,
}
word_column!(Capacity);

impl Kind {
    /// insutype of the national interface (docs/centre.md §6.8.3); `None` where the facts name none.
    #[must_use]
    pub const fn insutype(self) -> Option<&'static str> {
        match self {
            Self::Medical => Some("310"),
            Self::Maternity => Some("510"),
            Self::Resident => Some("390"),
            Self::Pension | Self::Unemployment | Self::Injury => None,
        }
    }
}

impl Capacity {
    /// The kinds that one can have in this capacity.
    #[must_use]
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Employee => &[Kind::Pension, Kind::Medical, Kind::Maternity, Kind::Unemployment, Kind::Injury],
            Self::Flexible | Self::FlexibleWithoutAccount => &[Kind::Pension, Kind::Medical, Kind::Unemployment],
            Self::Retired => &[Kind::Medical],
            Self::Resident => &[Kind::Resident],
        }
    }

    /// insutype_retr_flag of a record of relation: 0 in service, 1 retired (docs/centre.md §6.7.5).
    #[must_use]
    pub const fn retirement_flag(self) -> &'static str {
        match self {
            Self::Retired => "1",
            _ => "0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/centre.md §6.7.3, §6.7.5
    #[test]
    fn capacities_have_their_kinds_and_codes() {
        for capacity in Capacity::VARIANTS {
            assert_eq!(capacity.kinds().contains(&Kind::Resident), *capacity == Capacity::Resident);
            assert_eq!(capacity.retirement_flag() == "1", *capacity == Capacity::Retired);
        }
        let codes: Vec<_> = Kind::VARIANTS.iter().filter_map(|kind| kind.insutype()).collect();
        assert_eq!(codes, ["310", "510", "390"]);
    }
}
