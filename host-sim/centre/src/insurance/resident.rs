//! Residents' medical insurance (居民医疗保险): one premium a year, paid in a window, for a cover of a year; and those
//! who come in between, such as the newborn (docs/centre.md §6.7.3).

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;
use crate::store::value::words;

use super::month::{Month, YearDay};
use super::waiting::ResidentWaiting;

words! {
    /// A class of residents.
    #[schema(as = ResidentClass)]
    pub enum Class {
        /// 老年居民.
        Elderly,
        /// 其他居民.
        Other,
        /// 学生儿童.
        Pupil,
        /// 大学生.
        Student,
    }
}

/// What a class pays, when, and for which year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResidentClassRule)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The class.
    pub class: Class,
    /// The person's part, in fen a year.
    pub personal: i64,
    /// The finance authority's part, in fen a year.
    pub subsidy: i64,
    /// The cover begins on this day, and lasts a year.
    pub cover_begins: YearDay,
    /// The window opens on the last such day before the cover begins.
    pub window_opens: YearDay,
    /// The window's last day: the first such day after it opened.
    pub window_closes: YearDay,
}

/// The parameter `premium.resident`: of covers that begin while it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResidentPremium)]
#[serde(deny_unknown_fields)]
pub struct Resident {
    /// One row for each class.
    pub classes: Vec<ClassRule>,
    /// Paid within so many days of birth, the cover begins with the birth.
    pub newborn_days: u16,
    /// Paid within so many days after the end of an employment, there is no waiting.
    pub former_employee_days: u16,
    /// Who has been registered here for fewer years pays the subsidy's part too.
    pub registered_years: u8,
}

/// Why somebody may come in outside the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// No reason.
    Ordinary,
    /// Born on this day.
    Newborn(Date),
    /// Insured as an employee until this day.
    FormerEmployee(Date),
}

/// A year's premium that is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The year in which the cover begins.
    pub year: i16,
    /// The day of the payment.
    pub paid: Date,
    /// How the person comes in.
    pub entry: Entry,
    /// How many years before it went without cover.
    pub missed: u8,
    /// For how many of them the waiting was bought off.
    pub bought_off: u8,
}

/// Who pays what of a year's premium, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The person.
    pub personal: i64,
    /// The finance authority.
    pub subsidy: i64,
}

/// What a paid premium gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// The first day on which the pool pays; after `from` if there is a waiting, and perhaps after `until`.
    pub pool_from: Date,
}

/// Nobody can pay now: the window of this cover has not opened, or the cover is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow {
    /// When the window opens.
    pub opens: Date,
    /// The cover's last day.
    pub ends: Date,
}

impl ClassRule {
    /// First and last day of the cover that begins in `year`.
    #[must_use]
    pub fn cover(&self, year: i16) -> (Date, Date) {
        let begins = self.cover_begins.in_year(year);
        (begins, self.cover_begins.in_year(year.saturating_add(1)).saturating_sub(1.day()))
    }

    /// First and last day of the window of the cover that begins in `year`.
    #[must_use]
    pub fn window(&self, year: i16) -> (Date, Date) {
        let (begins, _) = self.cover(year);
        let same = self.window_opens.in_year(begins.year());
        let opens = if same < begins { same } else { self.window_opens.in_year(begins.year().saturating_sub(1)) };
        let same = self.window_closes.in_year(opens.year());
        let closes = if same >= opens { same } else { self.window_closes.in_year(opens.year().saturating_add(1)) };
        (opens, closes)
    }

    /// Who pays what: the poor nothing, who has not been registered here for long both parts.
    #[must_use]
    pub const fn shares(&self, poor: bool, registered_long: bool) -> Shares {
        let Self { personal, subsidy, .. } = *self;
        if poor {
            Shares { personal: 0, subsidy: personal + subsidy }
        } else if registered_long {
            Shares { personal, subsidy }
        } else {
            Shares { personal: personal + subsidy, subsidy: 0 }
        }
    }
}

