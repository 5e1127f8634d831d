//! The referee at the board's card line: it is shown what the probe sees there.
//!
//! The probe sees edges of VCC and RST, and characters with their times and the rate that the USART is set to. It does not see
//! when CLK and I/O are handed over to the USART, which is no edge, nor parity and error signals, which the emulator does not
//! have. So CLK is taken to run from VCC's rise to its fall, with I/O released, and every character to be whole. Hence these
//! rules are never broken here, and are left to the simulated bench: order of CLK and I/O among the contacts (`clk-after-vcc`,
//! `io-after-vcc`, `io-before-clk`, `clk-before-io`, `clk-low`), stops of the clock (`clock-*`), and all of error signals and
//! repetitions (`signal-*`, `repeats-refused`, `repetition-pause`, `repetitions`).

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::referee::{By, Character, Clk, Finding, Rate, Referee, Seen};

use super::clock::HZ;

/// Cycles of the board's clock in one of CLK: the board gives the card 4 MHz.
pub(super) const PER_CLK: u64 = 4;

/// What the referee is shown.
#[derive(Debug)]
pub(super) struct Watch {
    referee: Referee,
    /// How many findings have been taken.
    taken: usize,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { referee: Referee::new(HZ as u32), taken: 0 }
    }

    /// The contacts touch a card from cycle `at` on, or none.
    pub(super) fn card(&mut self, at: u64, touches: bool) {
        self.referee.see(at, Seen::Card(touches));
    }

    /// The supply is switched.
    pub(super) fn vcc(&mut self, at: u64, class: Option<VoltageClass>) {
        let mv = match class {
            None => 0,
            Some(VoltageClass::A) => 5000,
            Some(VoltageClass::B) => 3000,
            Some(VoltageClass::C) => 1800,
        };
        let clk = Seen::Clk(Clk::Runs((HZ / PER_CLK) as u32));
        let all = match class {
            Some(_) => [Seen::Vcc(mv), Seen::Io(true), clk],
            None => [Seen::Clk(Clk::Low), Seen::Io(false), Seen::Vcc(mv)],
        };
        all.into_iter().for_each(|seen| self.referee.see(at, seen));
    }

    /// RST changes.
    pub(super) fn rst(&mut self, at: u64, high: bool) {
        self.referee.see(at, Seen::Rst(high));
    }

    /// A character whose leading edge is at `at`.
    pub(super) fn character(&mut self, at: u64, by: By, byte: u8, (f, d): (u16, u8)) {
        let moments = Convention::Direct.encode(byte).moments();
        self.referee.see(at, Seen::Character(Character { by, moments, rate: Rate { f, d }, signal: None }));
    }

    /// What it has found since this was last asked; the times are in cycles of CLK, as on the simulated bench.
    pub(super) fn findings(&mut self) -> Vec<Finding> {
        let new = self.referee.findings().get(self.taken..).unwrap_or_default();
        self.taken += new.len();
        new.iter().map(|finding| Finding { at: finding.at / PER_CLK, ..*finding }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETU: u64 = 372 * PER_CLK;
    const DEFAULT: (u16, u8) = (372, 1);
    /// A card of T=0 at the default rate.
    const ATR: [u8; 2] = [0x3B, 0x00];

    /// What a board does with such a card: one SELECT, answered by a status word. Each is a deliberate fault of it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        None,
        RstHighFirst,
        ResetTooShort,
        TooSoonAfterTheCard,
        TooSoonAfterItsOwn,
        WrongRate,
        GivesUpTooEarly,
        SendsOutOfTurn,
        VccBeforeRst,
        NoRest,
    }

    fn rules(fault: Fault) -> Vec<&'static str> {
        let is = |other| fault == other;
        let mut watch = Watch::new();
        watch.card(0, true);
        if is(Fault::RstHighFirst) {
            watch.rst(10, true);
        }
        watch.vcc(100, Some(VoltageClass::A));
        if is(Fault::RstHighFirst) {
            watch.rst(200, false);
        }
        let mut now = 1000 + if is(Fault::ResetTooShort) { 399 } else { 400 } * PER_CLK;
        if is(Fault::ResetTooShort) {
            // A warm reset: of the cold one VCC's rise alone is seen.
            watch.rst(500 + 400 * PER_CLK, true);
            now += 500 + 400 * PER_CLK;
            watch.rst(now - 399 * PER_CLK, false);
        }
        watch.rst(now, true);
        now += 400 * PER_CLK;
        for byte in ATR {
            watch.character(now, By::Card, byte, DEFAULT);
            now += 12 * ETU;
        }
        now += if is(Fault::TooSoonAfterTheCard) { 3 } else { 4 } * ETU;
        for byte in [0x00, 0xA4, 0x00, 0x00, 0x00] {
            let rate = if is(Fault::WrongRate) { (512, 32) } else { DEFAULT };
            watch.character(now, By::Terminal, byte, rate);
            now += if is(Fault::TooSoonAfterItsOwn) { 11 } else { 12 } * ETU;
        }
        if is(Fault::SendsOutOfTurn) {
            watch.character(now, By::Terminal, 0x00, DEFAULT);
        }
        if !is(Fault::GivesUpTooEarly) {
            now += 16 * ETU;
            watch.character(now, By::Card, 0x90, DEFAULT);
            watch.character(now + 12 * ETU, By::Card, 0x00, DEFAULT);
        }
        now += 40 * ETU;
        if !is(Fault::VccBeforeRst) {
            watch.rst(now, false);
        }
        watch.vcc(now + 10, None);
        if is(Fault::NoRest) {
            watch.vcc(now + 20, Some(VoltageClass::A));
        }
        watch.findings().iter().map(|finding| finding.rule.name()).collect()
    }

    #[test]
    fn each_fault_of_a_board_is_convicted_by_its_rule_and_a_sound_visit_by_none() {
        let all = [
            (Fault::None, None),
            (Fault::RstHighFirst, Some("rst-low-first")),
            (Fault::ResetTooShort, Some("warm-reset")),
            (Fault::TooSoonAfterTheCard, Some("turnaround")),
            (Fault::TooSoonAfterItsOwn, Some("guard")),
            (Fault::WrongRate, Some("rate-default")),
            (Fault::GivesUpTooEarly, Some("t0-wait")),
            (Fault::SendsOutOfTurn, Some("t0-turn")),
            (Fault::VccBeforeRst, Some("vcc-last")),
            (Fault::NoRest, Some("off-time")),
        ];
        for (fault, rule) in all {
            let found = rules(fault);
            assert!(
                found.iter().copied().eq(rule) || rule.is_some_and(|rule| found.contains(&rule)),
                "{fault:?}: {found:?}"
            );
        }
    }

    #[test]
    fn a_finding_is_told_once_in_cycles_of_clk() {
        let mut watch = Watch::new();
        watch.rst(0, true);
        watch.vcc(4000, Some(VoltageClass::A));
        let found = watch.findings();
        assert_eq!(found.first().map(|finding| (finding.rule.name(), finding.at)), Some(("rst-low-first", 1000)));
        assert_eq!(watch.findings(), []);
    }
}
