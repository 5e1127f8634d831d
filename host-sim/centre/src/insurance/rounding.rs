//! How amounts are rounded: each area has a rule for each kind of amount (docs/centre.md §6.7.2). Amounts that are exact
//! come from `rate`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;
use crate::store::value::words;

use super::faults::{Fault, bent};
use super::rate::Exact;

words! {
    /// The smallest amount that a rounded one is made of.
    #[schema(as = RoundingUnit)]
    pub enum Unit {
        /// 分, a hundredth of a yuan.
        Fen,
        /// 角, a tenth of a yuan.
        Jiao,
        /// 元.
        Yuan,
    }
}

words! {
    /// Which of the two neighbours is taken.
    #[schema(as = RoundingMode)]
    pub enum Mode {
        /// The nearer one; the higher one from the middle (四舍五入).
        HalfUp,
        /// The higher one, unless the amount is exact.
        Up,
        /// The lower one.
        Down,
        /// The nearer one; from the middle the even one.
        HalfEven,
    }
}

/// A rule of rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoundingRule)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The smallest amount.
    pub unit: Unit,
    /// Which neighbour.
    pub mode: Mode,
}

/// The parameter `premium.rounding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Of each part of a premium.
    pub premium: Rule,
    /// Of the credit to a personal account.
    pub credit: Rule,
    /// Of a late fee.
    pub late_fee: Rule,
    /// Of a year's interest.
    pub interest: Rule,
}

impl Parameter for Rounding {
    const NAME: &'static str = "premium.rounding";

    /// Every rule makes sense.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Rule {
    /// Half up to fen.
    pub const FEN: Self = Self { unit: Unit::Fen, mode: Mode::HalfUp };

    /// The amount in fen by this rule. Less than nothing is rounded as its opposite, so that undoing something is exact.
    /// Beyond the largest amount it stays there.
    #[must_use]
    pub fn round(self, exact: Exact) -> i64 {
        let unit: i128 = match self.unit {
            Unit::Fen => 1,
            Unit::Jiao => 10,
            Unit::Yuan => 100,
        };
        let Some(step) = exact.denominator.checked_mul(unit).filter(|step| *step > 0) else { return 0 };
        let (amount, sign) = (exact.numerator.saturating_abs(), exact.numerator.signum());
        let (whole, rest) = (amount / step, amount % step);
        let twice = rest.saturating_mul(2);
        let mode = if bent(Fault::RoundsHalfToEven) { Mode::HalfEven } else { self.mode };
        let up = match mode {
            Mode::HalfUp => twice >= step,
            Mode::Up => rest > 0,
            Mode::Down => false,
            Mode::HalfEven => twice > step || (twice == step && whole % 2 == 1),
        };
        i64::try_from((whole + i128::from(up)).saturating_mul(unit).saturating_mul(sign)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::super::rate::Rate;
    use super::*;

    fn share(rate: &str, fen: i64) -> Exact {
        rate.parse::<Rate>().unwrap().of(fen)
    }

    #[test]
    fn each_mode_and_unit_takes_its_neighbour() {
        use Mode::{Down, HalfEven, HalfUp, Up};
        use Unit::{Fen, Jiao, Yuan};
        // docs/centre.md §6.7.2: 0.5 % of 4,879 yuan is 24.395 yuan.
        let exact = share("0.5%", 487_900);
        for (unit, mode, fen) in [
            (Fen, HalfUp, 2440),
            (Fen, Up, 2440),
            (Fen, Down, 2439),
            (Fen, HalfEven, 2440),
            (Jiao, HalfUp, 2440),
            (Jiao, Up, 2440),
            (Jiao, Down, 2430),
            (Yuan, HalfUp, 2400),
            (Yuan, Up, 2500),
        ] {
            assert_eq!(Rule { unit, mode }.round(exact), fen, "{unit:?} {mode:?}");
        }
        // 24.405 is where half up and half even part.
        let exact = share("0.5%", 488_100);
        assert_eq!(Rule::FEN.round(exact), 2441);
        assert_eq!(Rule { unit: Fen, mode: HalfEven }.round(exact), 2440);
        // Shanghai: up to jiao, but an exact amount stays.
        assert_eq!(Rule { unit: Jiao, mode: Up }.round(share("1%", 1001)), 20);
        assert_eq!(Rule { unit: Jiao, mode: Up }.round(share("1%", 1000)), 10);
    }

    proptest! {
        #[test]
        fn the_rounded_amount_is_a_neighbour_and_undone_exactly(fen in 0i64..10_000_000, millionths in 0u32..1_000_000, unit in 0usize..3, mode in 0usize..4) {
            let rule = Rule { unit: Unit::VARIANTS[unit], mode: Mode::VARIANTS[mode] };
            let exact = Exact { numerator: i128::from(fen) * i128::from(millionths), denominator: 1_000_000 };
            let rounded = rule.round(exact);
            let unit = [1, 10, 100][unit];
            prop_assert_eq!(rounded % unit, 0);
            prop_assert!((i128::from(rounded) * 1_000_000 - exact.numerator).abs() < i128::from(unit) * 1_000_000);
            let opposite = Exact { numerator: -exact.numerator, ..exact };
            prop_assert_eq!(rule.round(opposite), -rounded);
        }
    }
}
