//! Virtual time: one clock for line, link, holder and terminal, counted in card clock cycles.
//!
//! Nothing here waits. Code that does something that takes time moves the clock on: so a run takes no real time, and is
//! the same each time.

use std::cell::Cell;
use std::rc::Rc;

use jiff::civil::DateTime;

use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::{Date, Timestamp};

/// Card clock cycles in a second: 3.5712 MHz, at which 372 cycles per etu give 9600 bit/s.
pub const CLOCK_HZ: u64 = 3_571_200;

/// The clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct VirtualTime {
    start: DateTime,
    cycles: Rc<Cell<u64>>,
}

impl VirtualTime {
    /// A clock that begins at this local date and time.
    pub fn new(start: DateTime) -> Self {
        Self { start, cycles: Rc::default() }
    }

    /// Cycles since the beginning.
    pub fn cycles(&self) -> u64 {
        self.cycles.get()
    }

    /// Moves on by this many cycles.
    pub fn advance(&self, cycles: u64) {
        self.cycles.set(self.cycles.get().saturating_add(cycles));
    }

    /// Moves on by this many seconds.
    pub fn advance_seconds(&self, seconds: u64) {
        self.advance(seconds.saturating_mul(CLOCK_HZ));
    }

    /// Moves on by this long.
    pub fn advance_by(&self, time: std::time::Duration) {
        let cycles = time.as_nanos() * u128::from(CLOCK_HZ) / 1_000_000_000;
        self.advance(u64::try_from(cycles).unwrap_or(u64::MAX));
    }

    /// The local date and time, to the second.
    pub fn timestamp(&self) -> Timestamp {
        let seconds = i64::try_from(self.cycles() / CLOCK_HZ).unwrap_or(i64::MAX);
        let now = self.start.saturating_add(jiff::SignedDuration::from_secs(seconds));
        let (year, month, day) = (now.year().unsigned_abs(), now.month().unsigned_abs(), now.day().unsigned_abs());
        // A scenario's clock begins in the year 1 or later, and every day of jiff exists.
        let date = Date::new(year, month, day).or_else(|| Date::new(9999, 12, 31));
        let [hour, minute, second] = [now.hour(), now.minute(), now.second()].map(i8::unsigned_abs);
        Timestamp { date: date.unwrap_or_else(|| unreachable!("31 December exists")), hour, minute, second }
    }
}

impl Clock for VirtualTime {
    fn now(&mut self) -> Timestamp {
        self.timestamp()
    }
}
