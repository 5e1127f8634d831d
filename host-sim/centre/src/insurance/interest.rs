//! A year's interest on a personal account: the parameter `account.interest` (docs/centre.md §6.7.4). Each fen bears interest
//! for the days of the year on which it was there.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::faults::{Fault, bent};
use super::rate::{Exact, Rate};
use super::rounding::Rule;

/// The parameter `account.interest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AccountInterest)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// A year's rate.
    pub rate: Rate,
}

impl Parameter for Interest {
    const NAME: &'static str = "account.interest";

    fn check(&self) -> Result<(), String> {
        if self.rate <= Rate::WHOLE { Ok(()) } else { Err("a year's rate is at most 100%".into()) }
    }
}

/// The interest of `year`, in fen, of an account with these entries (day, fen). An entry counts from its own day; entries
/// after the year do not count.
#[must_use]
pub fn of_year(entries: &[(Date, i64)], year: i16, interest: Interest, rounding: Rule) -> i64 {
    let year = year.clamp(1, 9998);
    let (begin, end) = (date(year, 1, 1), date(year + 1, 1, 1));
    let fen_days: i128 = entries
        .iter()
        .map(|(day, fen)| {
            let from = if bent(Fault::InterestFromJanuary) { begin } else { begin.max(*day) };
            i128::from(days(from, end)) * i128::from(*fen)
        })
        .sum();
    let exact = Exact { numerator: fen_days.max(0), denominator: i128::from(days(begin, end)) };
    rounding.round(exact.share(interest.rate))
}

/// Days from one day to a later one; 0 if it is not later.
pub(super) fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "2%";

    fn of(entries: &[(Date, i64)], year: i16) -> i64 {
        of_year(entries, year, Interest { rate: TWO.parse().unwrap() }, Rule::FEN)
    }

    #[test]
    fn money_bears_interest_for_the_days_it_is_there() {
        assert_eq!(of(&[(date(2022, 5, 5), 1_000_000)], 2023), 20_000);
        assert_eq!(of(&[(date(2024, 1, 1), 1_000_000)], 2024), 20_000);
        // 184 of 366 days: 10,054.64.
        assert_eq!(of(&[(date(2024, 7, 1), 1_000_000)], 2024), 10_055);
        assert_eq!(of(&[(date(2024, 12, 31), 1_000_000)], 2024), 55);
        assert_eq!(of(&[(date(2025, 1, 1), 1_000_000)], 2024), 0);
        let spent = [(date(2023, 1, 1), 1_000_000), (date(2023, 7, 2), -1_000_000)];
        assert_eq!((of(&spent, 2023), of(&spent, 2024)), (9973, 0));
        assert_eq!(of(&[], 2024), 0);
    }
}
