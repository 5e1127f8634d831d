//! When a month's premium is due, what being late costs, and what it stops (docs/centre.md §6.7.5): the parameter `arrears`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::faults::{Fault, bent};
use super::interest::days;
use super::month::Month;
use super::rate::Rate;
use super::rounding::Rule;

/// The parameter `arrears`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrears {
    /// Bases and relations are declared until this day of the month.
    pub declare_until: i8,
    /// A premium is paid until this day …
    pub pay_until: i8,
    /// … of the month so many months after its own.
    #[serde(default)]
    pub months_later: u8,
    /// Of the premium, for each day after that.
    pub late_fee_a_day: Rate,
    /// A late fee never exceeds this share of the premium; missing: no limit.
    pub late_fee_at_most: Option<Rate>,
    /// The pool still pays for so many days of arrears.
    #[serde(default)]
    pub pool_days: u16,
    /// Whether the personal account stays usable while there are arrears.
    pub account_usable: bool,
}

impl Arrears {
    /// The last day on which a month's premium is paid in time.
    #[must_use]
    pub fn due(&self, month: Month) -> Date {
        month.plus(i32::from(self.months_later)).day(self.pay_until)
    }

    /// The late fee, in fen, of a premium of `fen` that was due on `due` and is paid on `paid`.
    #[must_use]
    pub fn late_fee(&self, fen: i64, due: Date, paid: Date, rounding: Rule) -> i64 {
        let late = days(due, paid) + i32::from(bent(Fault::LateFeeADayEarly));
        let fee = rounding.round(self.late_fee_a_day.of(fen).times(i128::from(late)));
        self.late_fee_at_most.map_or(fee, |most| fee.min(rounding.round(most.of(fen))))
    }

    /// Whether the pool has stopped on `day` because of an unpaid premium that was due on `due`.
    #[must_use]
    pub fn pool_stopped(&self, due: Date, day: Date) -> bool {
        days(due, day) > i32::from(self.pool_days) && !bent(Fault::PoolInArrears)
    }
}

impl Parameter for Arrears {
    const NAME: &'static str = "arrears";

    fn check(&self) -> Result<(), String> {
        if !(1..=31).contains(&self.pay_until) || !(1..=31).contains(&self.declare_until) || self.months_later > 12 {
            return Err("declare-until and pay-until are days from 1 to 31, months-later is at most 12".into());
        }
        if self.late_fee_a_day > Rate::WHOLE {
            return Err("late-fee-a-day is at most 100%".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn arrears() -> Arrears {
        Arrears {
            declare_until: 15,
            pay_until: 24,
            months_later: 0,
            late_fee_a_day: "0.05%".parse().unwrap(),
            late_fee_at_most: None,
            pool_days: 0,
            account_usable: true,
        }
    }

    /// docs/centre.md §6.7.5: pay until the 24th, 0.05 % a day.
    #[test]
    fn the_late_fee_counts_days_after_the_day_due() {
        let arrears = arrears();
        let due = arrears.due(Month::of(date(2024, 2, 1)));
        assert_eq!(due, date(2024, 2, 24));
        for (paid, fee) in [
            (date(2024, 2, 1), 0),
            (date(2024, 2, 24), 0),
            (date(2024, 2, 25), 27),
            (date(2024, 3, 24), 786),
            (date(2025, 2, 24), 9919),
        ] {
            assert_eq!(arrears.late_fee(54_200, due, paid, Rule::FEN), fee, "{paid}");
        }
        let capped = Arrears { late_fee_at_most: Some("1%".parse().unwrap()), ..arrears };
        assert_eq!(capped.late_fee(54_200, due, date(2026, 1, 1), Rule::FEN), 542);
    }

    #[test]
    fn the_pool_stops_after_the_days_of_grace() {
        let due = date(2024, 2, 24);
        let grace = Arrears { pool_days: 30, ..arrears() };
        assert!(!arrears().pool_stopped(due, due) && arrears().pool_stopped(due, date(2024, 2, 25)));
        assert!(!grace.pool_stopped(due, date(2024, 3, 25)) && grace.pool_stopped(due, date(2024, 3, 26)));
        assert_eq!(Arrears { months_later: 1, pay_until: 31, ..grace }.due(Month::of(due)), date(2024, 3, 31));
    }

    #[test]
    fn wrong_figures_are_named() {
        for wrong in [
            Arrears { pay_until: 0, ..arrears() },
            Arrears { declare_until: 32, ..arrears() },
            Arrears { late_fee_a_day: "101%".parse().unwrap(), ..arrears() },
        ] {
            assert!(wrong.check().is_err());
        }
    }
}
