//! A board's time since the start, out of SysTick's ticks and its counter; and what follows from two moments. It is counted in cycles
//! of 16 MHz on every board, as the emulator's probe tells it. Time never goes back, and arithmetic on it saturates, whatever
//! comes late.
//!
//! No register is here, so that the host can play SysTick and check every case: the boards have the registers.

/// The unit of time, in Hz.
pub const CLOCK_HZ: u32 = 16_000_000;
/// Cycles a tick, which is a millisecond.
pub const TICK: u32 = CLOCK_HZ / 1000;
/// No wait of the terminal is longer, in cycles: ten minutes. What asks for more is a fault, and ends here.
pub const LONGEST: u64 = 600 * CLOCK_HZ as u64;

/// SysTick, and what its handler has counted. A board with another clock gives `left` in cycles of 16 MHz, too.
pub trait SysTick {
    /// Ticks that the handler has counted. They go round; `rounds` counts how often.
    fn ticks(&self) -> u32;

    /// How often `ticks` went round. Read after `ticks` it may be ahead of them, never behind.
    fn rounds(&self) -> u32;

    /// The counter: `TICK - 1` down to 0, and a tick at 0.
    fn left(&self) -> u32;

    /// A tick has come that the handler has not counted yet: it is held back.
    fn is_due(&self) -> bool;
}

/// The time by SysTick. Lost ticks make it late, and a tick in the middle of the look may make it step back by one: [`later`]
/// mends that.
pub fn moment(clock: &impl SysTick) -> u64 {
    let (mut ticks, mut rounds) = (clock.ticks(), clock.rounds());
    loop {
        let mut left = clock.left();
        let due = clock.is_due();
        if due {
            left = clock.left();
        }
        // If a tick was counted in between, `ticks` and `left` do not belong together.
        let (again, rounds_again) = (clock.ticks(), clock.rounds());
        if again == ticks {
            let whole = (u64::from(rounds) << 32 | u64::from(ticks)).saturating_add(u64::from(due));
            // At 0 the tick has come: it is `due`, or counted, and nothing has gone by since.
            let since = if left == 0 { 0 } else { TICK.saturating_sub(left) };
            return whole.saturating_mul(TICK.into()).saturating_add(since.into());
        }
        (ticks, rounds) = (again, rounds_again);
    }
}

/// The time, `latest` being what was told last.
pub fn later(latest: &mut u64, now: u64) -> u64 {
    *latest = now.max(*latest);
    *latest
}

/// The moment at which something was noted whose lower half is `low`: within two minutes before `now`. What seems to lie ahead of
/// `now` was noted now.
pub fn noted(now: u64, low: u32) -> u64 {
    let age = (now as u32).wrapping_sub(low);
    now.saturating_sub(if age > i32::MAX as u32 { 0 } else { age.into() })
}

/// The end of a wait that begins at `now` and would last until `deadline`.
pub fn bounded(now: u64, deadline: u64) -> u64 {
    deadline.min(now.saturating_add(LONGEST))
}

#[cfg(test)]
mod tests;
