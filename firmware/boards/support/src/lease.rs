//! How long the watchdog may be fed without anything getting on: a terminal that only seems to live is reset, too.
//!
//! The watchdog itself is the board's; nothing of a chip is here, so that the host can check it.

/// Until when the terminal may go on without progress, by a clock of so many ticks a second.
#[derive(Clone, Copy, Debug)]
pub struct Lease<const HZ: u64> {
    /// In ticks since the start.
    until: u64,
    /// Nobody is served: the terminal may wait for its next job for ever.
    idle: bool,
    /// When the watchdog was fed last.
    fed: Option<u64>,
}

impl<const HZ: u64> Default for Lease<HZ> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const HZ: u64> Lease<HZ> {
    /// What the terminal may take to go on once a wait is over or something has come: five seconds.
    const GRACE: u64 = 5 * HZ;
    /// No wait of the terminal is longer: ten minutes. What asks for more is a fault, and ends here.
    const LONGEST: u64 = 600 * HZ;

    /// At the start.
    pub const fn new() -> Self {
        Self { until: Self::GRACE, idle: false, fed: None }
    }

    /// Something has come that was waited for.
    pub fn progress(&mut self, now: u64) {
        self.until = self.until.max(now.saturating_add(Self::GRACE));
    }

    /// A wait begins that ends at `deadline`.
    pub fn waits(&mut self, now: u64, deadline: u64) {
        self.until = self.until.max(deadline.min(now.saturating_add(Self::LONGEST)).saturating_add(Self::GRACE));
    }

    /// The terminal begins to wait for a job, or has one.
    pub fn set_idle(&mut self, now: u64, idle: bool) {
        self.idle = idle;
        self.progress(now);
    }

    /// Whether the watchdog may be fed, by a task that was polled. Time that stands still is no progress: every wait would last
    /// for ever.
    pub fn feeds(&mut self, now: u64) -> bool {
        let moves = self.fed.is_none_or(|fed| now > fed);
        let may = moves && (self.idle || now < self.until);
        if may {
            self.fed = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 16_000_000;
    const GRACE: u64 = Lease::<SECOND>::GRACE;

    #[test]
    fn a_wait_is_fed_to_its_end_and_not_much_longer() {
        let mut lease = Lease::<SECOND>::new();
        lease.waits(SECOND, 61 * SECOND);
        assert!(lease.feeds(2 * SECOND) && lease.feeds(65 * SECOND));
        assert!(!lease.feeds(66 * SECOND), "the wait is over, and nothing has followed");
        lease.progress(66 * SECOND);
        assert!(lease.feeds(70 * SECOND) && !lease.feeds(71 * SECOND));
    }

    #[test]
    fn a_wait_for_the_year_586000_is_not_fed_for_ever() {
        let mut lease = Lease::<SECOND>::new();
        lease.waits(SECOND, u64::MAX);
        assert!(lease.feeds(600 * SECOND) && !lease.feeds(607 * SECOND));
    }

    #[test]
    fn polls_alone_are_no_progress_but_a_terminal_without_a_job_may_wait() {
        let mut lease = Lease::<SECOND>::new();
        assert!(lease.feeds(1) && lease.feeds(GRACE - 1) && !lease.feeds(GRACE));
        lease.set_idle(GRACE, true);
        assert!(lease.feeds(1_000_000 * SECOND));
        lease.set_idle(1_000_000 * SECOND, false);
        assert!(lease.feeds(1_000_004 * SECOND) && !lease.feeds(1_000_005 * SECOND));
    }

    #[test]
    fn time_that_stands_still_is_no_progress() {
        let mut lease = Lease::<SECOND>::new();
        lease.set_idle(0, true);
        assert!(lease.feeds(7) && !lease.feeds(7) && !lease.feeds(6) && lease.feeds(8));
    }
}
