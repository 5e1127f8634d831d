//! The terminal's clock: that of this machine.

use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::{Date, Timestamp};

/// The local time.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&mut self) -> Timestamp {
        let now = jiff::ZonedDateTime::now().datetime();
        let (year, month, day) = (now.year().unsigned_abs(), now.month().unsigned_abs(), now.day().unsigned_abs());
        // Every day of the calendar exists; in any case, 1 January does.
        let date = Date::new(year, month, day).or_else(|| Date::new(2026, 1, 1));
        let [hour, minute, second] = [now.hour(), now.minute(), now.second()].map(i8::unsigned_abs);
        Timestamp { date: date.unwrap_or_else(|| unreachable!("1 January exists")), hour, minute, second }
    }
}
