//! How far a terminal's clock may be from the centre's (docs/centre.md §18). What is asked under a wrong clock is refused;
//! what tells of something that has happened is not. Which message is which stands in `requests` and `transactions`.

use jiff::civil::{DateTime, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::card::date::Timestamp;

use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::terminal::files::Files;

/// How far a terminal's clock may be from the centre's, ahead or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockBound {
    /// Minutes, 1 to 60
    pub minutes: u8,
}

impl Parameter for ClockBound {
    const NAME: &'static str = "terminal.clock";

    fn check(&self) -> Result<(), String> {
        if (1..=60).contains(&self.minutes) { Ok(()) } else { Err("minutes: 1 to 60".into()) }
    }
}

/// In an area that sets nothing: more than a visit lasts during which nobody sets the clock.
const DEFAULT: ClockBound = ClockBound { minutes: 5 };

impl ClockBound {
    /// The bound of an area today.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) fn of(files: Files<'_>, area: Region) -> Result<Self, CentreError> {
        Ok(configuration::on(files.store, area, files.now.date())?.unwrap_or(DEFAULT))
    }

    /// Whether a terminal's clock may say `told` when it is `now`: at most so many minutes away, to the second. What no
    /// clock says, such as an hour 25, is wrong.
    pub(crate) fn admits(self, told: Timestamp, now: DateTime) -> bool {
        let allowed = i64::from(self.minutes) * 60;
        civil(told).is_some_and(|told| now.duration_since(told).as_secs().abs() <= allowed)
    }

    /// The same of a moment after which nothing may have been begun: it is not later than `last`, as far as the bound goes.
    pub(crate) fn admits_by(self, told: Timestamp, last: DateTime) -> bool {
        let allowed = i64::from(self.minutes) * 60;
        civil(told).is_some_and(|told| told.duration_since(last).as_secs() <= allowed)
    }
}

/// A terminal's time, if there is such a time.
fn civil(told: Timestamp) -> Option<DateTime> {
    let Timestamp { date, hour, minute, second } = told;
    let day: jiff::civil::Date = date.to_string().parse().ok()?;
    let [hour, minute, second] = [hour, minute, second].map(i8::try_from);
    Some(day.to_datetime(Time::new(hour.ok()?, minute.ok()?, second.ok()?, 0).ok()?))
}

/// Whether the clock of a terminal in this area is right, as far as its request shows.
///
/// # Errors
/// The database failed.
pub(crate) fn is_right(files: Files<'_>, area: Region, told: Timestamp) -> Result<bool, CentreError> {
    Ok(ClockBound::of(files, area)?.admits(told, files.now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::told;

    const BOUND: ClockBound = ClockBound { minutes: 5 };

    fn after(time: DateTime, seconds: i64) -> DateTime {
        time.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap()
    }

    /// At the bound it is right, a second beyond it is not, in both directions, wherever day, month, year and leap day end.
    #[test]
    fn a_clock_is_right_up_to_the_bound_and_not_a_second_longer() {
        for now in [
            "2026-03-02T12:00:00",
            "2026-03-02T00:00:00",
            "2026-03-01T23:59:59",
            "2026-12-31T23:58:00",
            "2027-01-01T00:01:30",
            "2028-02-28T23:59:00",
            "2028-02-29T00:00:10",
            "2028-03-01T00:00:00",
        ] {
            let now: DateTime = now.parse().unwrap();
            for direction in [-1_i64, 1] {
                let away = |seconds| BOUND.admits(told(after(now, direction * seconds)), now);
                assert!(away(0) && away(1) && away(300), "{now}: {direction}");
                assert!(!away(301) && !away(86_400) && !away(365 * 86_400), "{now}: {direction}");
            }
        }
    }

    #[test]
    fn what_no_clock_says_is_wrong_however_near_it_would_be() {
        let now: DateTime = "2026-03-02T23:59:59".parse().unwrap();
        let right = told(now);
        for wrong in [
            Timestamp { hour: 24, ..right },
            Timestamp { hour: 25, minute: 0, second: 0, ..right },
            Timestamp { minute: 60, ..right },
            Timestamp { second: 60, ..right },
            Timestamp { hour: 255, minute: 255, second: 255, ..right },
        ] {
            assert!(!BOUND.admits(wrong, now) && !BOUND.admits_by(wrong, now), "{wrong}");
        }
        // Nobody has set it since it was made.
        assert!(!BOUND.admits(Timestamp::UNSET, now));
    }

    #[test]
    fn a_moment_is_not_later_than_another_by_more_than_the_bound_and_may_be_any_time_before() {
        let last: DateTime = "2026-12-31T23:59:00".parse().unwrap();
        for (seconds, admitted) in [(-86_400 * 400, true), (0, true), (300, true), (301, false), (86_400, false)] {
            assert_eq!(BOUND.admits_by(told(after(last, seconds)), last), admitted, "{seconds}");
        }
    }

    proptest! {
        /// The distance alone decides, whatever the calendar does between the two.
        #[test]
        fn only_the_distance_counts(start in 0..3_000_000_000_i64, seconds in -100_000..100_000_i64, minutes in 1..=60_u8) {
            let now = after("1960-01-01T00:00:00".parse().unwrap(), start);
            let admitted = ClockBound { minutes }.admits(told(after(now, seconds)), now);
            prop_assert_eq!(admitted, seconds.abs() <= i64::from(minutes) * 60);
        }
    }
}
