//! The card at its contacts: levels in, levels out, and the referee beside them.

use std::collections::{BTreeMap, VecDeque};

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::iso7816::character::Moments;

use crate::line::SharedCard;
use crate::referee::{By, Character, Clk, Rate, Referee, Seen, Signal};

/// Fi and Di of a moment's length.
type FiDi = (u16, u8);

/// Cycles of CLK from RST going high to TS; clause 6.2.2 allows 400 to 40 000.
const TS_AFTER: u64 = 400;
/// After every reset (clause 8.1).
const AT_RESET: FiDi = (372, 1);
/// Tenths of an etu: the end of the ten moments; where a receiver's signal begins and ends; when it is certain that there is none,
/// and that one is over; the card's guard time; when it repeats what was refused.
const MOMENTS_END: u64 = 100;
const SIGNAL: (u64, u64) = (105, 120);
const NO_SIGNAL: u64 = 115;
const SIGNAL_OVER: u64 = 126;
const GUARD: u64 = 120;
const REPEATS: u64 = 150;

/// A character that the card is going to send.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: u64,
    byte: u8,
    rate: FiDi,
}

/// What is on the wire.
#[derive(Debug)]
enum Wire {
    Quiet,
    /// The card's character, as it arrives, and the edges of the terminal's signal.
    FromCard {
        due: Due,
        arrives: Moments,
        pulled: Option<u64>,
        released: Option<u64>,
    },
    /// The terminal's, and when its driver changed.
    ToCard {
        edge: u64,
        rate: FiDi,
        levels: Vec<(u64, bool)>,
    },
}

/// The slot's contacts, with or without a card.
pub(super) struct Slot {
    hz: u64,
    /// The MCU's cycles in one of CLK.
    per_clk: u64,
    pub(super) referee: Referee,
    card: Option<SharedCard>,
    class: Option<VoltageClass>,
    collapsed: bool,
    clk: Clk,
    rst: bool,
    io: bool,
    /// The terminal pulls I/O.
    pulls: bool,
    /// The card pulls I/O.
    card_pulls: bool,
    /// What the card's driver does next: when, and whether it pulls.
    driver: VecDeque<(u64, bool)>,
    due: VecDeque<Due>,
    wire: Wire,
    /// When a card of T=1 takes a block for finished.
    silence: Option<u64>,
    /// Which characters, counted in both directions, arrive with which moments inverted.
    pub(super) flips: BTreeMap<u64, u16>,
    pub(super) characters: u64,
    /// How far the worst edge of the terminal was from its place, in thousandths of an etu.
    pub(super) worst_edge: u64,
    /// The terminal pulled the wire while the card sent.
    pub(super) clashes: u32,
    /// Error signals, of both.
    pub(super) signals: u32,
    /// The voltages that were driven, in mV.
    pub(super) volts: Vec<u16>,
}

impl Slot {
    pub(super) fn new(hz: u32) -> Self {
        Self {
            hz: hz.into(),
            per_clk: 1,
            referee: Referee::new(hz),
            card: None,
            class: None,
            collapsed: false,
            clk: Clk::Low,
            rst: false,
            io: false,
            pulls: false,
            card_pulls: false,
            driver: VecDeque::new(),
            due: VecDeque::new(),
            wire: Wire::Quiet,
            silence: None,
            flips: BTreeMap::new(),
            characters: 0,
            worst_edge: 0,
            clashes: 0,
            signals: 0,
            volts: Vec::new(),
        }
    }

    /// Cycles of so many tenths of an etu.
    fn tenths(&self, tenths: u64, (f, d): FiDi) -> u64 {
        (tenths * u64::from(f) * self.per_clk).div_ceil(10 * u64::from(d.max(1)))
    }

    /// Thousandths of an etu in so many cycles.
    fn thousandths(&self, cycles: u64, (f, d): FiDi) -> u64 {
        cycles * 1000 * u64::from(d) / (u64::from(f) * self.per_clk)
    }

    /// The card, if it has a voltage at which it works.
    fn powered(&self) -> Option<SharedCard> {
        let class = self.class.filter(|_| !self.collapsed)?;
        self.card.clone().filter(|card| card.borrow().works_at(class))
    }

    /// The card takes and gives characters.
    pub(super) fn runs(&self) -> bool {
        self.class.is_some() && self.rst && self.io && matches!(self.clk, Clk::Runs(_))
    }

    /// What the contact shows.
    pub(super) fn io_is_high(&self) -> bool {
        self.io && !self.pulls && !self.card_pulls
    }

    /// The card says nothing any more. A character whose moments are over has been said.
    fn hush(&mut self, now: u64) {
        if let Wire::FromCard { due, arrives, pulled, released } = self.wire
            && now >= due.at + self.tenths(MOMENTS_END, due.rate)
        {
            self.sent(due, arrives, pulled, released);
        }
        self.due.clear();
        self.driver.clear();
        (self.card_pulls, self.silence) = (false, None);
        if matches!(self.wire, Wire::FromCard { .. }) {
            self.wire = Wire::Quiet;
        }
    }

