//! The wire itself: states of the contacts, characters as moments, time in clock cycles.
//!
//! It does as the slot says, right or wrong, and shows the referee ([`crate::referee`]) what the terminal's pins show.
//! Damage lies between these pins and the card.

use std::collections::VecDeque;
use std::task::Poll;

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Moments, Received};

use super::{Disturbance, PullDuring, Seat, SharedCard, SimulatedLine};
use crate::referee::{self, By, Clk, Finding, Rate, Referee, Seen, Signal};
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

/// What the slot's hardware is like.
#[derive(Clone, Copy, Debug)]
pub struct Hardware {
    /// The frequency of CLK.
    pub clock_hz: u32,
    /// VCC in mV for class A, B and C.
    pub vcc_mv: [u16; 3],
    /// How long the supply takes until VCC is stable, or gone, in µs.
    pub vcc_settles_us: u32,
    /// How many etu after the time in which a character may begin it is certain that none has.
    pub misses_after: Etu,
    /// Where its error signal lies.
    pub signal: Signal,
    /// The least etu from the leading edge of a character that the card has refused to that of its repetition.
    pub repetition: Etu,
}

impl Default for Hardware {
    /// An ideal one: CLK at 4 MHz; 5 V, 3 V and 1.8 V at once; leading edges are seen; the error signal from 10.5 to 11.5 etu
    /// (clause 7.3).
    fn default() -> Self {
        let vcc_mv = [5000, 3000, 1800];
        Self {
            clock_hz: CLOCK_HZ as u32,
            vcc_mv,
            vcc_settles_us: 0,
            misses_after: 0,
            signal: CARD_SIGNAL,
            repetition: REPETITION as Etu,
        }
    }
}

impl Hardware {
    /// That of the boards: VCC takes 10 ms, and a USART tells of a character only when it is whole.
    pub fn of_a_board() -> Self {
        Self { vcc_settles_us: 10_000, misses_after: CHARACTER as Etu, ..Self::default() }
    }
}

/// Where the error signal of a card lies (clause 7.3).
const CARD_SIGNAL: Signal = Signal { from: 105, to: 115 };

