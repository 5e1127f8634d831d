//! When a character may go to the card, until when one is awaited, and what time lay between two: etu into cycles of SYSCLK and
//! back. Characters and registers are not here: those are `image/card_line`'s.

use qiyong_firmware::slot::LineConfig;
use qiyong_protocol::iso7816::Etu;

/// Cycles of the system clock in one of CLK: 125 MHz by 32.
pub(crate) const PRESCALER: u32 = 32;

/// Etu from a character's leading edge until the receiver has it: ten moments and a half, and some doubt.
const CHARACTER: u64 = 11;

/// The events on the card line so far, and the rate in force.
#[derive(Debug)]
pub(crate) struct Spacing {
    pub(crate) config: LineConfig,
    /// When the last event on the line was: a leading edge, or RST going high. In cycles since the start.
    last_edge: u64,
    card_spoke_last: bool,
}

impl Spacing {
    /// A line on which nothing has happened.
    pub(crate) const fn new() -> Self {
        Self { config: LineConfig::RESET, last_edge: 0, card_spoke_last: false }
    }

    /// Cycles that `etu` take at the rate in force, rounded up.
    pub(crate) fn cycles(&self, etu: u64) -> u64 {
        let clk = etu.saturating_mul(self.config.fi.into()).div_ceil(u64::from(self.config.di).max(1));
        clk.saturating_mul(PRESCALER.into())
    }

    /// Whole etu in so many cycles.
    fn etu(&self, cycles: u64) -> Etu {
        let cycles_per_etu = u64::from(self.config.fi).saturating_mul(PRESCALER.into()).max(1);
        Etu::try_from(cycles.saturating_mul(self.config.di.into()) / cycles_per_etu).unwrap_or(Etu::MAX)
    }

    /// RST changes now; etu are counted from here.
    pub(crate) const fn rst_changes(&mut self, now: u64) {
        (self.last_edge, self.card_spoke_last) = (now, true);
    }

    /// When the next character may go to the card: after the turnaround, or the guard time after one of our own. Never further
    /// ahead of `now` than that.
    pub(crate) fn may_send_at(&self, now: u64) -> u64 {
        let gap = if self.card_spoke_last { self.config.turnaround } else { self.config.guard_time };
        self.last_edge.min(now).saturating_add(self.cycles(gap.into()))
    }

    /// A character goes to the card now.
    pub(crate) const fn sends(&mut self, now: u64) {
        (self.last_edge, self.card_spoke_last) = (now, false);
    }

    /// Until when a character is awaited whose edge comes at most `within` etu after the last event.
    pub(crate) fn deadline(&self, within: Etu) -> u64 {
        self.last_edge.saturating_add(self.cycles(u64::from(within).saturating_add(CHARACTER)))
    }

    /// The receiver had a character of the card at `at`: the etu from the last event to its edge, at most `within`.
    pub(crate) fn received(&mut self, at: u64, within: Etu) -> Etu {
        let edge = at.saturating_sub(self.cycles(CHARACTER)).max(self.last_edge);
        let elapsed = self.etu(edge.saturating_sub(self.last_edge)).min(within);
        (self.last_edge, self.card_spoke_last) = (edge, true);
        elapsed
    }
}

