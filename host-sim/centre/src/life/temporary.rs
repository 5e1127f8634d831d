//! The temporary card: lent for some weeks while a person waits for a card; it has no bank function, is of no use in
//! another area, and is handed back when the card is collected (docs/centre.md §6.9).

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusal::LifeRefusal;
use crate::configuration::Parameter;

/// How long temporary cards are lent; the parameter `card.temporary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemporaryCards {
    /// Days, if the act names none.
    pub days: u16,
    /// The most days, extensions included.
    pub days_max: u16,
}

impl Parameter for TemporaryCards {
    const NAME: &'static str = "card.temporary";

    fn check(&self) -> Result<(), String> {
        if !(1..=366).contains(&self.days_max) {
            return Err("days_max: 1 to 366".into());
        }
        if !(1..=self.days_max).contains(&self.days) {
            return Err(format!("days: 1 to {}", self.days_max));
        }
        Ok(())
    }
}

impl TemporaryCards {
    /// The last day of a card that is lent today for `days`.
    ///
    /// # Errors
    /// It would be lent for too long, or not at all.
    pub fn last_day(&self, today: Date, days: Option<u16>) -> Result<Date, LifeRefusal> {
        let days = days.unwrap_or(self.days);
        if !(1..=self.days_max).contains(&days) {
            return Err(LifeRefusal::TemporaryTooLong(self.days_max));
        }
        // The day on which it is lent is the first.
        Ok(today.saturating_add((i64::from(days) - 1).days()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_days_and_at_most_half_a_year() {
        let cards = TemporaryCards { days: 60, days_max: 180 };
        let today: Date = "2026-03-02".parse().unwrap();
        for (days, last) in [(None, "2026-04-30"), (Some(1), "2026-03-02"), (Some(180), "2026-08-28")] {
            assert_eq!(cards.last_day(today, days), Ok(last.parse().unwrap()));
        }
        for days in [0, 181, u16::MAX] {
            assert_eq!(cards.last_day(today, Some(days)), Err(LifeRefusal::TemporaryTooLong(180)));
        }
        assert_eq!(cards.check(), Ok(()));
        assert!(TemporaryCards { days: 60, days_max: 59 }.check().unwrap_err().contains("1 to 59"));
        assert!(TemporaryCards { days: 0, days_max: 59 }.check().is_err());
        for days_max in [0, 367] {
            assert!(TemporaryCards { days: 60, days_max }.check().unwrap_err().contains("days_max"));
        }
    }
}
