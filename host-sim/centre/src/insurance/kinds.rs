//! The kinds of insurance (险种), and in which capacity somebody is insured. Their rates are parameters.

use crate::store::value::words;

words! {
    /// A kind of insurance. Each has a fund of its own; maternity is collected with medical.
    #[schema(as = InsuranceKind)]
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
}

words! {
    /// In which capacity somebody is insured (docs/centre.md §6.7.3).
    #[schema(as = InsuranceCapacity)]
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
}

impl Kind {
    /// Its name on a slip.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Pension => "基本养老保险",
            Self::Medical => "职工基本医疗保险",
            Self::Maternity => "生育保险",
            Self::Unemployment => "失业保险",
            Self::Injury => "工伤保险",
            Self::Resident => "居民基本医疗保险",
        }
    }

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
    use strum::VariantArray;

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
