//! The centre's own clock, which decides dates: what a terminal's clock says is recorded and compared, no more.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Where the centre gets the time from: China Standard Time, without a zone.
pub trait Clock: Debug + Send {
    /// Now.
    fn now(&self) -> DateTime;
}

/// The system's clock, in China Standard Time wherever the machine is.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime {
        let now = Offset::constant(8).to_datetime(jiff::Timestamp::now());
        // The records have seconds.
        now.with().subsec_nanosecond(0).build().unwrap_or(now)
    }
}

/// A clock that stands until it is set: for tests and simulated worlds. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct SetClock(Arc<Mutex<DateTime>>);

impl SetClock {
    /// A clock that shows this time.
    pub fn new(now: DateTime) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// From now on it shows this time.
    pub fn set(&self, now: DateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
