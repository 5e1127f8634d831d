//! A month of premium: the period that one line of a slip pays for. No days but its first and last.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::acts::fields;

/// A month of the calendar. Inside it is its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month that has this day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> Date {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> Date {
        self.0.last_of_month()
    }

    /// A day of it; the last one if the month is shorter.
    #[must_use]
    pub fn day(self, day: i8) -> Date {
        let day = day.clamp(1, self.0.days_in_month());
        self.0.with().day(day).build().unwrap_or(self.0)
    }

    /// The month so many months later, or earlier if negative; the calendar ends with the year 9999.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months.clamp(-100_000, 100_000).months()))
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// How many months later `other` is; negative if it is earlier.
    #[must_use]
    pub fn until(self, other: Self) -> i32 {
        let index = |month: Self| i32::from(month.0.year()) * 12 + i32::from(month.0.month());
        index(other) - index(self)
    }
}

impl From<fields::Month> for Month {
    fn from(month: fields::Month) -> Self {
        Self::of(month.0)
    }
}

impl From<Month> for fields::Month {
    fn from(month: Month) -> Self {
        Self(month.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// A day of every year, written `09-01`: where windows and covers begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearDay {
    month: i8,
    day: i8,
}

impl YearDay {
    /// This day in that year. 29 February is 28 February in a year without it.
    #[must_use]
    pub fn in_year(self, year: i16) -> Date {
        let year = year.clamp(1, 9999);
        Date::new(year, self.month, self.day).unwrap_or_else(|_| Month::of(first_of(year, self.month)).last())
    }
}

/// The first day of a month from 1 to 12 of a year from 1 to 9999.
fn first_of(year: i16, month: i8) -> Date {
    Date::new(year, month, 1).unwrap_or(date(2000, 1, 1))
}

impl fmt::Display for YearDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// The text is no day of a year as `09-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no day of a year; write month and day as 09-01")]
pub struct NoYearDay;

impl TryFrom<String> for YearDay {
    type Error = NoYearDay;

    fn try_from(text: String) -> Result<Self, NoYearDay> {
        // A leap year has every day that a year can have.
        let day: Date = format!("2000-{text}").parse().map_err(|_| NoYearDay)?;
        let day = Self { month: day.month(), day: day.day() };
        if day.to_string() == text { Ok(day) } else { Err(NoYearDay) }
    }
}

impl From<YearDay> for String {
    fn from(day: YearDay) -> Self {
        day.to_string()
    }
}

impl PartialSchema for YearDay {
    fn schema() -> RefOr<Schema> {
        let shape = r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$";
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(shape)).into()
    }
}
impl ToSchema for YearDay {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted() {
        let month = Month::of(date(2023, 12, 9));
        assert_eq!((month.first(), month.last()), (date(2023, 12, 1), date(2023, 12, 31)));
        assert_eq!((month.next().to_string(), month.plus(-12).to_string()), ("2024-01".into(), "2022-12".into()));
        assert_eq!(month.until(Month::of(date(2025, 2, 28))), 14);
        assert_eq!(Month::of(date(2024, 2, 1)).day(31), date(2024, 2, 29));
    }

    #[test]
    fn a_day_of_the_year_knows_leap_years() {
        let day = YearDay::try_from("02-29".to_string()).unwrap();
        assert_eq!((day.in_year(2024), day.in_year(2025)), (date(2024, 2, 29), date(2025, 2, 28)));
        for wrong in ["", "13-01", "02-30", "9-1", "09-01 ", "09-01T00:00"] {
            assert!(YearDay::try_from(wrong.to_string()).is_err(), "{wrong}");
        }
    }
}
