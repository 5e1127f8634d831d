//! How often one token may ask.
//!
//! A token is counted by its hash, before the centre is asked whether anybody holds it: guessing is limited by the cost
//! of a guess (a token has 256 random bits), and a flood of one token costs the centre nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use crate::limits::Limits;
use crate::problem::Problem;

/// After so many requests, tokens that were quiet for long are forgotten.
const SWEEP: u32 = 1024;

/// Counts requests by token.
pub(crate) struct Rate {
    limiter: DefaultKeyedRateLimiter<[u8; 32]>,
    clock: DefaultClock,
    since_sweep: AtomicU32,
}

impl Rate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = Quota::per_minute(limits.per_minute).allow_burst(limits.at_once);
        let clock = DefaultClock::default();
        Self { limiter: RateLimiter::keyed(quota), clock, since_sweep: AtomicU32::new(0) }
    }

    /// Counts one request; refuses it if there were too many.
    pub(crate) fn check(&self, token: &str) -> Result<(), Problem> {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP {
            self.since_sweep.store(0, Ordering::Relaxed);
            self.limiter.retain_recent();
        }
        let key = Sha256::digest(token.as_bytes()).into();
        self.limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Problem::too_many(seconds(wait))
        })
    }
}

/// Whole seconds, rounded up: at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
}
