//! What of a premium is credited to the personal account (个人账户划入): the parameter `account.credit`
//! (docs/centre.md §6.7.4). Before it is collected, nothing is credited.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::kinds::Capacity;
use super::rate::Rate;
use super::rounding::Rule;

/// From an age on, another rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CreditAge)]
#[serde(deny_unknown_fields)]
pub struct Age {
    /// In years completed at the end of the month.
    pub from_age: u8,
    /// Of the own base.
    pub rate: Rate,
}

/// The parameter `account.credit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AccountCredit)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Of the own base of an employee: one row from age 0 since 2023, several rows by rising age before.
    pub in_service: Vec<Age>,
    /// Of the base of a flexible worker with a personal account; missing: as an employee.
    pub flexible: Option<Rate>,
    /// A retired person's sum, in fen a month; missing: not known, and nothing is credited.
    pub retired: Option<i64>,
}

impl Credit {
    /// The credit of a month whose premium was collected, in fen. Not of the retired, whose sum needs no premium.
    #[must_use]
    pub fn of_premium(&self, capacity: Capacity, base: i64, age: u8, rounding: Rule) -> i64 {
        let by_age = self.in_service.iter().rev().find(|row| age >= row.from_age).map_or(Rate::ZERO, |row| row.rate);
        let rate = match capacity {
            Capacity::Employee => by_age,
            Capacity::Flexible => self.flexible.unwrap_or(by_age),
            Capacity::FlexibleWithoutAccount | Capacity::Retired | Capacity::Resident => Rate::ZERO,
        };
        rounding.round(rate.of(base))
    }
}

impl Parameter for Credit {
    const NAME: &'static str = "account.credit";

    fn check(&self) -> Result<(), String> {
        if self.in_service.windows(2).any(|pair| pair[0].from_age >= pair[1].from_age) {
            return Err("the rows of in-service stand by rising from-age".into());
        }
        let rates = self.in_service.iter().map(|row| row.rate).chain(self.flexible);
        if rates.max().is_some_and(|rate| rate > Rate::WHOLE) || self.retired.is_some_and(|fen| fen < 0) {
            return Err("a rate is at most 100%, a sum at least 0 fen".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    /// docs/centre.md §6.7.4
    #[test]
    fn since_2023_the_own_two_percent() {
        let credit = Credit {
            in_service: vec![Age { from_age: 0, rate: rate("2%") }],
            flexible: Some(rate("3%")),
            retired: Some(10_000),
        };
        assert_eq!(credit.check(), Ok(()));
        for (capacity, fen) in [
            (Capacity::Employee, 9758),
            (Capacity::Flexible, 14_637),
            (Capacity::FlexibleWithoutAccount, 0),
            (Capacity::Retired, 0),
            (Capacity::Resident, 0),
        ] {
            assert_eq!(credit.of_premium(capacity, 487_900, 50, Rule::FEN), fen, "{capacity}");
        }
    }

    #[test]
    fn before_by_age() {
        let row = |from_age, text| Age { from_age, rate: rate(text) };
        let mut credit = Credit { in_service: vec![row(0, "3%"), row(45, "3.4%")], flexible: None, retired: None };
        let fen = |credit: &Credit, age| credit.of_premium(Capacity::Employee, 500_000, age, Rule::FEN);
        assert_eq!((fen(&credit, 44), fen(&credit, 45)), (15_000, 17_000));
        credit.in_service.reverse();
        assert!(credit.check().is_err());
        assert!(Credit { in_service: vec![], flexible: None, retired: Some(-1) }.check().is_err());
    }
}
