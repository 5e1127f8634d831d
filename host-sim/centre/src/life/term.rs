//! When an oral loss lapses (docs/centre.md §6.9, §11), and how working days are counted.
//!
//! The day of the report does not count: three working days from a Friday end with the Wednesday after, at midnight.
//! Hours count from the report.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;
use crate::store::value::words;

/// The longest term: a year, in days or hours.
const DAYS_MAX: u16 = 366;
const HOURS_MAX: u16 = 24 * DAYS_MAX;

/// How long an oral loss holds; the parameter `loss.temporary_term` of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemporaryTerm {
    /// What `value` counts.
    pub unit: TermUnit,
    /// How many; 0 if and only if the unit is `none`.
    pub value: u16,
}

words! {
    /// What a term counts.
    pub enum TermUnit {
        /// Days on which offices work.
        WorkingDays,
        /// All days.
        Days,
        /// Hours.
        Hours,
        /// The report holds until it is released or confirmed.
        None,
    }
}

/// Which days are worked; the parameter `calendar`. A day that it does not name is worked from Monday to Friday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// 放假: days off, weekends among them if the notice names them.
    #[schema(value_type = Vec<String>)]
    pub holidays: BTreeSet<Date>,
    /// 调休: Saturdays and Sundays that are worked.
    #[schema(value_type = Vec<String>)]
    pub working: BTreeSet<Date>,
}

impl Parameter for TemporaryTerm {
    const NAME: &'static str = "loss.temporary_term";

    fn check(&self) -> Result<(), String> {
        let most = match self.unit {
            TermUnit::None if self.value == 0 => return Ok(()),
            TermUnit::None => return Err("value: 0, since the unit is `none`".into()),
            TermUnit::WorkingDays | TermUnit::Days => DAYS_MAX,
            TermUnit::Hours => HOURS_MAX,
        };
        if (1..=most).contains(&self.value) { Ok(()) } else { Err(format!("value: 1 to {most}")) }
    }
}

impl TemporaryTerm {
    /// The first moment at which a loss that was reported at `reported` has lapsed; `None`: never by itself.
    pub fn ends(&self, reported: DateTime, calendar: &Calendar) -> Option<DateTime> {
        let last_day = match self.unit {
            TermUnit::None => return None,
            TermUnit::Hours => {
                return reported.checked_add(SignedDuration::from_hours(self.value.into())).ok();
            }
            TermUnit::Days => reported.date().checked_add(i64::from(self.value).days()).ok()?,
            TermUnit::WorkingDays => calendar.working_day_after(reported.date(), self.value)?,
        };
        // Only beyond the year 9999 is there no next day; then it never lapses.
        Some(last_day.tomorrow().ok()?.at(0, 0, 0, 0))
    }
}

impl Parameter for Calendar {
    const NAME: &'static str = "calendar";

    fn check(&self) -> Result<(), String> {
        if let Some(day) = self.working.iter().find(|day| !is_weekend(**day)) {
            return Err(format!("working: Saturdays and Sundays only; {day} is none"));
        }
        if let Some(day) = self.working.intersection(&self.holidays).next() {
            return Err(format!("working: {day} is among the holidays, too"));
        }
        Ok(())
    }
}

impl Calendar {
    /// Whether offices work on `day`.
    pub fn is_worked(&self, day: Date) -> bool {
        self.working.contains(&day) || !(is_weekend(day) || self.holidays.contains(&day))
    }

    /// The `count`th working day after `day`; `None` beyond the year 9999.
    pub fn working_day_after(&self, day: Date, count: u16) -> Option<Date> {
        let mut day = day;
        let mut left = count;
        // Ends: outside the finite list of holidays five days of seven are worked.
        while left > 0 {
            day = day.tomorrow().ok()?;
            left -= u16::from(self.is_worked(day));
        }
        Some(day)
    }
}

/// Whether an oral loss whose term ends at `ends` has lapsed at `now`.
pub fn has_lapsed(ends: Option<DateTime>, now: DateTime) -> bool {
    ends.is_some_and(|ends| ends <= now)
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// Spring Festival 2026 as announced: off from 15 to 23 February, worked on the 14th and 28th.
    fn spring_festival() -> Calendar {
        let holidays = (15..=23).map(|d| day(&format!("2026-02-{d}"))).collect();
        Calendar { holidays, working: [day("2026-02-14"), day("2026-02-28")].into() }
    }

    #[test]
    fn terms_end_where_a_calendar_on_the_wall_says() {
        use TermUnit as U;
        let rows = [
            // Thursday; Friday, Saturday worked, then the festival; Tuesday 24 is the third.
            (U::WorkingDays, 3, "2026-02-12T09:30:00", Some("2026-02-25T00:00:00")),
            // Friday evening: the worked Saturday is the first.
            (U::WorkingDays, 3, "2026-02-13T23:59:59", Some("2026-02-26T00:00:00")),
            // Reported on a holiday.
            (U::WorkingDays, 1, "2026-02-20T00:00:00", Some("2026-02-25T00:00:00")),
            // A common week, and a common weekend.
            (U::WorkingDays, 3, "2026-03-02T12:00:00", Some("2026-03-06T00:00:00")),
            (U::WorkingDays, 3, "2026-03-06T12:00:00", Some("2026-03-12T00:00:00")),
            (U::Days, 7, "2026-02-26T08:00:00", Some("2026-03-06T00:00:00")),
            (U::Days, 1, "2028-02-28T08:00:00", Some("2028-03-01T00:00:00")),
            (U::Hours, 24, "2026-12-31T18:05:09", Some("2027-01-01T18:05:09")),
            (U::None, 0, "2026-03-02T12:00:00", None),
            (U::Days, 7, "9999-12-28T08:00:00", None),
        ];
        for (unit, value, reported, ends) in rows {
            let term = TemporaryTerm { unit, value };
            assert_eq!(term.check(), Ok(()));
            let expected = ends.map(|text| text.parse().unwrap());
            assert_eq!(term.ends(reported.parse().unwrap(), &spring_festival()), expected, "{term:?} {reported}");
        }
    }

    #[test]
    fn a_loss_lapses_at_its_end_and_not_a_nanosecond_before() {
        let ends: DateTime = "2026-03-06T00:00:00".parse().unwrap();
        assert!(has_lapsed(Some(ends), ends));
        assert!(!has_lapsed(Some(ends), ends.checked_sub(1.nanosecond()).unwrap()));
        assert!(!has_lapsed(None, DateTime::MAX));
    }

    #[test]
    fn what_cannot_be_a_term_or_a_calendar_is_refused() {
        let term = |unit, value| TemporaryTerm { unit, value }.check().unwrap_err();
        assert!(term(TermUnit::None, 3).contains('0'));
        assert!(term(TermUnit::Hours, 0).contains("1 to 8784"));
        for unit in [TermUnit::Days, TermUnit::WorkingDays] {
            for value in [0, 367] {
                assert!(term(unit, value).contains("1 to 366"));
            }
        }
        assert_eq!(spring_festival().check(), Ok(()));
        let weekday = Calendar { working: [day("2026-03-02")].into(), ..Calendar::default() };
        assert!(weekday.check().unwrap_err().contains("2026-03-02"));
        let both = Calendar { holidays: [day("2026-02-14")].into(), working: [day("2026-02-14")].into() };
        assert!(both.check().unwrap_err().contains("2026-02-14"));
    }
}
