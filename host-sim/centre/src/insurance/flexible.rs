//! Premiums of flexible workers (灵活就业人员), who pay alone: a chosen base, and medical insurance with or without a
//! personal account (docs/centre.md §6.7.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::kinds::{Capacity, Kind};
use super::rate::Rate;
use super::rounding::Rule;

/// A premium of a share of the base and a fixed sum; one of them may be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlexibleSum)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Of the base.
    #[serde(default)]
    pub rate: Rate,
    /// In fen a month.
    #[serde(default)]
    pub fixed: i64,
}

/// Pension: the worker chooses the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlexiblePension)]
#[serde(deny_unknown_fields)]
pub struct Pension {
    /// Of the chosen base.
    pub rate: Rate,
    /// The lowest base, in fen a month.
    pub floor: i64,
    /// The highest base, in fen a month.
    pub cap: i64,
    /// The premium is a multiple of this, in fen; but the lowest and the highest base may always be chosen.
    pub step: i64,
}

/// The parameter `premium.flexible`. What is missing cannot be had here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlexiblePremium)]
#[serde(deny_unknown_fields)]
pub struct Flexible {
    /// Pension.
    pub pension: Option<Pension>,
    /// Medical insurance with a personal account.
    pub medical: Option<Sum>,
    /// Medical insurance without one.
    pub medical_without_account: Option<Sum>,
    /// Unemployment.
    pub unemployment: Option<Sum>,
}

/// The chosen base is not one that the area offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOffered {
    /// The lowest base, in fen a month.
    pub floor: i64,
    /// The highest base.
    pub cap: i64,
    /// The premium is a multiple of this.
    pub step: i64,
}

impl Pension {
    /// Whether this base may be chosen.
    pub fn choose(&self, base: i64, rounding: Rule) -> Result<(), NotOffered> {
        let premium = rounding.round(self.rate.of(base));
        let at_an_end = base == self.floor || base == self.cap;
        let within = (self.floor..=self.cap).contains(&base) && premium % self.step.max(1) == 0;
        if at_an_end || within { Ok(()) } else { Err(NotOffered { floor: self.floor, cap: self.cap, step: self.step }) }
    }
}

impl Flexible {
    /// The month's premium, and the base that it is of; `None` if this kind cannot be had in this capacity here.
    /// A base that was chosen in an earlier year is brought between the limits of the date.
    #[must_use]
    pub fn premium(&self, capacity: Capacity, kind: Kind, chosen: i64, rounding: Rule) -> Option<(i64, i64)> {
        let sum = match (kind, capacity) {
            (Kind::Pension, _) => {
                let pension = self.pension?;
                let base = chosen.min(pension.cap).max(pension.floor);
                return Some((rounding.round(pension.rate.of(base)), base));
            }
            (Kind::Medical, Capacity::Flexible) => self.medical?,
            (Kind::Medical, Capacity::FlexibleWithoutAccount) => self.medical_without_account?,
            (Kind::Unemployment, _) => self.unemployment?,
            _ => return None,
        };
        Some((rounding.round(sum.rate.of(chosen).plus(sum.fixed)), chosen))
    }
}

impl Parameter for Flexible {
    const NAME: &'static str = "premium.flexible";

    fn check(&self) -> Result<(), String> {
        if let Some(pension) = self.pension
            && (pension.floor <= 0 || pension.cap < pension.floor || pension.step <= 0 || pension.rate > Rate::WHOLE)
        {
            return Err("pension: floor above 0, cap not below it, step above 0 (all in fen), rate at most 100%".into());
        }
        for sum in [self.medical, self.medical_without_account, self.unemployment].into_iter().flatten() {
            if sum.fixed < 0 || sum.rate > Rate::WHOLE {
                return Err("a fixed sum is at least 0 fen, a rate at most 100%".into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanjing_2021() -> Flexible {
        Flexible {
            pension: Some(Pension { rate: "20%".parse().unwrap(), floor: 262_800, cap: 1_680_000, step: 1000 }),
            medical: Some(Sum { rate: Rate::ZERO, fixed: 21_000 }),
            medical_without_account: None,
            unemployment: Some(Sum { rate: Rate::ZERO, fixed: 5200 }),
        }
    }

    /// docs/centre.md §6.7.3: 525.60 to 3,360 yuan in steps of 10, medical 210, unemployment 52.
    #[test]
    fn nanjings_figures_come_out() {
        let flexible = nanjing_2021();
        assert_eq!(flexible.check(), Ok(()));
        let premium = |capacity, kind, chosen| flexible.premium(capacity, kind, chosen, Rule::FEN).map(|(fen, _)| fen);
        assert_eq!(premium(Capacity::Flexible, Kind::Pension, 0), Some(52_560));
        assert_eq!(premium(Capacity::Flexible, Kind::Pension, 265_000), Some(53_000));
        assert_eq!(premium(Capacity::Flexible, Kind::Pension, i64::MAX), Some(336_000));
        assert_eq!(premium(Capacity::Flexible, Kind::Medical, 0), Some(21_000));
        assert_eq!(premium(Capacity::FlexibleWithoutAccount, Kind::Medical, 0), None);
        assert_eq!(premium(Capacity::Flexible, Kind::Unemployment, 0), Some(5200));
        assert_eq!(premium(Capacity::Flexible, Kind::Injury, 0), None);
    }

    #[test]
    fn only_offered_bases_may_be_chosen() {
        let pension = nanjing_2021().pension.unwrap();
        for base in [262_800, 265_000, 270_000, 1_680_000] {
            assert_eq!(pension.choose(base, Rule::FEN), Ok(()), "{base}");
        }
        for base in [262_799, 262_900, 1_680_001, 0, -265_000] {
            assert!(pension.choose(base, Rule::FEN).is_err(), "{base}");
        }
    }

    #[test]
    fn wrong_figures_are_named() {
        let good = nanjing_2021();
        let pension = good.pension.unwrap();
        for wrong in [
            Flexible { pension: Some(Pension { floor: 0, ..pension }), ..good },
            Flexible { pension: Some(Pension { step: 0, ..pension }), ..good },
            Flexible { pension: Some(Pension { cap: 1, ..pension }), ..good },
            Flexible { medical: Some(Sum { rate: Rate::ZERO, fixed: -1 }), ..good },
        ] {
            assert!(wrong.check().is_err());
        }
    }
}
