//! What a month's premium of an employee costs (docs/centre.md §6.7.2): rates of the kinds, and of injury by the class of
//! the employer's trade.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::faults::{Fault, bent};
use super::kinds::Kind;
use super::rate::Rate;
use super::rounding::Rule;

/// The rates of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PremiumKindRates)]
#[serde(deny_unknown_fields)]
pub struct KindRates {
    /// The kind; injury has a parameter of its own.
    pub kind: Kind,
    /// The employer's rate.
    pub employer: Rate,
    /// The employee's rate.
    pub employee: Rate,
    /// What the employee pays besides, in fen a month, such as the 10 yuan for serious illness.
    #[serde(default)]
    pub employee_fixed: i64,
}

/// The parameter `premium.rates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PremiumRates)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// One row for each kind that is collected here.
    pub kinds: Vec<KindRates>,
}

/// The parameter `premium.injury`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InjuryRates)]
#[serde(deny_unknown_fields)]
pub struct Injury {
    /// The rates of the classes of trade, from class 1.
    pub classes: Vec<Rate>,
    /// The share of the rate that is collected now: 100%, or less during a temporary cut.
    pub collected: Rate,
}

/// The parts of a month's premium, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The employer's.
    pub employer: i64,
    /// The insured person's own, by rate.
    pub own: i64,
    /// What the insured person pays besides, as a fixed sum.
    pub fixed: i64,
}

impl Parts {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.employer + self.own + self.fixed
    }
}

impl Rates {
    /// The premium of a kind other than injury; `None` if the kind is not collected here.
    #[must_use]
    pub fn premium(&self, kind: Kind, base: i64, rounding: Rule) -> Option<Parts> {
        let row = self.kinds.iter().find(|row| row.kind == kind)?;
        let fixed = if bent(Fault::FixedSumForgotten) { 0 } else { row.employee_fixed };
        Some(Parts {
            employer: rounding.round(row.employer.of(base)),
            own: rounding.round(row.employee.of(base)),
            fixed,
        })
    }
}

impl Parameter for Rates {
    const NAME: &'static str = "premium.rates";

    fn check(&self) -> Result<(), String> {
        for (at, row) in self.kinds.iter().enumerate() {
            if matches!(row.kind, Kind::Injury | Kind::Resident) {
                return Err(format!("{} has a parameter of its own (premium.injury, premium.resident)", row.kind));
            }
            if row.employer > Rate::WHOLE || row.employee > Rate::WHOLE || row.employee_fixed < 0 {
                return Err(format!("{}: a rate is at most 100%, a fixed sum at least 0 fen", row.kind));
            }
            if self.kinds[..at].iter().any(|other| other.kind == row.kind) {
                return Err(format!("{} stands twice; give it one row", row.kind));
            }
        }
        Ok(())
    }
}

impl Injury {
    /// The employer's premium for a trade of `class`, from 1; `None` if there is no such class.
    #[must_use]
    pub fn premium(&self, class: u8, base: i64, rounding: Rule) -> Option<Parts> {
        let rate = self.classes.get(usize::from(class).checked_sub(1)?)?;
        Some(Parts { employer: rounding.round(rate.of(base).share(self.collected)), ..Parts::default() })
    }
}

impl Parameter for Injury {
    const NAME: &'static str = "premium.injury";

    fn check(&self) -> Result<(), String> {
        if self.classes.is_empty() || self.classes.iter().any(|rate| *rate > Rate::WHOLE) {
            return Err("there is at least one class, and a rate is at most 100%".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounding::{Mode, Unit};
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn nanjing() -> Rates {
        let row = |kind, employer, employee, employee_fixed| KindRates {
            kind,
            employer: rate(employer),
            employee: rate(employee),
            employee_fixed,
        };
        Rates {
            kinds: vec![
                row(Kind::Pension, "16%", "8%", 0),
                row(Kind::Medical, "9%", "2%", 1000),
                row(Kind::Maternity, "0.8%", "0%", 0),
                row(Kind::Unemployment, "0.5%", "0.5%", 0),
            ],
        }
    }

    fn injury(collected: &str) -> Injury {
        let classes = ["0.2%", "0.4%", "0.7%", "0.9%", "1.1%", "1.3%", "1.6%", "1.9%"].map(rate).to_vec();
        Injury { classes, collected: rate(collected) }
    }

    /// The table of docs/centre.md §6.7.2.
    #[test]
    fn nanjings_figures_come_out() {
        let rates = nanjing();
        assert_eq!(rates.check(), Ok(()));
        for (kind, base, employer, own, fixed) in [
            (Kind::Pension, 487_900, 78_064, 39_032, 0),
            (Kind::Pension, 2_439_600, 390_336, 195_168, 0),
            (Kind::Medical, 487_900, 43_911, 9758, 1000),
            (Kind::Medical, 2_439_600, 219_564, 48_792, 1000),
            (Kind::Maternity, 487_900, 3903, 0, 0),
            (Kind::Maternity, 2_439_600, 19_517, 0, 0),
            (Kind::Unemployment, 487_900, 2440, 2440, 0),
            (Kind::Unemployment, 2_439_600, 12_198, 12_198, 0),
        ] {
            assert_eq!(rates.premium(kind, base, Rule::FEN), Some(Parts { employer, own, fixed }), "{kind} {base}");
        }
        for (class, base, employer) in
            [(1, 487_900, 976), (8, 487_900, 9270), (1, 2_439_600, 4879), (8, 2_439_600, 46_352)]
        {
            assert_eq!(injury("100%").premium(class, base, Rule::FEN).unwrap().employer, employer);
        }
    }

    /// docs/centre.md §6.7.2: an employee's pay of 2017/18, 8 + 2 + 0.5 % and 10 yuan.
    #[test]
    fn the_sample_pay_line_comes_out() {
        let own: i64 = [Kind::Pension, Kind::Medical, Kind::Unemployment]
            .iter()
            .map(|kind| nanjing().premium(*kind, 277_200, Rule::FEN).unwrap())
            .map(|parts| parts.own + parts.fixed)
            .sum();
        assert_eq!(own, 30_106);
    }

    #[test]
    fn a_cut_an_unknown_class_and_another_rounding() {
        assert_eq!(injury("50%").premium(8, 487_900, Rule::FEN).unwrap().employer, 4635);
        assert_eq!(injury("100%").premium(0, 487_900, Rule::FEN), None);
        assert_eq!(injury("100%").premium(9, 487_900, Rule::FEN), None);
        let shanghai = Rule { unit: Unit::Jiao, mode: Mode::Up };
        assert_eq!(nanjing().premium(Kind::Maternity, 487_900, shanghai).unwrap().employer, 3910);
        assert_eq!(nanjing().premium(Kind::Resident, 487_900, shanghai), None);
    }

    #[test]
    fn wrong_rates_are_named() {
        let mut twice = nanjing();
        twice.kinds.push(twice.kinds[0]);
        let mut of_injury = nanjing();
        of_injury.kinds[0].kind = Kind::Injury;
        let mut too_much = nanjing();
        too_much.kinds[0].employer = rate("101%");
        let mut negative = nanjing();
        negative.kinds[1].employee_fixed = -1;
        for wrong in [twice, of_injury, too_much, negative] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        assert!(Injury { classes: vec![], collected: Rate::WHOLE }.check().is_err());
    }
}
