//! Time on the line: its ticks as spans of clock cycles, at the frequency of CLK.

use super::seen::{CYCLE, Span};

/// The line's time, and CLK's frequency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// Ticks in a second.
    pub(super) ticks: u32,
    /// CLK's frequency in Hz, the last one if it is stopped.
    pub(super) hz: u32,
    /// By how many ticks a time may be wrong, as where a line is sampled. What is seen counts as right if it may be.
    pub(super) slack: u64,
}

impl Time {
    /// The span of CLK from the tick `from` to the tick `to`.
    pub(super) fn span(self, from: u64, to: u64) -> Span {
        let cycles = u128::from(to.saturating_sub(from)) * u128::from(CYCLE) * u128::from(self.hz);
        Span::try_from(cycles / u128::from(self.ticks.max(1))).unwrap_or(Span::MAX)
    }

    /// The longest span of CLK that it may have been, for what must not be shorter.
    pub(super) fn longest(self, from: u64, to: u64) -> Span {
        self.span(from, to.saturating_add(self.slack))
    }

    /// The shortest span of CLK that it may have been, for what must not be longer.
    pub(super) fn shortest(self, from: u64, to: u64) -> Span {
        self.span(from, to.saturating_sub(self.slack))
    }

    /// The ms, in full, from the tick `from` to the tick `to`.
    pub(super) fn ms(self, from: u64, to: u64) -> u64 {
        to.saturating_add(self.slack).saturating_sub(from).saturating_mul(1000) / u64::from(self.ticks.max(1))
    }
}
