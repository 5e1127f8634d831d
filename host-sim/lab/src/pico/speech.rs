//! What goes over the card's wire: characters of either side, error signals and repetitions, and what goes wrong with them, as
//! on the virtual line of a world.

use qiyong_protocol::iso7816::character::{Convention, Moments, Received};
use qiyong_protocol::iso7816::t0;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::{self, Disturbance};
use qiyong_sim::referee::{By, Character, Rate, Seen, Signal};

use super::harness::Input;
use super::slot::{IO, Slot};
use super::wire::{Coming, DEFAULT_RATE, Heard, Next, OnWire, edges, tenths};

/// Tenths of an etu between the card's characters.
const CARD_GUARD_TIME: u64 = 120;
/// Tenths of an etu that a character's moments take.
const MOMENTS: u64 = 100;
/// Tenths of an etu after a character's leading edge when another one may begin at the earliest (clause 11.2).
const CHARACTER: u64 = 110;
/// Tenths of an etu after a character's leading edge at which its error signal is over, and nothing else has begun.
const OVER: u64 = 126;
/// Where the card's error signal begins and ends (clause 7.3).
const SIGNAL: (u64, u64) = (105, 120);
/// How much later than its error signal allows the card repeats a character.
const REPEATS: u64 = 150;
impl Slot {
    /// The chip lets I/O go, or pulls it low.
    pub(super) fn io(&mut self, at: u64, released: bool) {
        self.scope.chip(at, released);
        match &mut self.on_wire {
            Some(OnWire::Terminal(heard)) => heard.edge(at, released),
            // After the ten moments of the card's character, it is an error signal.
            Some(OnWire::Card(coming, _, signal)) if at >= coming.edge + tenths(MOMENTS, coming.rate) => match signal {
                Some((_, end)) if released => *end = Some(at),
                None if !released => *signal = Some((at, None)),
                _ => {}
            },
            // A character is ten moments at most: what lasts is the contact pulled low for good.
            None if self.class.is_none() || !self.rst => self.referee.see(at, Seen::Io(released)),
            None if !released => {
                self.arm(at);
                let rate = self.powered().map_or(DEFAULT_RATE, |card| card.borrow().rate());
                let mut heard = Heard::new(at, rate);
                heard.edge(at, false);
                self.on_wire = Some(OnWire::Terminal(heard));
            }
            _ => {}
        }
    }

    /// Power or RST change: a character whose moments have all come is one, and the rest of another is none.
    pub(super) fn cut_off(&mut self, at: u64) {
        match self.on_wire.take() {
            Some(OnWire::Card(coming, moments, signal)) if at >= coming.edge + tenths(MOMENTS, coming.rate) => {
                self.has_said(coming, moments, signal);
            }
            Some(OnWire::Terminal(heard)) => {
                self.scope.half(By::Terminal, heard.edge, heard.rate, at);
                self.stays_low = !heard.is_high();
            }
            Some(OnWire::Card(coming, ..)) => self.scope.half(By::Card, coming.edge, coming.rate, at),
            None => {}
        }
    }

    /// The card sends these bytes, the first at `start`.
    pub(super) fn sends(&mut self, bytes: &[u8], rate: (u16, u8), start: u64) {
        if self.silenced {
            return;
        }
        let gap = tenths(CARD_GUARD_TIME, rate);
        for (byte, at) in bytes.iter().zip(0..) {
            self.coming.push_back(Coming { edge: start + at * gap, rate, byte: *byte });
        }
    }

    /// What goes wrong with the next character is taken from the plan, once.
    fn arm(&mut self, now: u64) {
        if std::mem::replace(&mut self.armed, true) {
            return;
        }
        for what in self.plan.before_character() {
            match what {
                Disturbance::Flip(moments) => self.disturbed.flip = moments,
                Disturbance::Lose => self.disturbed.lose = true,
                Disturbance::Double => self.disturbed.double = true,
                Disturbance::Late(etu) => self.disturbed.late = etu,
                Disturbance::Early(etu) => self.disturbed.early = etu,
                Disturbance::Silence => {
                    self.silenced = true;
                    self.coming.clear();
                }
                Disturbance::ShortCircuit => {
                    self.short = true;
                    self.falls_silent(now);
                    self.referee.see(now, Seen::Collapse);
                }
                Disturbance::Pull => self.set_card(None, now),
                Disturbance::Misbehave(kind) => {
                    if let Some(card) = self.powered() {
                        card.borrow_mut().misbehave_until_reset(kind);
                    }
                }
            }
        }
    }

