//! The terminal's link to a centre in the same process, and this machine's clock.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong_firmware::terminal::{CentreLink, Clock};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::centre::{Answer, LinkError, Request};

use super::trouble::Trouble;
use qiyong::in_process::InProcess;
use qiyong_sim::world::link::CentreLine;

/// Gives messages to the centre, in bytes. The centre answers at once, or fails.
pub(super) struct DirectLink {
    centre: Rc<RefCell<InProcess>>,
    line: CentreLine,
    trouble: Trouble,
}

impl DirectLink {
    pub(super) const fn new(centre: Rc<RefCell<InProcess>>, trouble: Trouble) -> Self {
        Self { centre, line: CentreLine::new(), trouble }
    }
}

impl CentreLink for DirectLink {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        self.line.exchange(&mut *self.centre.borrow_mut(), request).map_err(|error| {
            self.trouble.borrow_mut().get_or_insert(format!("the centre: {error}"));
            error.link_error()
        })
    }
}

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