    pub(super) fn set_card(&mut self, at: u64, card: Option<SharedCard>) {
        self.hush(at);
        self.referee.see(at, Seen::Card(card.is_some()));
        self.card = card;
    }

    /// The supply breaks down though it is driven.
    pub(super) fn collapse(&mut self, at: u64) {
        self.gives_up(at);
        self.collapsed = true;
        self.hush(at);
    }

    /// What happens next is not the terminal's doing.
    pub(super) fn gives_up(&mut self, at: u64) {
        self.referee.see(at, Seen::Collapse);
    }

    pub(super) fn vcc(&mut self, at: u64, mv: u16) {
        self.hush(at);
        self.referee.see(at, Seen::Vcc(mv));
        self.class = match mv {
            0 => None,
            4500.. => Some(VoltageClass::A),
            2700.. => Some(VoltageClass::B),
            _ => Some(VoltageClass::C),
        };
        self.collapsed &= mv > 0;
        if mv > 0 {
            self.volts.push(mv);
        }
    }

    pub(super) fn clk(&mut self, at: u64, clk: Clk) {
        self.referee.see(at, Seen::Clk(clk));
        if let Clk::Runs(hz) = clk {
            self.per_clk = self.hz / u64::from(hz.max(1));
        }
        self.clk = clk;
    }

    /// The terminal lets I/O have its pull-up, or takes it away.
    pub(super) fn io(&mut self, at: u64, released: bool) {
        if released != self.io {
            self.referee.see(at, Seen::Io(released));
        }
        self.io = released;
    }

    pub(super) fn rst(&mut self, at: u64, high: bool) {
        if high == self.rst {
            return;
        }
        self.hush(at);
        self.referee.see(at, Seen::Rst(high));
        self.rst = high;
        self.wire = Wire::Quiet;
        match (&self.card, self.collapsed) {
            // A reset of nothing is no reset: nobody need wait for an answer.
            (None, _) => self.referee.see(at, Seen::Card(false)),
            (Some(_), true) => self.referee.see(at, Seen::Collapse),
            (Some(_), false) => {}
        }
        if high
            && self.runs()
            && let Some(card) = self.powered()
        {
            let atr = card.borrow_mut().answer_to_reset();
            self.sends(&atr, AT_RESET, at + TS_AFTER * self.per_clk);
        }
    }

    fn sends(&mut self, bytes: &[u8], rate: FiDi, from: u64) {
        let gap = self.tenths(GUARD, rate);
        self.due.extend(bytes.iter().zip(0..).map(|(&byte, index)| Due { at: from + index * gap, byte, rate }));
    }

    /// The terminal's driver pulls I/O or lets it go.
    pub(super) fn pull(&mut self, at: u64, pulls: bool) {
        if pulls == std::mem::replace(&mut self.pulls, pulls) || !self.runs() {
            return;
        }
        let (quiet, over) = match &self.wire {
            Wire::Quiet => (true, false),
            Wire::FromCard { due, .. } => (false, at >= due.at + self.tenths(MOMENTS_END, due.rate)),
            Wire::ToCard { .. } => (false, false),
        };
        match &mut self.wire {
            Wire::ToCard { levels, .. } => levels.push((at, !pulls)),
            Wire::FromCard { pulled, released, .. } if over => {
                let place = if pulls { pulled } else { released };
                place.get_or_insert(at);
            }
            _ if pulls && !quiet => self.clashes += 1,
            Wire::Quiet if pulls => {
                let rate = self.powered().map_or(AT_RESET, |card| card.borrow().rate());
                self.clashes += u32::from(self.card_pulls);
                self.wire = Wire::ToCard { edge: at, rate, levels: vec![(at, false)] };
                self.silence = None;
                self.characters += 1;
            }
            _ => {}
        }
    }

    /// The card's character is on the wire, or has just ended.
    pub(super) const fn is_from_card(&self) -> bool {
        matches!(self.wire, Wire::FromCard { .. })
    }

    /// When something happens by itself.
    pub(super) fn next(&self) -> Option<u64> {
        let wire = match &self.wire {
            Wire::Quiet => self.due.front().map(|due| due.at).or(self.silence),
            Wire::FromCard { due, pulled, .. } => {
                let over = if pulled.is_some() { SIGNAL_OVER } else { NO_SIGNAL };
                Some(due.at + self.tenths(over, due.rate))
            }
            Wire::ToCard { edge, rate, .. } => Some(edge + self.tenths(SIGNAL.0, *rate)),
        };
        [wire, self.driver.front().map(|(at, _)| *at)].into_iter().flatten().min()
    }

