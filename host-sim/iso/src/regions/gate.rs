//! Whether a region is worth a try: after one has failed, not for a while, so that whoever waits is told at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Says what time it is; tests have one of their own.
pub type Ticker = Arc<dyn Fn() -> Instant + Send + Sync>;

/// After a try that failed at once.
const SHORTEST: Duration = Duration::from_secs(1);
/// After any other: so many times what it took, so that a region's thread is never long in vain.
const TIMES: u32 = 4;
/// And not longer than this.
const LONGEST: Duration = Duration::from_secs(30);

/// The gate before a region.
pub(super) struct Gate {
    now: Ticker,
    /// Closed until then.
    until: Option<Instant>,
}

impl Gate {
    pub(super) fn new(now: Ticker) -> Self {
        Self { now, until: None }
    }

    /// Whether it is closed now.
    pub(super) fn is_closed(&self) -> bool {
        self.until.is_some_and(|until| (self.now)() < until)
    }

    /// The time, for [`Gate::close`].
    pub(super) fn now(&self) -> Instant {
        (self.now)()
    }

    /// Closes it: a try that was begun then has failed.
    pub(super) fn close(&mut self, begun: Instant) {
        let now = (self.now)();
        let pause = (now.saturating_duration_since(begun) * TIMES).clamp(SHORTEST, LONGEST);
        self.until = Some(now + pause);
    }

    /// Opens it.
    pub(super) fn open(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn it_stays_closed_for_longer_the_longer_the_try_took_and_then_lets_one_try() {
        let time = Arc::new(Mutex::new(Instant::now()));
        let ticks = time.clone();
        let mut gate = Gate::new(Arc::new(move || *ticks.lock().unwrap()));
        let pass = |duration: Duration| *time.lock().unwrap() += duration;
        assert!(!gate.is_closed());
        for (took, closed) in [(0, 1), (5, 20), (60, 30)] {
            let begun = gate.now();
            pass(Duration::from_secs(took));
            gate.close(begun);
            pass(Duration::from_secs(closed) - Duration::from_millis(1));
            assert!(gate.is_closed(), "{took}");
            pass(Duration::from_millis(1));
            assert!(!gate.is_closed(), "{took}");
        }
        gate.close(gate.now());
        gate.open();
        assert!(!gate.is_closed());
    }
}
