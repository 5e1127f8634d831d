//! Time: cycles of the system clock since the start, as far as the timer of a microsecond tells.

use embassy_time::{Instant, Timer};

/// The system clock, in Hz.
const CLOCK_HZ: u64 = 125_000_000;
/// Cycles a microsecond.
const US: u64 = CLOCK_HZ / 1_000_000;

/// Cycles since the start, rounded down to a microsecond.
pub(crate) fn now() -> u64 {
    Instant::now().as_micros().saturating_mul(US)
}

/// Whole seconds since the start.
pub(crate) fn now_s() -> u32 {
    Instant::now().as_secs() as u32
}

/// That moment, rounded up to a microsecond.
fn instant(cycles: u64) -> Instant {
    Instant::from_micros(cycles.div_ceil(US))
}

/// Waits until then; never less. Cancel-safe.
pub(crate) async fn sleep_until(cycles: u64) {
    Timer::at(instant(cycles)).await;
}