impl Resident {
    /// The row of a class.
    #[must_use]
    pub fn class(&self, class: Class) -> Option<&ClassRule> {
        self.classes.iter().find(|row| row.class == class)
    }

    /// Whether somebody who has been registered here since `since` has been so for long on `day`.
    #[must_use]
    pub fn registered_long(&self, since: Date, day: Date) -> bool {
        since.saturating_add(i32::from(self.registered_years).years()) <= day
    }

    /// What a payment gives.
    pub fn pay(&self, rule: &ClassRule, payment: Payment, waiting: &ResidentWaiting) -> Result<Cover, NotNow> {
        let Payment { year, paid, entry, missed, bought_off } = payment;
        let (begins, until) = rule.cover(year);
        let (opens, closes) = rule.window(year);
        if paid < opens || paid > until {
            return Err(NotNow { opens, ends: until });
        }
        let month_after = Month::of(paid).next().first();
        let within = |since: Date, days: u16| paid >= since && paid <= since.saturating_add(i32::from(days).days());
        let immediately = |from: Date| Ok(Cover { from, until, pool_from: from });
        match entry {
            Entry::Newborn(birth) if within(birth, self.newborn_days) => return immediately(begins.max(birth)),
            Entry::FormerEmployee(ended) if within(ended, self.former_employee_days) => {
                return immediately(begins.max(month_after));
            }
            // Too late, a child pays like everybody, but a first year cannot have been missed.
            Entry::Newborn(birth) if birth >= begins => return immediately(month_after),
            _ => {}
        }
        let in_window = paid <= closes;
        let from = begins.max(if in_window { begins } else { paid });
        let months = waiting.months(!in_window, missed, bought_off);
        Ok(Cover { from, until, pool_from: from.saturating_add(i32::from(months).months()) })
    }
}

impl Parameter for Resident {
    const NAME: &'static str = "premium.resident";