    /// The card's next character is prepared: it may be lost, or come at another time.
    fn prepare(&mut self, now: u64) {
        if self.coming.is_empty() {
            self.goes_on();
        }
        if self.coming.is_empty() || self.armed {
            return;
        }
        self.arm(now);
        if self.disturbed.lose && self.coming.pop_front().is_some() {
            self.disturbed = Next::default();
        }
        let Some(Coming { mut edge, rate, .. }) = self.coming.front().copied() else { return };
        let etu = |etu: u32| tenths(10 * u64::from(etu), rate);
        let ready = edge.min(self.last_edge + tenths(CHARACTER, rate));
        edge = edge.saturating_sub(etu(self.disturbed.early)).max(ready) + etu(self.disturbed.late);
        self.begin_at(edge);
    }

    /// The card's characters come at this cycle, and as much later as they must.
    fn begin_at(&mut self, edge: u64) {
        let mut least = edge;
        for (number, coming) in self.coming.iter_mut().enumerate() {
            coming.edge = if number == 0 { edge } else { coming.edge.max(least) };
            least = coming.edge + tenths(CARD_GUARD_TIME, coming.rate);
        }
    }

    /// A card that keeps the board waiting sends its sign when its waiting time is almost over.
    fn goes_on(&mut self) {
        let Some(card) = self.powered().filter(|_| self.rst) else { return };
        let (bytes, rate, wait) = {
            let card = card.borrow();
            (card.goes_on(), card.rate(), waiting_time(&card))
        };
        self.sends(&bytes, rate, self.last_edge + tenths(10 * wait, rate));
    }

    /// When the card does the next thing.
    pub(super) fn next(&mut self, now: u64) -> Option<u64> {
        if self.on_wire.is_none() {
            self.prepare(now);
        }
        match &self.on_wire {
            Some(OnWire::Terminal(heard)) => Some(heard.whole_at()),
            Some(OnWire::Card(coming, _, signal)) => {
                Some(coming.edge + tenths(if signal.is_some() { OVER } else { CHARACTER }, coming.rate))
            }
            None => self.coming.front().map(|coming| coming.edge).into_iter().chain(self.gives_up).min(),
        }
    }

    /// The card does it, at `now`.
    pub(super) fn act(&mut self, now: u64) {
        self.scope.flows(now);
        match self.on_wire.take() {
            Some(OnWire::Terminal(heard)) => self.hears(&heard),
            Some(OnWire::Card(coming, moments, signal)) => self.has_said(coming, moments, signal),
            None if self.gives_up.take_if(|at| *at <= now).is_some() => self.complains(now),
            None => self.begins(now),
        }
    }

    /// Nothing more has come of a block: the card says what it thinks of that.
    fn complains(&mut self, now: u64) {
        let Some(card) = self.powered().cloned() else { return };
        let mut card = card.borrow_mut();
        let answer = card.silence();
        let rate = card.rate();
        drop(card);
        self.sends(&answer, rate, now);
    }

    /// The next character of the card begins.
    fn begins(&mut self, now: u64) {
        let (Some(coming), Some(card)) = (self.coming.pop_front(), self.powered()) else { return };
        let coming = Coming { edge: now.max(coming.edge), ..coming };
        let meant = card.borrow().convention().encode(coming.byte).moments();
        let moments = Moments::from_moments(meant ^ self.disturbed.flip);
        let levels = edges(coming.edge, moments, coming.rate);
        self.into.extend(levels.into_iter().map(|(at, high)| (at, Input::Pin(IO, high))));
        self.on_wire = Some(OnWire::Card(coming, moments, None));
        self.gives_up = None;
        self.last_edge = coming.edge;
        self.characters += 1;
        self.plan.has_passed();
    }

