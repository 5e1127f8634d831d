//! The timing loop: several batches, of which the best counts. Other work of the machine only makes a batch slower.

use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How often everything is measured.
    pub rounds: u32,
    /// How many batches there are each time.
    pub batches: u32,
    /// How long a batch should take.
    pub batch: Duration,
}

impl Effort {
    /// For figures that are used: a quarter of a second for each, spread over the whole run.
    pub const FULL: Self = Self { rounds: 10, batches: 12, batch: Duration::from_millis(2) };
    /// For seeing that the code works.
    pub const TINY: Self = Self { rounds: 2, batches: 1, batch: Duration::ZERO };
}

/// Nanoseconds that one call of `operation` takes.
pub(super) fn ns(effort: Effort, mut operation: impl FnMut()) -> f64 {
    let mut batch = |count: u32| {
        let start = Instant::now();
        for _ in 0..count {
            operation();
        }
        start.elapsed()
    };
    // Finds out how many calls fill a batch, which also warms up.
    let mut count = 1;
    while batch(count) < effort.batch && count < 1 << 28 {
        count *= 2;
    }
    let best = (0..effort.batches).map(|_| batch(count)).min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(count)
}