    fn check(&self) -> Result<(), String> {
        for (at, row) in self.classes.iter().enumerate() {
            if row.personal < 0 || row.subsidy < 0 || row.personal.checked_add(row.subsidy).is_none() {
                return Err(format!("{}: amounts are at least 0 fen", row.class));
            }
            if self.classes[..at].iter().any(|other| other.class == row.class) {
                return Err(format!("{} stands twice; give it one row", row.class));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(text: &str) -> YearDay {
        YearDay::try_from(text.to_string()).unwrap()
    }

    fn row(class: Class, begins: &str, opens: &str, closes: &str) -> ClassRule {
        ClassRule {
            class,
            personal: 40_000,
            subsidy: 67_000,
            cover_begins: day(begins),
            window_opens: day(opens),
            window_closes: day(closes),
        }
    }

    fn rules() -> Resident {
        Resident {
            classes: vec![
                row(Class::Other, "01-01", "10-01", "12-31"),
                row(Class::Student, "09-01", "08-15", "09-30"),
                row(Class::Elderly, "01-01", "11-01", "02-28"),
            ],
            newborn_days: 90,
            former_employee_days: 90,
            registered_years: 5,
        }
    }

    const WAITING: ResidentWaiting =
        ResidentWaiting { fixed_months: 3, months_per_further_year: 1, many_years: 4, many_years_months: 6 };

    fn pay(class: Class, paid: Date, entry: Entry, missed: u8, bought_off: u8) -> Result<Cover, NotNow> {
        let rules = rules();
        rules.pay(rules.class(class).unwrap(), Payment { year: 2024, paid, entry, missed, bought_off }, &WAITING)
    }

    /// docs/centre.md §6.7.3: an autumn window for January to December, students September to August.
    #[test]
    fn windows_and_covers_of_the_classes() {
        let rules = rules();
        assert_eq!(rules.check(), Ok(()));
        for (class, window, cover) in [
            (Class::Other, (date(2023, 10, 1), date(2023, 12, 31)), (date(2024, 1, 1), date(2024, 12, 31))),
            (Class::Student, (date(2024, 8, 15), date(2024, 9, 30)), (date(2024, 9, 1), date(2025, 8, 31))),
            (Class::Elderly, (date(2023, 11, 1), date(2024, 2, 28)), (date(2024, 1, 1), date(2024, 12, 31))),
        ] {
            let rule = rules.class(class).unwrap();
            assert_eq!((rule.window(2024), rule.cover(2024)), (window, cover), "{class}");
        }
        assert_eq!(rules.class(Class::Pupil), None);
    }

    #[test]
    fn in_the_window_the_cover_begins_with_the_year() {
        let cover = pay(Class::Other, date(2023, 10, 1), Entry::Ordinary, 0, 0).unwrap();
        assert_eq!(
            (cover.from, cover.until, cover.pool_from),
            (date(2024, 1, 1), date(2024, 12, 31), date(2024, 1, 1))
        );
        assert!(pay(Class::Other, date(2023, 9, 30), Entry::Ordinary, 0, 0).is_err());
        assert!(pay(Class::Other, date(2025, 1, 1), Entry::Ordinary, 0, 0).is_err());
    }

    /// docs/centre.md §6.7.3, waiting from 2025.
    #[test]
    fn late_or_with_missed_years_the_pool_waits() {
        let pool = |paid, missed, bought| pay(Class::Other, paid, Entry::Ordinary, missed, bought).unwrap().pool_from;
        assert_eq!(pool(date(2024, 3, 10), 0, 0), date(2024, 6, 10));
        assert_eq!(pool(date(2023, 12, 31), 1, 0), date(2024, 4, 1));
        assert_eq!(pool(date(2023, 12, 31), 3, 0), date(2024, 6, 1));
        assert_eq!(pool(date(2023, 12, 31), 3, 2), date(2024, 4, 1));
        assert_eq!(pool(date(2023, 12, 31), 6, 0), date(2024, 9, 1));
        assert_eq!(pool(date(2023, 12, 31), 6, 6), date(2024, 7, 1));
    }

    #[test]
    fn newborn_children_and_former_employees_do_not_wait() {
        let birth = date(2024, 4, 1);
        let newborn = |paid| pay(Class::Other, paid, Entry::Newborn(birth), 0, 0).unwrap();
        assert_eq!(newborn(date(2024, 6, 30)).pool_from, birth);
        assert_eq!(newborn(date(2024, 7, 1)).pool_from, date(2024, 8, 1));
        let former = |paid| pay(Class::Other, paid, Entry::FormerEmployee(birth), 2, 0).unwrap();
        assert_eq!(former(date(2024, 6, 30)).pool_from, date(2024, 7, 1));
        assert_eq!(former(date(2024, 7, 1)).pool_from, date(2024, 11, 1));
        // Born in the window before the year: the cover of the year does not begin before the year.
        let early = pay(Class::Other, date(2023, 12, 20), Entry::Newborn(date(2023, 12, 1)), 0, 0).unwrap();
        assert_eq!(early.from, date(2024, 1, 1));
    }

    #[test]
    fn who_pays_what() {
        let rule = rules().classes[0];
        assert_eq!(rule.shares(false, true), Shares { personal: 40_000, subsidy: 67_000 });
        assert_eq!(rule.shares(false, false), Shares { personal: 107_000, subsidy: 0 });
        assert_eq!(rule.shares(true, false), Shares { personal: 0, subsidy: 107_000 });
        let rules = rules();
        assert!(rules.registered_long(date(2019, 5, 1), date(2024, 5, 1)));
        assert!(!rules.registered_long(date(2019, 5, 2), date(2024, 5, 1)));
        let mut twice = rules.clone();
        twice.classes.push(rule);
        assert!(twice.check().is_err());
    }
}
