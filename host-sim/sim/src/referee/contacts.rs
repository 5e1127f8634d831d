//! The order and the times of VCC, RST, CLK and I/O: activation (clause 6.2.1), reset, stops of the clock, deactivation.

use super::atr::Says;
use super::clock::Time;
use super::note::Notes;
use super::rule::Rule;
use super::seen::{CYCLE, Clk, Rate, Span};

/// RST is low for at least this long (clauses 6.2.2 and 6.2.3).
const RESET: Span = 400 * CYCLE;
/// CLK runs on for this long after a character (clause 6.3.2).
const BEFORE_STOP: Span = 1860 * CYCLE;
/// CLK runs for this long before a character (clause 6.3.2).
const AFTER_STOP: Span = 700 * CYCLE;
/// A card rests for so many ms (clause 6.2.4).
const REST_MS: u64 = 10;
/// A character is over so many etu after its leading edge: start, data and parity moments (clause 7.2).
const MOMENTS: u64 = 10;

/// VCC of a line where nobody measures it.
pub(super) const UNMEASURED: u16 = u16::MAX;

/// The contacts as they stand.
#[derive(Clone, Debug)]
pub(super) struct Contacts {
    /// In mV.
    vcc: u16,
    off_since: Option<u64>,
    rst: bool,
    clk: Clk,
    io: bool,
    /// RST has not been high since VCC came.
    cold: bool,
    /// RST low with CLK running: since when.
    reset_since: u64,
    resumed: Option<u64>,
    /// CLK was stopped with RST high, against this rule, in that tick. What comes next tells whether that was to be a clock
    /// stop or a deactivation.
    stopped: Option<(Rule, u64)>,
}

impl Contacts {
    pub(super) const fn new() -> Self {
        Self {
            vcc: 0,
            off_since: None,
            rst: false,
            clk: Clk::Low,
            io: false,
            cold: true,
            reset_since: 0,
            resumed: None,
            stopped: None,
        }
    }

    /// RST is high.
    pub(super) const fn rst_high(&self) -> bool {
        self.rst
    }

    /// The card is out of reset, with power and clock.
    pub(super) const fn runs(&self) -> bool {
        self.vcc > 0 && self.rst && self.running()
    }

    const fn running(&self) -> bool {
        matches!(self.clk, Clk::Runs(_))
    }

    /// The bit of the class in a class indicator (clause 8.3).
    pub(super) fn class(&self) -> Option<u8> {
        if self.vcc == UNMEASURED {
            // Whichever it is, it counts as the right one.
            return Some(7);
        }
        // Within a tenth of 5 V, 3 V and 1.8 V (clause 5.1.3).
        [(4500..=5500, 1), (2700..=3300, 2), (1620..=1980, 4)]
            .into_iter()
            .find_map(|(mv, bit)| mv.contains(&self.vcc).then_some(bit))
    }

    /// A card is put in: it has been without power for long.
    pub(super) const fn card(&mut self) {
        self.off_since = None;
    }

    pub(super) fn vcc(&mut self, at: u64, mv: u16, time: Time, notes: &mut Notes) {
        self.settle(None, notes);
        if mv == self.vcc {
            return;
        }
        let (was, now) = (self.vcc > 0, mv > 0);
        self.vcc = mv;
        if now {
            notes.expect(!was, Rule::ClassAfterOff, at);
            notes.expect(self.class().is_some(), Rule::KnownVoltage, at);
        }
        if now && !was {
            notes.expect(!self.rst, Rule::RstLowFirst, at);
            notes.expect(self.clk == Clk::Low, Rule::ClkAfterVcc, at);
            notes.expect(!self.io, Rule::IoAfterVcc, at);
            notes.expect(self.off_since.is_none_or(|off| time.ms(off, at) >= REST_MS), Rule::OffTime, at);
            self.cold = true;
        }
        if was && !now {
            notes.expect(self.clk != Clk::High, Rule::ClkLow, at);
            notes.expect(!self.rst && !self.running() && !self.io, Rule::VccLast, at);
            self.off_since = Some(at);
        }
    }

    pub(super) fn rst(&mut self, at: u64, high: bool, time: Time, notes: &mut Notes) {
        self.settle((!high).then_some(Rule::RstFirst), notes);
        if high == self.rst {
            return;
        }
        self.rst = high;
        self.resumed = None;
        if !high {
            self.reset_since = at;
            return;
        }
        // Without VCC it is the rule for VCC that is broken, once VCC comes.
        notes.expect(self.vcc == 0 || self.running(), Rule::RstWithClk, at);
        let rule = if self.cold { Rule::ColdReset } else { Rule::WarmReset };
        notes.expect(!self.runs() || time.longest(self.reset_since, at) >= RESET, rule, at);
        self.cold = false;
    }

    /// `says` is what the card says, once that is known; `last` the last character's leading edge and the length of its moments.
    pub(super) fn clk(
        &mut self,
        at: u64,
        clk: Clk,
        time: Time,
        says: Option<&Says>,
        last: Option<(u64, Rate)>,
        notes: &mut Notes,
    ) {
        self.settle(None, notes);
        let was_running = self.running();
        self.clk = clk;
        match (was_running, clk) {
            (_, Clk::Runs(hz)) => {
                let usual = says.is_some() || (1_000_000..=5_000_000).contains(&hz);
                notes.expect(usual, Rule::ResetClock, at);
                if was_running {
                    return;
                }
                if self.rst {
                    self.resumed = Some(at);
                } else {
                    notes.expect(self.vcc > 0, Rule::ClkAfterVcc, at);
                    notes.expect(self.vcc == 0 || self.io, Rule::IoBeforeClk, at);
                    self.reset_since = at;
                }
            }
            (true, Clk::Low | Clk::High) if self.rst => {
                let allowed = says.and_then(|says| says.global).unwrap_or(0) >> 6;
                let quiet = last.is_none_or(|(edge, rate)| time.longest(edge, at) >= rate.etu(MOMENTS) + BEFORE_STOP);
                let broken = match (allowed, clk) {
                    (0, _) => Some(Rule::ClockStopAllowed),
                    (1, Clk::High) | (2, Clk::Low) => Some(Rule::ClockStopState),
                    _ => (!quiet).then_some(Rule::ClockStopQuiet),
                };
                self.stopped = broken.map(|rule| (rule, at));
            }
            (true, Clk::High) => notes.expect(false, Rule::ClkLow, at),
            _ => {}
        }
    }

    pub(super) fn io(&mut self, at: u64, released: bool, notes: &mut Notes) {
        self.settle(None, notes);
        if released && !self.io {
            notes.expect(self.vcc > 0, Rule::IoAfterVcc, at);
        }
        if !released && self.io {
            notes.expect(!self.rst, Rule::RstFirst, at);
            notes.expect(self.rst || !self.running(), Rule::ClkBeforeIo, at);
        }
        self.io = released;
    }

    /// The terminal sends a character.
    pub(super) fn character(&mut self, at: u64, time: Time, notes: &mut Notes) {
        self.settle(None, notes);
        notes.expect(self.runs(), Rule::ClockRuns, at);
        let awake = self.resumed.is_none_or(|since| time.longest(since, at) >= AFTER_STOP);
        notes.expect(awake, Rule::ClockResumed, at);
    }

    /// Says what the last stop of the clock was: against `instead`, or against the rule for a clock stop.
    fn settle(&mut self, instead: Option<Rule>, notes: &mut Notes) {
        if let Some((rule, at)) = self.stopped.take() {
            notes.expect(false, instead.unwrap_or(rule), at);
        }
    }
}
