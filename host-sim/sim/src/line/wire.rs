//! The wire itself: states of the contacts, characters as moments, time in clock cycles. It is also the referee of the
//! slot.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Poll;

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::atr::ClockStop;
use qiyong_protocol::iso7816::character::{Convention, Moments, Received};

use super::{Disturbance, SharedCard, SimulatedLine};
use crate::time::{CLOCK_HZ, VirtualTime};

/// Clock cycles from RST going high to TS: the least is 400, the most 40 000 (clause 6.2.2).
const ATR_DELAY: u64 = 400;
/// Etu from a character's leading edge until both sides are done with it: ten moments and the least pause, that of T=1
/// with N = 255 (clauses 7.2, 11.2).
const CHARACTER: u64 = 11;
/// Etu from a character's leading edge to that of its repetition; the error signal lies between (clause 7.3).
const REPETITION: u64 = 13;
/// Etu between the card's characters: the terminal needs no extra guard time (clause 8.3).
const CARD_GUARD_TIME: u64 = 12;
/// Clock cycles before and after a stop of the clock (clause 6.3.2).
const AROUND_CLOCK_STOP: (u64, u64) = (1860, 700);

/// A wire with a card slot at its end.
pub struct VirtualLine {
    time: VirtualTime,
    seat: Seat,
    class: Option<VoltageClass>,
    rst: bool,
    clock: Clock,
    io: bool,
    config: LineConfig,
    /// Leading edge of the last character, or RST going high.
    last_edge: u64,
    last_frame: (Moments, bool),
    /// Whether the last character came from the card.
    card_spoke_last: bool,
    /// When CLK was last started with RST low.
    reset_since: u64,
    /// When CLK was last started with RST high.
    resumed_at: u64,
    /// Characters that the card is about to send.
    coming: VecDeque<Coming>,
    next: Next,
    /// A disturbance has happened, so the card's characters may come at the wrong time.
    disturbed: bool,
    silenced: bool,
    short: bool,
    violations: Vec<String>,
}

/// The place for a card. Clones are the same place, so that the owner of any clone can pull the card.
#[derive(Clone, Default)]
pub struct Seat(Rc<RefCell<Option<SharedCard>>>);

impl Seat {
    fn card(&self) -> Option<SharedCard> {
        self.0.borrow().clone()
    }

    /// Pulls the card.
    pub fn pull(&self) {
        self.0.borrow_mut().take();
    }
}

/// A character that the card is about to send.
#[derive(Clone, Copy)]
struct Coming {
    /// The cycle of its leading edge.
    edge: u64,
    frame: Moments,
    /// Fi and Di at which it is sent.
    rate: (u16, u8),
}

/// What goes wrong with the next character.
#[derive(Clone, Copy, Default)]
struct Next {
    flip: u16,
    lose: bool,
    double: bool,
    late: Etu,
    early: Etu,
}

impl VirtualLine {
    /// A wire without power and card.
    pub fn new(time: VirtualTime) -> Self {
        Self {
            time,
            seat: Seat::default(),
            class: None,
            rst: false,
            clock: Clock::Low,
            io: false,
            config: LineConfig::RESET,
            last_edge: 0,
            last_frame: (Moments::from_moments(0), false),
            card_spoke_last: false,
            reset_since: 0,
            resumed_at: 0,
            coming: VecDeque::new(),
            next: Next { flip: 0, lose: false, double: false, late: 0, early: 0 },
            disturbed: false,
            silenced: false,
            short: false,
            violations: Vec::new(),
        }
    }

