//! The time of day, which the till tells: counted in the seconds since the start.

use qiyong_firmware::clock::WallClock;
use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::Timestamp;

/// The clock.
#[derive(Clone, Copy)]
pub struct TillClock<'a> {
    /// What the till has said.
    pub wall: &'a WallClock,
    /// Whole seconds since the start.
    pub now_s: fn() -> u32,
}

impl TillClock<'_> {
    /// The till says that it is `time`.
    pub fn set(self, time: Timestamp) {
        self.wall.set(time, (self.now_s)());
    }
}

impl Clock for TillClock<'_> {
    fn now(&mut self) -> Timestamp {
        self.wall.at((self.now_s)())
    }
}
