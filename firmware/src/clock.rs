//! The time of day. The till or the centre tells it; from then on the terminal counts the seconds itself.

use core::cell::Cell;

use qiyong_protocol::card::date::Timestamp;

/// A clock that was told what time it was at one second of the terminal's count. Until it is told, that is
/// [`Timestamp::UNSET`] at second 0.
#[derive(Debug)]
pub struct WallClock {
    told: Cell<(Timestamp, u32)>,
}

impl WallClock {
    /// A clock that nobody has set.
    pub const fn new() -> Self {
        Self { told: Cell::new((Timestamp::UNSET, 0)) }
    }

    /// It is `time` at second `count`.
    pub fn set(&self, time: Timestamp, count: u32) {
        self.told.set((time, count));
    }

    /// What time it is at second `count`.
    pub fn at(&self, count: u32) -> Timestamp {
        let (time, told) = self.told.get();
        time.after(count.saturating_sub(told))
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::card::date::Date;

    use super::*;

    #[test]
    fn it_goes_on_from_what_it_was_told() {
        let clock = WallClock::new();
        assert_eq!(clock.at(61), Timestamp { minute: 1, second: 1, ..Timestamp::UNSET });
        let time = Timestamp { date: Date::new(2026, 11, 25).unwrap(), hour: 23, minute: 59, second: 50 };
        clock.set(time, 1000);
        assert_eq!(clock.at(1000), time);
        let next_day = Timestamp { date: Date::new(2026, 11, 26).unwrap(), hour: 0, minute: 0, second: 5 };
        assert_eq!(clock.at(1015), next_day);
    }
}