    /// Where the card is.
    pub fn seat(&self) -> Seat {
        self.seat.clone()
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

    fn running(&self) -> bool {
        self.clock == Clock::Running
    }

    /// The card, if it has power at a voltage at which it works, a clock, and no reset.
    fn running_card(&self) -> Option<SharedCard> {
        let card = self.seat.card()?;
        let works = self.class.is_some_and(|class| card.borrow().works_at(class)) && !self.short;
        (works && self.running() && self.rst && self.io).then_some(card)
    }

    fn trouble(&self) -> Result<(), LineError> {
        match self.seat.card() {
            None => Err(LineError::Removed),
            Some(_) if self.short => Err(LineError::ShortCircuit),
            Some(_) => Ok(()),
        }
    }

    fn forget_characters(&mut self) {
        self.coming.clear();
    }

    /// Makes the card send `bytes` at `rate`; the first one comes not before `start`.
    fn card_sends(&mut self, convention: Convention, rate: (u16, u8), bytes: &[u8], start: u64) {
        if self.silenced {
            return;
        }
        let gap = cycles(CARD_GUARD_TIME, rate);
        let mut edge = self.coming.back().map_or(start, |last| start.max(last.edge + gap));
        for byte in bytes {
            self.coming.push_back(Coming { edge, frame: convention.encode(*byte), rate });
            edge += gap;
        }
    }

    /// What the card sends without being spoken to: the next character of a card that keeps the terminal waiting just
    /// within the waiting time, or the answer to a damaged block, when the card is certain that no more of the block
    /// comes.
    fn card_goes_on(&mut self, within: Etu) {
        if let Some(card) = self.running_card().filter(|_| self.coming.is_empty()) {
            let mut card = card.borrow_mut();
            let start = self.last_edge + self.cycles(u64::from(within));
            self.card_sends(card.convention(), card.rate(), &card.goes_on(), start);
            let answer = card.silence();
            self.card_sends(card.convention(), card.rate(), &answer, start);
        }
    }

    /// The card receives a character, whose leading edge is now `last_edge`; `false`: the card signals an error.
    fn card_hears(&mut self, frame: Moments) -> bool {
        let Some(card) = self.running_card() else {
            return true;
        };
        let mut card = card.borrow_mut();
        // A response to PPS still goes at the rate of the request.
        let (convention, rate) = (card.convention(), card.rate());
        if rate != self.rate() {
            // At another rate the card receives nothing that it could understand.
            return true;
        }
        let heard = convention.decode(frame);
        let answer = match heard.parity_ok {
            true => card.received(heard.byte),
            false if card.signals_errors() && self.config.error_signal => return false,
            false => card.parity_error(),
        };
        let start = self.last_edge + cycles(card.turnaround(), rate);
        self.card_sends(convention, rate, &answer, start);
        true
    }

    /// The next character of the card and which of its moments are inverted, if it comes by the cycle `limit`.
    fn next_from_card(&mut self, limit: u64) -> Option<(Coming, u16)> {
        if self.next.lose && self.coming.pop_front().is_some() {
            self.next = Next::default();
        }
        let Next { flip, double, late, early, .. } = self.next;
        let mut first = *self.coming.front()?;
        // A receiver is ready for the next character when it is done with the last one.
        let ready = first.edge.min(self.last_edge + cycles(CHARACTER, first.rate));
        first.edge = first.edge.saturating_sub(cycles(early.into(), first.rate)).max(ready);
        first.edge += cycles(late.into(), first.rate);
        if first.edge > limit {
            return None;
        }
        self.next = Next::default();
        self.coming.pop_front();
        let gap = cycles(CARD_GUARD_TIME, first.rate);
        if double {
            self.coming.push_front(first);
        }
        self.push_apart(first.edge, gap);
        Some((first, flip))
    }

    /// Moves the card's characters so that each comes at least `gap` after the one before, the first after `edge`.
    fn push_apart(&mut self, edge: u64, gap: u64) {
        let mut least = edge + gap;
        for coming in &mut self.coming {
            if coming.edge >= least {
                // The characters after this one are already far enough apart.
                break;
            }
            coming.edge = least;
            least = coming.edge + cycles(CARD_GUARD_TIME, coming.rate);
        }
    }

    fn move_to(&mut self, cycle: u64) {
        self.time.advance(cycle.saturating_sub(self.time.cycles()));
    }
}

/// Clock cycles of `etu` etu at a rate of (Fi, Di), rounded up, since a limit may not come early.
fn cycles(etu: u64, (fi, di): (u16, u8)) -> u64 {
    (etu * u64::from(fi)).div_ceil(u64::from(di))
}

impl CardLine for VirtualLine {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        if self.seat.card().is_none() {
            self.time.advance_seconds(u64::from(seconds));
        }
        self.seat.card().is_some()
    }