/// A wire with a card slot at its end.
pub struct VirtualLine {
    time: VirtualTime,
    hardware: Hardware,
    referee: Referee,
    seat: Seat,
    /// The contacts touched a card when the referee last looked.
    touched: bool,
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
    /// Characters that the card is about to send.
    coming: VecDeque<Coming>,
    next: Next,
    silenced: bool,
    short: bool,
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
        Self::of(Hardware::default(), time)
    }

    /// The same, of other hardware.
    pub fn of(hardware: Hardware, time: VirtualTime) -> Self {
        Self {
            time,
            hardware,
            referee: Referee::new(CLOCK_HZ as u32),
            seat: Seat::default(),
            touched: false,
            class: None,
            rst: false,
            clock: Clock::Low,
            io: false,
            config: LineConfig::RESET,
            last_edge: 0,
            last_frame: (Moments::from_moments(0), false),
            card_spoke_last: false,
            coming: VecDeque::new(),
            next: Next { flip: 0, lose: false, double: false, late: 0, early: 0 },
            silenced: false,
            short: false,
        }
    }

    /// The referee of this line.
    pub const fn referee(&mut self) -> &mut Referee {
        &mut self.referee
    }

    /// Where the card is.
    pub fn seat(&self) -> Seat {
        self.seat.clone()
    }

    /// Ticks of the clock of `etu` etu at a rate of (Fi, Di), rounded up, since a limit may not come early.
    fn ticks(&self, etu: u64, (fi, di): (u16, u8)) -> u64 {
        (etu * u64::from(fi) * CLOCK_HZ).div_ceil(u64::from(di) * u64::from(self.hardware.clock_hz))
    }

    fn cycles(&self, etu: u64) -> u64 {
        self.ticks(etu, self.rate())
    }

    fn etu(&self, ticks: u64) -> Etu {
        let cycles = ticks * u64::from(self.hardware.clock_hz);
        let etu = (cycles * u64::from(self.config.di)).div_ceil(u64::from(self.config.fi) * CLOCK_HZ);
        Etu::try_from(etu).unwrap_or(Etu::MAX)
    }

    /// Shows the referee what is seen now.
    fn show(&mut self, seen: Seen) {
        self.look();
        self.referee.see(self.time.cycles(), seen);
    }

    /// Shows the referee whether there is a card: it is put in and taken out between two calls.
    fn look(&mut self) {
        let touches = self.seat.card().is_some();
        if touches != std::mem::replace(&mut self.touched, touches) {
            self.referee.see(self.time.cycles(), Seen::Card(touches));
        }
    }

    fn show_character(&mut self, by: By, edge: u64, frame: Moments, (f, d): (u16, u8), signal: Option<Signal>) {
        self.look();
        let character = referee::Character { by, moments: frame.moments(), rate: Rate { f, d }, signal };
        self.referee.see(edge, Seen::Character(character));
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

    /// The card's characters that are not received are lost. Those that have come are seen all the same.
    fn forget_characters(&mut self) {
        let now = self.time.cycles();
        while let Some((Coming { edge, frame, rate }, flip)) = self.next_from_card(now) {
            let frame = Moments::from_moments(frame.moments() ^ flip);
            self.show_character(By::Card, edge, frame, rate, None);
        }
        self.coming.clear();
    }

    /// Makes the card send `bytes` at `rate`; the first one comes not before `start`.
    fn card_sends(&mut self, convention: Convention, rate: (u16, u8), bytes: &[u8], start: u64) {
        if self.silenced {
            return;
        }
        let gap = self.ticks(CARD_GUARD_TIME, rate);
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

    /// The card receives a character, whose leading edge reaches it at `edge`; `false`: the card signals an error.
    fn card_hears(&mut self, frame: Moments, edge: u64) -> bool {
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
            false if card.signals_errors() => return false,
            false => card.parity_error(),
        };
        let start = edge + self.ticks(card.turnaround(), rate);
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
        let ready = first.edge.min(self.last_edge + self.ticks(CHARACTER, first.rate));
        first.edge = first.edge.saturating_sub(self.ticks(early.into(), first.rate)).max(ready);
        first.edge += self.ticks(late.into(), first.rate);
        let gap = self.ticks(CARD_GUARD_TIME, first.rate);
        if first.edge > limit {
            if late > 0 {
                // It is late even if nobody waits for it any more.
                (self.next.late, self.next.early) = (0, 0);
                self.coming.pop_front();
                self.push_apart(first.edge, gap);
                self.coming.push_front(first);
            }
            return None;
        }
        self.next = Next::default();
        self.coming.pop_front();
        if double {
            self.coming.push_front(first);
        }
        self.push_apart(first.edge, gap);
        Some((first, flip))
    }

    /// Moves the card's characters so that each comes at least `gap` after the one before, the first after `edge`.
    fn push_apart(&mut self, edge: u64, gap: u64) {
        let mut least = edge + gap;
        let hz = u64::from(self.hardware.clock_hz);
        for Coming { edge, rate: (fi, di), .. } in &mut self.coming {
            if *edge >= least {
                // The characters after this one are already far enough apart.
                break;
            }
            *edge = least;
            least = *edge + (CARD_GUARD_TIME * u64::from(*fi) * CLOCK_HZ).div_ceil(u64::from(*di) * hz);
        }
    }

    fn move_to(&mut self, cycle: u64) {
        self.time.advance(cycle.saturating_sub(self.time.cycles()));
    }
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
        self.forget_characters();
        self.show(Seen::Vcc(match class {
            None => 0,
            Some(VoltageClass::A) => self.hardware.vcc_mv[0],
            Some(VoltageClass::B) => self.hardware.vcc_mv[1],
            Some(VoltageClass::C) => self.hardware.vcc_mv[2],
        }));
        self.class = class;
        (self.silenced, self.short, self.next) = (false, false, Next::default());
        self.time.advance(u64::from(self.hardware.vcc_settles_us) * CLOCK_HZ / 1_000_000);
    }

    fn set_rst(&mut self, high: bool) {
        self.forget_characters();
        self.show(Seen::Rst(high));
        self.rst = high;
        self.silenced = false;
        self.last_edge = self.time.cycles();
        self.card_spoke_last = true;
        if let Some(card) = self.running_card().filter(|_| high) {
            let mut card = card.borrow_mut();
            let atr = card.answer_to_reset();
            // Whatever the answer says, it comes at the rate of every reset (clause 8.1).
            let rate = (LineConfig::RESET.fi, LineConfig::RESET.di);
            self.card_sends(card.convention(), rate, &atr, self.last_edge + self.ticks(ATR_DELAY, (1, 1)));
        }
    }

    fn set_clk(&mut self, clock: Clock) {
        self.show(Seen::Clk(match clock {
            Clock::Running => Clk::Runs(self.hardware.clock_hz),
            Clock::Low => Clk::Low,
            Clock::High => Clk::High,
        }));
        self.clock = clock;
    }

    fn set_io(&mut self, released: bool) {
        self.show(Seen::Io(released));
        self.io = released;
    }

    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
    }

    fn clk_hz(&self) -> u32 {
        self.hardware.clock_hz
    }

    async fn wait(&mut self, cycles: u32) {
        self.time.advance(self.ticks(cycles.into(), (1, 1)));
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            self.look();
            self.trouble()?;
            let Next { flip, lose, double, late, .. } = std::mem::take(&mut self.next);
            let gap = match (self.card_spoke_last, self.last_frame.1) {
                (true, _) => self.config.turnaround,
                (false, true) => self.config.guard_time.max(self.hardware.repetition),
                (false, false) => self.config.guard_time,
            };
            let edge = self.time.cycles().max(self.last_edge + self.cycles(gap.into()));
            self.move_to(edge);
            // Both send at the same time: the card's characters are lost.
            self.forget_characters();
            let arrives = edge + self.cycles(late.into());
            if let Some(card) = self.running_card().filter(|_| late > 0) {
                let mut card = card.borrow_mut();
                if card.character_waiting_time().is_some_and(|etu| arrives - self.last_edge > self.cycles(etu)) {
                    // The card takes the block for finished, and complains while the terminal sends: nobody receives
                    // the complaint.
                    card.silence();
                }
            }
            let driven = self.config.convention.encode(byte);
            let frame = Moments::from_moments(driven.moments() ^ flip);
            (self.last_edge, self.card_spoke_last, self.last_frame) = (edge, false, (frame, false));
            let mut accepted = true;
            for _ in 0..if lose { 0 } else { 1 + u8::from(double) } {
                accepted &= self.card_hears(frame, arrives);
            }
            let rate = self.rate();
            self.show_character(By::Terminal, edge, driven, rate, (!accepted).then_some(CARD_SIGNAL));
            self.move_to(edge + self.cycles(CHARACTER));
            if self.seat.card().is_some_and(|card| card.borrow().card.took_new_pin())
                && self.seat.comes_to(PullDuring::NewPinTaken)
            {
                // The answer, which was to begin later, does not.
                self.set_card(None);
            }
            self.last_frame.1 = !accepted;
            if !accepted && self.config.error_signal {
                return Err(LineError::NotAccepted(index));
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.look();
        self.trouble()?;
        self.card_goes_on(within);
        let limit = self.last_edge + self.cycles(u64::from(within));
        let Some((Coming { edge, frame: meant, rate }, flip)) = self.next_from_card(limit) else {
            self.move_to(limit + self.cycles(self.hardware.misses_after.into()));
            return Err(LineError::Timeout);
        };
        self.move_to(edge + self.ticks(CHARACTER, rate));
        let elapsed = self.etu(edge.saturating_sub(self.last_edge));
        (self.last_edge, self.card_spoke_last) = (edge, true);
        let frame = Moments::from_moments(meant.moments() ^ flip);
        let mut character = self.config.convention.decode(frame);
        // A character sampled at another rate is not the one that was sent.
        character.parity_ok &= rate == self.rate();
        let signalled = !character.parity_ok && self.config.error_signal;
        self.last_frame = (frame, signalled);
        self.show_character(By::Card, edge, frame, rate, signalled.then_some(self.hardware.signal));
        if signalled && rate == self.rate() {
            self.coming.push_front(Coming { edge, frame: meant, rate });
            self.push_apart(edge, self.ticks(REPETITION, rate));
        }
        Ok((character, elapsed))
    }
}

impl SimulatedLine for VirtualLine {
    fn set_card(&mut self, card: Option<SharedCard>) {
        self.forget_characters();
        self.seat.set_card(card);
        self.next = Next::default();
        self.look();
    }

    fn disturb(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Flip(moments) => self.next.flip = moments,
            Disturbance::Lose => self.next.lose = true,
            Disturbance::Double => self.next.double = true,
            Disturbance::Late(etu) => self.next.late = etu,
            Disturbance::Early(etu) => self.next.early = etu,
            Disturbance::Silence => {
                self.silenced = true;
                self.coming.clear();
            }
            Disturbance::ShortCircuit => {
                self.forget_characters();
                self.short = true;
                self.show(Seen::Collapse);
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

    fn findings(&self) -> &[Finding] {
        self.referee.findings()
    }
}
