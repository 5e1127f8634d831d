//! When a character may go to the card, until when one is awaited, and what time lay between two: etu into cycles of the chip's
//! clock and back; and how a byte is written on the line. Registers are not here: those are the board's.

use qiyong_firmware::slot::LineConfig;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Convention;

/// Etu from a character's leading edge until the receiver has it: ten moments and a half, and some doubt.
const CHARACTER: u64 = 11;
/// Etu from the leading edge of a refused character to that of its repetition.
const AGAIN: u64 = 13;

/// The events on the card line so far, and the rate in force.
#[derive(Debug)]
pub struct Spacing {
    /// How characters go at present.
    pub config: LineConfig,
    /// When the last event on the line was: a leading edge, or RST going high. In cycles since the start.
    last_edge: u64,
    card_spoke_last: bool,
    /// Cycles of the chip's clock in one of CLK.
    per_clk: u32,
}

impl Spacing {
    /// A line on which nothing has happened, with so many cycles of the chip's clock in one of CLK.
    pub const fn new(per_clk: u32) -> Self {
        Self { config: LineConfig::RESET, last_edge: 0, card_spoke_last: false, per_clk }
    }

    /// Cycles that `etu` take at the rate in force, rounded up.
    pub fn cycles(&self, etu: u64) -> u64 {
        let clk = etu.saturating_mul(self.config.fi.into()).div_ceil(u64::from(self.config.di).max(1));
        clk.saturating_mul(self.per_clk.into())
    }

    /// Whole etu in so many cycles.
    fn etu(&self, cycles: u64) -> Etu {
        let cycles_per_etu = u64::from(self.config.fi).saturating_mul(self.per_clk.into()).max(1);
        Etu::try_from(cycles.saturating_mul(self.config.di.into()) / cycles_per_etu).unwrap_or(Etu::MAX)
    }

    /// RST changes now; etu are counted from here.
    pub const fn rst_changes(&mut self, now: u64) {
        (self.last_edge, self.card_spoke_last) = (now, true);
    }

    /// When the next character may go to the card: after the turnaround, or the guard time after one of our own. Never further
    /// ahead of `now` than that.
    pub fn may_send_at(&self, now: u64) -> u64 {
        let gap = if self.card_spoke_last { self.config.turnaround } else { self.config.guard_time };
        self.last_edge.min(now).saturating_add(self.cycles(gap.into()))
    }

    /// When the last character, which the card has refused, may go to it again: two etu after the error signal was looked for
    /// (ISO/IEC 7816-3 clause 7.3).
    pub fn again_at(&self) -> u64 {
        self.last_edge.saturating_add(self.cycles(AGAIN))
    }

    /// A character goes to the card now.
    pub const fn sends(&mut self, now: u64) {
        (self.last_edge, self.card_spoke_last) = (now, false);
    }

    /// Until when a character is awaited whose edge comes at most `within` etu after the last event.
    pub fn deadline(&self, within: Etu) -> u64 {
        self.last_edge.saturating_add(self.cycles(u64::from(within).saturating_add(CHARACTER)))
    }

    /// The receiver had a character of the card at `at`: the etu from the last event to its edge, at most `within`.
    pub fn received(&mut self, at: u64, within: Etu) -> Etu {
        let edge = at.saturating_sub(self.cycles(CHARACTER)).max(self.last_edge);
        let elapsed = self.etu(edge.saturating_sub(self.last_edge)).min(within);
        (self.last_edge, self.card_spoke_last) = (edge, true);
        elapsed
    }
}

/// The byte on the line that stands for `byte`: the receiver reads the least significant bit first and H as a one. In
/// inverse convention all nine moments are inverted, so that the parity is odd.
pub const fn on_line(byte: u8, convention: Convention) -> u8 {
    match convention {
        Convention::Direct => byte,
        Convention::Inverse => !byte.reverse_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cycles of an etu after a reset.
    const ETU: u64 = 372 * 4;

    fn line() -> Spacing {
        let mut line = Spacing::new(4);
        line.config.guard_time = 17;
        line.rst_changes(1000);
        line
    }

    #[test]
    fn characters_keep_turnaround_and_guard_time() {
        let mut line = line();
        assert_eq!(line.received(1000 + 23 * ETU, 9600), 12);
        assert_eq!(line.may_send_at(2000 + 24 * ETU), 1000 + (12 + 16) * ETU);
        line.sends(1000 + 30 * ETU);
        assert_eq!(line.may_send_at(1000 + 42 * ETU), 1000 + 47 * ETU);
        assert_eq!(line.deadline(9600), 1000 + (30 + 9600 + 11) * ETU);
        assert_eq!(line.again_at(), 1000 + (30 + 13) * ETU);
    }

    #[test]
    fn a_rate_of_sixteen_cycles_is_counted_exactly() {
        let mut line = line();
        line.config = LineConfig { fi: 512, di: 32, convention: Convention::Direct, ..LineConfig::RESET };
        line.sends(5000);
        assert_eq!(line.received(5000 + (22 + 11) * 64, 100), 22);
        assert_eq!(line.received(5000 + (22 + 12 + 11) * 64, 100), 12);
    }

    #[test]
    fn a_time_that_is_behind_what_the_interrupt_noted_delays_nothing() {
        let mut line = line();
        // An interrupt has noted the character at 100,000, and the application then reads 99,999 or even 10: the character came now.
        for now in [99_999, 10] {
            line.received(now, 9600);
            assert!(line.may_send_at(now) <= now + 16 * ETU, "{}", line.may_send_at(now));
            assert!(line.deadline(9600) < 1000 + now + 9700 * ETU);
        }
    }

    #[test]
    fn an_edge_in_the_far_future_delays_the_next_character_by_its_gap_alone() {
        let mut line = line();
        line.sends(u64::MAX - 5);
        assert_eq!(line.may_send_at(7), 7 + 17 * ETU);
        assert_eq!(line.deadline(Etu::MAX), u64::MAX);
        assert_eq!(line.received(3, 9600), 0);
    }

    #[test]
    fn a_rate_that_no_card_has_divides_by_nothing() {
        let mut line = line();
        (line.config.fi, line.config.di) = (0, 0);
        assert_eq!((line.cycles(12), line.received(99_999, 50)), (0, 0));
        (line.config.fi, line.config.di) = (u16::MAX, 1);
        assert_eq!(line.cycles(u64::MAX), u64::MAX);
    }
}