    async fn removal(&mut self) {
        // Cards are put in and taken out between two polls.
        std::future::poll_fn(|_| if self.seat.card().is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    fn present(&mut self) -> bool {
        self.seat.card().is_some()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        let idle = !self.rst && self.clock == Clock::Low;
        match class {
            Some(_) => self.expect(idle, "6.2.1: VCC comes while RST and CLK are low"),
            None => self.expect(idle && !self.io, "6.4: VCC goes last, after RST, CLK and I/O"),
        }
        self.class = class;
        (self.silenced, self.short, self.next) = (false, false, Next::default());
        self.forget_characters();
    }

    fn set_rst(&mut self, high: bool) {
        if high && !self.rst {
            self.expect(self.class.is_some() && self.running(), "6.2.2: RST goes high with VCC and CLK on");
            let low_for = self.time.cycles() - self.reset_since;
            self.expect(low_for >= 400, "6.2.2: RST stays low for at least 400 cycles of CLK");
        }
        self.rst = high;
        self.silenced = false;
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

    fn set_clk(&mut self, clock: Clock) {
        let now = self.time.cycles();
        match (self.running(), clock) {
            (false, Clock::Running) if self.rst => self.resumed_at = now,
            (false, Clock::Running) => {
                self.expect(self.class.is_some() && self.io, "6.2.1: CLK starts with VCC on and I/O released");
                self.reset_since = now;
            }
            (true, Clock::Low | Clock::High) if self.rst => {
                let allowed = self.seat.card().map_or(ClockStop::Any, |card| card.borrow().clock_stop());
                let state = match allowed {
                    ClockStop::Any => true,
                    ClockStop::Low => clock == Clock::Low,
                    ClockStop::High => clock == Clock::High,
                    ClockStop::NotSupported => false,
                };
                self.expect(state, "6.4, 6.3.2: CLK stops with RST high in the state the card allows, or after RST");
                let quiet = now >= self.last_edge + self.cycles(CHARACTER) + AROUND_CLOCK_STOP.0;
                self.expect(quiet, "6.3.2: CLK runs for 1860 cycles after the last character");
            }
            (true, Clock::High) => self.expect(false, "6.4: CLK goes low"),
            _ => {}
        }
        self.clock = clock;
    }

    fn set_io(&mut self, released: bool) {
        if !released && self.io {
            self.expect(self.clock == Clock::Low, "6.4: CLK stops before I/O goes low");
        }
        self.io = released;
    }

    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
    }

    fn clk_hz(&self) -> u32 {
        CLOCK_HZ as u32
    }

    async fn wait(&mut self, cycles: u32) {
        self.time.advance(u64::from(cycles));
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            self.trouble()?;
            self.expect(self.running(), "6.3.2: nothing is sent while CLK is stopped");
            let awake = self.resumed_at == 0 || self.time.cycles() >= self.resumed_at + AROUND_CLOCK_STOP.1;
            self.expect(awake, "6.3.2: CLK runs for 700 cycles before the next character");
            let finished = self.coming.is_empty() || self.disturbed;
            self.expect(finished, "10.3: the terminal speaks only when the card has finished");
            // Both send at the same time: the card's characters are lost.
            self.forget_characters();
            let Next { flip, lose, double, late, .. } = std::mem::take(&mut self.next);
            let gap = match self.last_frame.1 && !self.card_spoke_last {
                true => REPETITION,
                false if self.card_spoke_last => self.config.turnaround.into(),
                false => self.config.guard_time.into(),
            };
            let gap = gap + u64::from(late);
            if let Some(card) = self.running_card().filter(|_| late > 0) {
                let mut card = card.borrow_mut();
                if card.character_waiting_time().is_some_and(|etu| gap > etu) {
                    // The card takes the block for finished, and complains while the terminal sends: nobody receives
                    // the complaint.
                    card.silence();
                }
            }
            let edge = self.time.cycles().max(self.last_edge + self.cycles(gap));
            let frame = Moments::from_moments(self.config.convention.encode(byte).moments() ^ flip);
            (self.last_edge, self.card_spoke_last, self.last_frame) = (edge, false, (frame, false));
            self.move_to(edge + self.cycles(CHARACTER));
            for _ in 0..if lose { 0 } else { 1 + u8::from(double) } {
                if !self.card_hears(frame) {
                    self.last_frame.1 = true;
                    return Err(LineError::NotAccepted(index));
                }
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.trouble()?;
        self.card_goes_on(within);
        let limit = self.last_edge + self.cycles(u64::from(within));
        let Some((Coming { edge, frame: meant, rate }, flip)) = self.next_from_card(limit) else {
            self.move_to(limit);
            return Err(LineError::Timeout);
        };
        self.move_to(edge + cycles(CHARACTER, rate));
        let elapsed = self.etu(edge.saturating_sub(self.last_edge));
        (self.last_edge, self.card_spoke_last) = (edge, true);
        let frame = Moments::from_moments(meant.moments() ^ flip);
        let mut character = self.config.convention.decode(frame);
        // A character sampled at another rate is not the one that was sent.
        character.parity_ok &= rate == self.rate();
        let signalled = !character.parity_ok && self.config.error_signal;
        self.last_frame = (frame, signalled);
        if signalled && rate == self.rate() {
            self.coming.push_front(Coming { edge, frame: meant, rate });
            self.push_apart(edge, cycles(REPETITION, rate));
        }
        Ok((character, elapsed))
    }
}

impl SimulatedLine for VirtualLine {
    fn set_card(&mut self, card: Option<SharedCard>) {
        *self.seat.0.borrow_mut() = card;
        self.next = Next::default();
        self.forget_characters();
    }

    fn disturb(&mut self, disturbance: Disturbance) {
        self.disturbed = true;
        match disturbance {
            Disturbance::Flip(moments) => self.next.flip = moments,
            Disturbance::Lose => self.next.lose = true,
            Disturbance::Double => self.next.double = true,
            Disturbance::Late(etu) => self.next.late = etu,
            Disturbance::Early(etu) => self.next.early = etu,
            Disturbance::Silence => {
                self.silenced = true;
                self.forget_characters();
            }
            Disturbance::ShortCircuit => {
                self.short = true;
                self.forget_characters();
            }
            Disturbance::Pull => self.set_card(None),
            Disturbance::Misbehave(kind) => {
                if let Some(card) = self.seat.card() {
                    card.borrow_mut().misbehave_until_reset(kind);
                }
            }
        }
    }

    fn now(&self) -> u64 {
        self.time.cycles()
    }

    fn last_edge(&self) -> u64 {
        self.last_edge
    }

    fn last_frame(&self) -> (Moments, bool) {
        self.last_frame
    }

    fn rate(&self) -> (u16, u8) {
        (self.config.fi, self.config.di)
    }

    fn violations(&self) -> &[String] {
        &self.violations
    }
}