    /// It happens.
    pub(super) fn act(&mut self, now: u64) {
        if let Some((at, pulls)) = self.driver.front().copied()
            && at <= now
        {
            self.driver.pop_front();
            self.card_pulls = pulls;
            return;
        }
        match std::mem::replace(&mut self.wire, Wire::Quiet) {
            Wire::Quiet => self.begins(now),
            Wire::FromCard { due, arrives, pulled, released } => self.sent(due, arrives, pulled, released),
            Wire::ToCard { edge, rate, levels } => self.takes(edge, rate, &levels),
        }
    }

    /// The card begins a character, or notices that the terminal has fallen silent.
    fn begins(&mut self, now: u64) {
        let Some(card) = self.powered() else { return self.hush(now) };
        let Some(due) = self.due.pop_front() else {
            self.silence = None;
            let answer = card.borrow_mut().silence();
            let rate = card.borrow().rate();
            return self.sends(&answer, rate, now);
        };
        let flip = self.flips.get(&self.characters).copied().unwrap_or(0);
        self.characters += 1;
        let arrives = Moments::from_moments(card.borrow().convention().encode(due.byte).moments() ^ flip);
        let mut pulls = true;
        self.driver.push_back((now, true));
        for moment in 1..=10 {
            let next = moment < 10 && arrives.moments() >> (moment - 1) & 1 == 0;
            if next != pulls {
                self.driver.push_back((now + self.tenths(10 * moment, due.rate), next));
                pulls = next;
            }
        }
        let due = Due { at: now, ..due };
        self.wire = Wire::FromCard { due, arrives, pulled: None, released: None };
    }

    /// The card has sent a character.
    fn sent(&mut self, due: Due, arrives: Moments, pulled: Option<u64>, released: Option<u64>) {
        let since = |at: u64| (self.thousandths(at - due.at, due.rate) / 100) as u16;
        let signal = pulled.map(|from| Signal { from: since(from), to: released.map_or(SIGNAL_OVER as u16, since) });
        self.shows(due.at, By::Card, arrives, due.rate, signal);
        if signal.is_some() {
            let again = due.at + self.tenths(REPEATS, due.rate);
            let least = again + self.tenths(GUARD, due.rate);
            let later = self.due.front().map_or(0, |next| least.saturating_sub(next.at));
            self.due.iter_mut().for_each(|next| next.at += later);
            self.due.push_front(Due { at: again, ..due });
        }
    }

    /// The terminal has sent a character.
    fn takes(&mut self, edge: u64, rate: FiDi, levels: &[(u64, bool)]) {
        let is_high = |at: u64| levels.iter().rev().find(|(since, _)| *since <= at).is_some_and(|(_, high)| *high);
        let middle = |moment: u64| edge + self.tenths(10 * moment + 5, rate);
        let driven = (1..10).fold(0, |all, moment| all | u16::from(is_high(middle(moment))) << (moment - 1));
        let worst = levels.iter().map(|(at, _)| {
            let off = self.thousandths(at - edge, rate) % 1000;
            off.min(1000 - off)
        });
        self.worst_edge = self.worst_edge.max(worst.max().unwrap_or(0));
        let flip = self.flips.get(&(self.characters - 1)).copied().unwrap_or(0);
        let driven = Moments::from_moments(driven);
        self.due.clear();
        let Some(card) = self.powered() else { return self.shows(edge, By::Terminal, driven, rate, None) };
        let heard = card.borrow().convention().decode(Moments::from_moments(driven.moments() ^ flip));
        if !heard.parity_ok && card.borrow().signals_errors() {
            let [from, to] = [SIGNAL.0, SIGNAL.1].map(|at| edge + self.tenths(at, rate));
            self.driver.extend([(from, true), (to, false)]);
            let signal = Signal { from: SIGNAL.0 as u16, to: SIGNAL.1 as u16 };
            return self.shows(edge, By::Terminal, driven, rate, Some(signal));
        }
        self.shows(edge, By::Terminal, driven, rate, None);
        let mut card = card.borrow_mut();
        // An answer to PPS still goes at the rate of the request.
        let rate = card.rate();
        let answer = if heard.parity_ok { card.received(heard.byte) } else { card.parity_error() };
        let start = edge + self.tenths(10 * card.turnaround(), rate);
        self.silence = card.character_waiting_time().map(|etu| edge + self.tenths(10 * (etu + 1), rate));
        drop(card);
        self.sends(&answer, rate, start);
    }

    fn shows(&mut self, at: u64, by: By, moments: Moments, (f, d): FiDi, signal: Option<Signal>) {
        self.signals += u32::from(signal.is_some());
        let character = Character { by, moments: moments.moments(), rate: Rate { f, d }, signal };
        self.referee.see(at, Seen::Character(character));
    }
}
