//! What somebody may use on a day: the pool of employees' or residents' insurance, and the own account
//! (docs/centre.md §6.7.3, §6.7.5). It follows from the person's own insurance alone.

use jiff::civil::Date;
use serde::Serialize;
use strum::{Display, IntoStaticStr};
use utoipa::ToSchema;

use super::arrears::Arrears;
use super::kinds::Capacity;

/// A time in which somebody is insured against illness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// In which capacity.
    pub capacity: Capacity,
    /// The first day.
    pub from: Date,
    /// The last day; `None`: it goes on.
    pub until: Option<Date>,
    /// The first day on which the pool pays: after `from` if there is a waiting.
    pub pool_from: Date,
}

/// A pool that pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Pool {
    /// Of employees, in service.
    InService,
    /// Of employees, retired.
    Retired,
    /// Of residents.
    Residents,
}

/// Why no pool pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum NoPool {
    /// Not insured on this day.
    NotInsured,
    /// Insured, but the waiting is not over.
    Waiting,
    /// A premium is unpaid.
    Arrears,
}

/// What somebody may use on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Whether somebody is insured against illness on this day.
    pub insured: Option<Capacity>,
    /// The pool that pays.
    pub pool: Result<Pool, NoPool>,
    /// Whether money in the own account may be used.
    pub account: bool,
}

/// What follows on `day` from the spans of a person, and from the days on which premiums were due that are unpaid.
/// Employees' insurance goes before residents', and a span without waiting before one that waits.
#[must_use]
pub fn decide(spans: &[Span], unpaid: &[Date], arrears: &Arrears, day: Date) -> Entitlement {
    let covers = |span: &&Span| span.from <= day && span.until.is_none_or(|until| day <= until);
    let rank = |span: &&Span| (span.pool_from > day, span.capacity == Capacity::Resident);
    let in_arrears = unpaid.iter().any(|due| arrears.pool_stopped(*due, day));
    let best = spans.iter().filter(covers).min_by_key(rank);
    let pool = match best {
        None => Err(NoPool::NotInsured),
        Some(span) if span.pool_from > day => Err(NoPool::Waiting),
        // A retired person and a resident owe no monthly premium; what an earlier employer owes is not held against them.
        Some(Span { capacity: Capacity::Resident, .. }) => Ok(Pool::Residents),
        Some(Span { capacity: Capacity::Retired, .. }) => Ok(Pool::Retired),
        Some(_) if in_arrears => Err(NoPool::Arrears),
        Some(_) => Ok(Pool::InService),
    };
    Entitlement {
        insured: best.map(|span| span.capacity),
        pool,
        account: arrears.account_usable || pool != Err(NoPool::Arrears),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2024, 6, 15);

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

    fn span(capacity: Capacity, from: Date, until: Option<Date>, pool_from: Date) -> Span {
        Span { capacity, from, until, pool_from }
    }

    fn decided(spans: &[Span], unpaid: &[Date]) -> Entitlement {
        decide(spans, unpaid, &arrears(), DAY)
    }

    /// docs/centre.md §6.7.5: the pool stops, the account stays usable.
    #[test]
    fn arrears_stop_the_pool_and_leave_the_account() {
        let employee = span(Capacity::Employee, date(2020, 1, 1), None, date(2020, 1, 1));
        assert_eq!(decided(&[employee], &[]).pool, Ok(Pool::InService));
        assert_eq!(decided(&[employee], &[DAY]).pool, Ok(Pool::InService));
        let late = [date(2024, 5, 24)];
        let stopped = decided(&[employee], &late);
        assert_eq!(
            (stopped.pool, stopped.account, stopped.insured),
            (Err(NoPool::Arrears), true, Some(Capacity::Employee))
        );
        let strict = Arrears { account_usable: false, ..arrears() };
        assert!(!decide(&[employee], &late, &strict, DAY).account);
        let retired = Span { capacity: Capacity::Retired, ..employee };
        assert_eq!(decided(&[retired], &late).pool, Ok(Pool::Retired));
    }

    #[test]
    fn a_span_covers_its_first_and_last_day() {
        for (from, until, insured) in [
            (DAY, Some(DAY), true),
            (date(2024, 6, 16), None, false),
            (date(2020, 1, 1), Some(date(2024, 6, 14)), false),
        ] {
            let found = decided(&[span(Capacity::Resident, from, until, from)], &[]);
            assert_eq!(found.pool, if insured { Ok(Pool::Residents) } else { Err(NoPool::NotInsured) }, "{from}");
            assert_eq!(found.insured.is_some(), insured);
        }
        assert!(decided(&[], &[]).account, "money stays usable after the end of a relation");
    }

    #[test]
    fn of_several_spans_the_one_that_pays_counts() {
        let waiting = span(Capacity::Employee, date(2024, 5, 1), None, date(2024, 8, 1));
        let resident = span(Capacity::Resident, date(2024, 1, 1), Some(date(2024, 12, 31)), date(2024, 1, 1));
        assert_eq!(decided(&[waiting], &[]).pool, Err(NoPool::Waiting));
        assert_eq!(decided(&[waiting, resident], &[]).pool, Ok(Pool::Residents));
        let employee = Span { pool_from: date(2024, 5, 1), ..waiting };
        assert_eq!(decided(&[resident, employee], &[]).pool, Ok(Pool::InService));
    }
}
