//! Virtual time: one clock for card line, serial line, holder and terminal, counted in card clock cycles; and the
//! executor of what waits for it.
//!
//! Nothing here waits in real time. Code that does something that takes time moves the clock on. Code that waits says
//! until when ([`VirtualTime::until`]), and when everything waits, [`VirtualTime::run_while`] moves the clock on to the
//! next such moment. So a run takes no real time, and is the same each time.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use jiff::civil::{DateTime, Time};

use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::{Date, Timestamp};

/// Card clock cycles in a second: 4 MHz, as the boards give to a card, so that waiting times are the same on every bench.
pub const CLOCK_HZ: u64 = 4_000_000;

/// The clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct VirtualTime {
    start: DateTime,
    cycles: Rc<Cell<u64>>,
    /// The next cycle for which somebody waits, as far as the last poll told.
    next: Rc<Cell<Option<u64>>>,
}

/// Why [`VirtualTime::run_while`] came to no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// It was ended from outside, as by a power cut.
    Ended,
    /// Everything waits for what never comes.
    Stuck,
}

/// Notes that what was polled must be polled again.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl VirtualTime {
    /// A clock that begins at this local date and time.
    pub fn new(start: DateTime) -> Self {
        Self { start, cycles: Rc::default(), next: Rc::default() }
    }

    /// Cycles since the beginning.
    pub fn cycles(&self) -> u64 {
        self.cycles.get()
    }

    /// The time since the beginning.
    pub fn elapsed(&self) -> Duration {
        let nanoseconds = u128::from(self.cycles()) * 1_000_000_000 / u128::from(CLOCK_HZ);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
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
    pub fn advance_by(&self, time: Duration) {
        let cycles = time.as_nanos() * u128::from(CLOCK_HZ) / 1_000_000_000;
        self.advance(u64::try_from(cycles).unwrap_or(u64::MAX));
    }

    /// Waits until this cycle; at once if it is past.
    ///
    /// Cancel-safety: cancel-safe.
    pub async fn until(&self, cycle: u64) {
        poll_fn(|_| {
            if self.cycles() >= cycle {
                return Poll::Ready(());
            }
            self.note(cycle);
            Poll::Pending
        })
        .await;
    }

    /// Somebody waits for this cycle and must be polled then.
    pub(crate) fn note(&self, cycle: u64) {
        self.next.set(Some(self.next.get().map_or(cycle, |next| next.min(cycle))));
    }

    /// Runs `future` to its end, and moves the clock on whenever all of it waits. `goes_on` is asked after each poll
    /// that came to no end; when it says no, the future is dropped where it stands. What is polled may run something else to its end
    /// meanwhile.
    ///
    /// # Errors
    /// The future came to no end.
    pub fn run_while<F: Future>(&self, mut goes_on: impl FnMut() -> bool, future: F) -> Result<F::Output, Unfinished> {
        let outer = self.next.get();
        let done = self.run_inner(&mut goes_on, future);
        self.next.set(outer);
        done
    }

    fn run_inner<F: Future>(&self, goes_on: &mut dyn FnMut() -> bool, future: F) -> Result<F::Output, Unfinished> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = flag.clone().into();
        loop {
            self.next.set(None);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Ok(output);
            }
            if !goes_on() {
                return Err(Unfinished::Ended);
            }
            if flag.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let next = self.next.get().ok_or(Unfinished::Stuck)?;
            self.cycles.set(next.max(self.cycles()));
        }
    }

    /// The whole seconds since the beginning.
    pub fn seconds(&self) -> u32 {
        u32::try_from(self.cycles() / CLOCK_HZ).unwrap_or(u32::MAX)
    }

    /// The local date and time, to the second.
    pub fn timestamp(&self) -> Timestamp {
        let seconds = i64::try_from(self.cycles() / CLOCK_HZ).unwrap_or(i64::MAX);
        shown(self.start.saturating_add(jiff::SignedDuration::from_secs(seconds)))
    }
}

/// What a clock shows that shows `time` now, so many seconds later; earlier if there are fewer than none.
pub fn later(time: Timestamp, seconds: i64) -> Timestamp {
    let Timestamp { date, hour, minute, second } = time;
    let Ok(day) = date.to_string().parse::<jiff::civil::Date>() else { return time };
    let so_far = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    shown(day.to_datetime(Time::midnight()).saturating_add(jiff::SignedDuration::from_secs(so_far + seconds)))
}

/// A moment as clocks show it.
fn shown(now: DateTime) -> Timestamp {
    let (year, month, day) = (now.year().unsigned_abs(), now.month().unsigned_abs(), now.day().unsigned_abs());
    // A scenario's clock begins in the year 1 or later, and every day of jiff exists.
    let date = Date::new(year, month, day).or_else(|| Date::new(9999, 12, 31));
    let [hour, minute, second] = [now.hour(), now.minute(), now.second()].map(i8::unsigned_abs);
    Timestamp { date: date.unwrap_or_else(|| unreachable!("31 December exists")), hour, minute, second }
}

impl Clock for VirtualTime {
    fn now(&mut self) -> Timestamp {
        self.timestamp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_shows_later_and_earlier_moments_over_the_ends_of_days_and_years() {
        let at = |day: (u16, u8, u8), [hour, minute, second]: [u8; 3]| {
            let date = Date::new(day.0, day.1, day.2).unwrap();
            Timestamp { date, hour, minute, second }
        };
        let midnight = at((2027, 1, 1), [0, 0, 0]);
        for (seconds, shown) in [
            (0, midnight),
            (-1, at((2026, 12, 31), [23, 59, 59])),
            (3_661, at((2027, 1, 1), [1, 1, 1])),
            (-604_800, at((2026, 12, 25), [0, 0, 0])),
        ] {
            assert_eq!(later(midnight, seconds), shown, "{seconds}");
            assert_eq!(later(shown, -seconds), midnight, "{seconds}");
        }
        assert_eq!(later(at((2028, 2, 28), [23, 59, 0]), 60), at((2028, 2, 29), [0, 0, 0]));
    }
}
