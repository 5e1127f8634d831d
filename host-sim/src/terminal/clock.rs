//! The terminal's clock: that of the centre in the same process, which is the system's, unless that of a test centre was stopped.
//! For a centre somewhere else it is the system's, in China Standard Time.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::civil::DateTime;

use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::{Date, Timestamp};

use crate::reach::Reached;

/// The centre's time.
#[derive(Clone)]
pub(super) struct CentreClock(pub(super) Rc<RefCell<Reached>>);

impl Clock for CentreClock {
    fn now(&mut self) -> Timestamp {
        at(self.0.borrow().now())
    }
}

/// A moment as a terminal's clock shows it.
pub(crate) fn at(now: DateTime) -> Timestamp {
    let (year, month, day) = (now.year().unsigned_abs(), now.month().unsigned_abs(), now.day().unsigned_abs());
    // Every day of the calendar exists; in any case, 1 January does.
    let date = Date::new(year, month, day).or_else(|| Date::new(2026, 1, 1));
    let [hour, minute, second] = [now.hour(), now.minute(), now.second()].map(i8::unsigned_abs);
    Timestamp { date: date.unwrap_or_else(|| unreachable!("1 January exists")), hour, minute, second }
}
