//! The wire itself: states of the contacts, characters as moments, time in clock cycles.

use std::collections::VecDeque;

use qiyong_firmware::slot::{CardLine, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Frame, Received};

use super::{BenchLine, SharedCard};
use crate::time::VirtualTime;

/// Clock cycles from RST going high to TS; the standard allows 400 to 40 000 (clause 6.2.2).
const ATR_DELAY: u64 = 1000;
/// Etu from a character's leading edge until both sides are done with it: ten moments and the least pause, which is that
/// of T=1 with N = 255 (clauses 7.2, 11.2).
const CHARACTER: u64 = 11;
/// Etu between the card's characters: no extra guard time towards the terminal (clause 8.3).
const CARD_GUARD_TIME: u64 = 12;

/// A wire with a card slot at its end.
pub struct VirtualLine {
    time: VirtualTime,
    card: Option<SharedCard>,
    class: Option<VoltageClass>,
    rst: bool,
    clk: bool,
    io: bool,
    config: LineConfig,
    /// Leading edge of the last character, or RST going high.
    last_edge: u64,
    /// Whether the last character came from the card.
    card_spoke_last: bool,
    /// When CLK was last started with RST low.
    reset_since: u64,
    /// Frames the card is about to send, with the cycle of their leading edges, and the rate they are sent at.
    coming: VecDeque<(u64, Frame, (u16, u8))>,
    violations: Vec<String>,
}

impl VirtualLine {
    /// A wire without power and card.
    pub const fn new(time: VirtualTime) -> Self {
        Self {
            time,
            card: None,
            class: None,
            rst: false,
            clk: false,
            io: false,
            config: LineConfig::RESET,
            last_edge: 0,
            card_spoke_last: false,
            reset_since: 0,
            coming: VecDeque::new(),
            violations: Vec::new(),
        }
    }

    fn cycles(&self, etu: u64) -> u64 {
        cycles(etu, self.rate())
    }

    fn etu(&self, cycles: u64) -> Etu {
        let etu = (cycles * u64::from(self.config.di)).div_ceil(u64::from(self.config.fi));
        Etu::try_from(etu).unwrap_or(Etu::MAX)
    }

    fn expect(&mut self, holds: bool, rule: &str) {
        if !holds {
            let violation = format!("cycle {}: {rule}", self.time.cycles());
            self.violations.push(violation);
        }
    }

    /// The card, if it has power at a voltage it works at, a clock, and no reset.
    fn running_card(&self) -> Option<SharedCard> {
        let card = self.card.clone()?;
        let works = self.class.is_some_and(|class| card.borrow().works_at(class));
        (works && self.clk && self.rst && self.io).then_some(card)
    }

    fn forget_characters(&mut self) {
        self.coming.clear();
    }

    /// The card sends `bytes` at `rate`, the first one not before `start`.
    fn card_sends(&mut self, convention: Convention, rate: (u16, u8), bytes: &[u8], start: u64) {
        let gap = cycles(CARD_GUARD_TIME, rate);
        let mut edge = self.coming.back().map_or(start, |(last, ..)| start.max(last + gap));
        for byte in bytes {
            self.coming.push_back((edge, convention.encode(*byte), rate));
            edge += gap;
        }
    }

    fn move_to(&mut self, cycle: u64) {
        self.time.advance(cycle.saturating_sub(self.time.cycles()));
    }
}

/// Clock cycles that `etu` take at a rate of (Fi, Di), rounded up: a limit may not come early.
fn cycles(etu: u64, (fi, di): (u16, u8)) -> u64 {
    (etu * u64::from(fi)).div_ceil(u64::from(di))
}