    /// A character of the card is over.
    fn has_said(&mut self, coming: Coming, moments: Moments, signal: Option<(u64, Option<u64>)>) {
        let since = |at: u64| ((at - coming.edge) * 10 / tenths(10, coming.rate)) as u16;
        let seen = signal.map(|(from, to)| Signal { from: since(from), to: to.map_or(OVER as u16, since) });
        self.sees(coming.edge, By::Card, moments, coming.rate, seen);
        let Next { double, .. } = std::mem::take(&mut self.disturbed);
        self.armed = false;
        if signal.is_some() || double {
            let after = if signal.is_some() { REPEATS } else { CARD_GUARD_TIME };
            self.coming.push_front(coming);
            self.begin_at(coming.edge + tenths(after, coming.rate));
        }
    }

    /// A character of the terminal is whole.
    fn hears(&mut self, heard: &Heard) {
        self.characters += 1;
        self.plan.has_passed();
        self.crooked.extend(heard.crooked());
        self.armed = false;
        let Next { flip, lose, double, late, .. } = std::mem::take(&mut self.disturbed);
        let (driven, rate) = (heard.moments(), heard.rate);
        let before = std::mem::replace(&mut self.last_edge, heard.edge);
        // Both send at the same time: the card's characters are lost.
        self.coming.clear();
        self.gives_up = None;
        let arrives = heard.edge + tenths(10 * u64::from(late), rate);
        let moments = Moments::from_moments(driven.moments() ^ flip);
        let mut accepted = true;
        if let Some(card) = self.powered().filter(|_| self.rst).cloned() {
            let waits = card.borrow().character_waiting_time().map(|etu| tenths(10 * etu, rate));
            if late > 0 && waits.is_some_and(|most| arrives - before > most) {
                // The card takes the block for finished, and complains while the terminal sends: nobody hears the complaint.
                card.borrow_mut().silence();
            }
            for _ in 0..if lose { 0 } else { 1 + u8::from(double) } {
                accepted &= self.card_hears(&mut card.borrow_mut(), moments, arrives);
            }
            // An etu later it is certain.
            self.gives_up = waits.filter(|_| self.coming.is_empty()).map(|most| arrives + most + tenths(10, rate));
            let took_new_pin = card.borrow().card.took_new_pin();
            if took_new_pin && std::mem::take(&mut self.pull_when_new_pin_is_taken) {
                self.set_card(None, heard.whole_at());
            }
        }
        let signal = (!accepted).then(|| {
            let [from, to] = [SIGNAL.0, SIGNAL.1].map(|at| heard.edge + tenths(at, rate));
            self.into.extend([(from, Input::Pin(IO, false)), (to, Input::Pin(IO, true))]);
            Signal { from: SIGNAL.0 as u16, to: SIGNAL.1 as u16 }
        });
        self.sees(heard.edge, By::Terminal, driven, rate, signal);
    }

    /// The card hears a character whose leading edge is at `edge`; `false`: it signals an error.
    fn card_hears(&mut self, card: &mut ContactCard, moments: Moments, edge: u64) -> bool {
        let received = card.convention().decode(moments);
        // A response to PPS still goes at the rate of the request.
        let rate = card.rate();
        let answer = match received.parity_ok {
            true => card.received(received.byte),
            false if card.signals_errors() => return false,
            false => card.parity_error(),
        };
        self.sends(&answer, rate, edge + tenths(10 * card.turnaround(), rate));
        true
    }

    fn sees(&mut self, at: u64, by: By, moments: Moments, (f, d): (u16, u8), signal: Option<Signal>) {
        let convention = self.powered().map_or(Convention::Direct, |card| card.borrow().convention());
        let Received { byte, parity_ok } = convention.decode(moments);
        let shown = line::Character { byte, parity_ok, frame: moments, signalled: signal.is_some() };
        self.scope.character(by, shown, at, (f, d));
        let character = Character { by, moments: moments.moments(), rate: Rate { f, d }, signal };
        self.referee.see(at, Seen::Character(character));
    }
}

/// How long a card of T=0 may keep the board waiting for a character, in etu (ISO/IEC 7816-3 clause 10.2).
fn waiting_time(card: &ContactCard) -> u64 {
    let (fi, di) = card.rate();
    t0::Limits::from_atr(&card.parameters(), fi, di).waiting_time.into()
}