impl CardLine for VirtualLine {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        if self.card.is_none() {
            self.time.advance_seconds(u64::from(seconds));
        }
        self.card.is_some()
    }

    fn present(&mut self) -> bool {
        self.card.is_some()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        match class {
            Some(_) => self.expect(!self.rst && !self.clk, "6.2.1: VCC comes while RST and CLK are low"),
            None => self.expect(!self.rst && !self.clk && !self.io, "6.4: VCC goes last, after RST, CLK and I/O"),
        }
        self.class = class;
        self.forget_characters();
    }

    fn set_rst(&mut self, high: bool) {
        if high && !self.rst {
            self.expect(self.class.is_some() && self.clk, "6.2.2: RST goes high with VCC and CLK on");
            let low_for = self.time.cycles() - self.reset_since;
            self.expect(low_for >= 400, "6.2.2: RST stays low for at least 400 cycles of CLK");
        }
        self.rst = high;
        self.forget_characters();
        self.last_edge = self.time.cycles();
        self.card_spoke_last = true;
        if !high {
            self.reset_since = self.time.cycles();
        } else if let Some(card) = self.running_card() {
            let mut card = card.borrow_mut();
            let atr = card.answer_to_reset();
            self.card_sends(card.convention(), card.rate(), &atr, self.last_edge + ATR_DELAY);
        }
    }

    fn set_clk(&mut self, on: bool) {
        if on && !self.clk {
            self.expect(self.class.is_some() && self.io, "6.2.1: CLK starts with VCC on and I/O released");
            self.reset_since = self.time.cycles();
        } else if !on && self.clk {
            self.expect(!self.rst, "6.4: RST goes low before CLK stops");
        }
        self.clk = on;
    }

    fn set_io(&mut self, released: bool) {
        if !released && self.io {
            self.expect(!self.clk, "6.4: CLK stops before I/O goes low");
        }
        self.io = released;
    }

    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
    }

    async fn wait(&mut self, cycles: u32) {
        self.time.advance(u64::from(cycles));
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for byte in bytes {
            if self.card.is_none() {
                return Err(LineError::Removed);
            }
            self.expect(self.coming.is_empty(), "10.3: the terminal speaks only when the card has finished");
            let gap = if self.card_spoke_last { self.config.turnaround } else { self.config.guard_time };
            let edge = self.time.cycles().max(self.last_edge + self.cycles(u64::from(gap)));
            self.move_to(edge + self.cycles(CHARACTER));
            (self.last_edge, self.card_spoke_last) = (edge, false);
            if let Some(card) = self.running_card() {
                let mut card = card.borrow_mut();
                // A response to PPS still goes at the rate the request came at.
                let (convention, rate) = (card.convention(), card.rate());
                if rate != self.rate() {
                    // At another rate a card reads nothing it could make sense of.
                    continue;
                }
                let heard = convention.decode(self.config.convention.encode(*byte));
                // A card that reads wrong parity would signal it; none of ours is ever sent any.
                let answer = card.received(heard.byte);
                let start = edge + cycles(card.turnaround(), rate);
                self.card_sends(convention, rate, &answer, start);
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let Some(card) = self.card.clone() else {
            return Err(LineError::Removed);
        };
        if self.coming.is_empty() && self.running_card().is_some() {
            let mut card = card.borrow_mut();
            // A card that keeps the terminal waiting does so just within the waiting time; one that heard a damaged block
            // answers when it is sure that no more of it comes.
            let start = self.last_edge + self.cycles(u64::from(within));
            self.card_sends(card.convention(), card.rate(), &card.goes_on(), start);
            let answer = card.silence();
            self.card_sends(card.convention(), card.rate(), &answer, start);
        }
        let limit = self.last_edge + self.cycles(u64::from(within));
        match self.coming.front() {
            Some((edge, ..)) if *edge <= limit => {}
            _ => {
                self.move_to(limit);
                return Err(LineError::Timeout);
            }
        }
        let Some((edge, frame, rate)) = self.coming.pop_front() else {
            return Err(LineError::Timeout);
        };
        self.move_to(edge + cycles(CHARACTER, rate));
        let elapsed = self.etu(edge - self.last_edge);
        (self.last_edge, self.card_spoke_last) = (edge, true);
        let mut character = self.config.convention.decode(frame);
        // Sampled at another rate, a character is not what was sent.
        character.parity_ok &= rate == self.rate();
        Ok((character, elapsed))
    }
}

impl BenchLine for VirtualLine {
    fn set_card(&mut self, card: Option<SharedCard>) {
        self.card = card;
        self.forget_characters();
    }

    fn now(&self) -> u64 {
        self.time.cycles()
    }

    fn last_edge(&self) -> u64 {
        self.last_edge
    }

    fn rate(&self) -> (u16, u8) {
        (self.config.fi, self.config.di)
    }

    fn violations(&self) -> &[String] {
        &self.violations
    }
}
