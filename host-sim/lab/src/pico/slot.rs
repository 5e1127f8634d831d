//! The card at the board's pins: they give it power, clock and reset, and its characters go over the wire.

use std::collections::VecDeque;

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::iso7816::character::Moments;
use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::{By, Character, Clk, Finding, Rate, Referee, Seen, Signal};

use super::harness::{Drive, Input};
use super::wire::{Heard, PER_CLK, edges, tenths};

/// The contacts' pins.
pub(super) const IO: u8 = 2;
const CLK: u8 = 3;
const RST: u8 = 4;
const VCC: u8 = 5;
const FIVE_VOLTS: u8 = 6;
const PRESENT: u8 = 7;

/// The chip's clock, in Hz.
pub(super) const HZ: u64 = 125_000_000;
/// Cycles of CLK from RST going high to TS, as on the virtual line (ISO/IEC 7816-3 clause 6.2.2).
const ATR_DELAY: u64 = 400;
/// Tenths of an etu between the card's characters.
const CARD_GUARD_TIME: u64 = 120;
/// Tenths of an etu after a character's leading edge at which its error signal is over, and nothing else has begun.
const OVER: u64 = 126;
/// Where the card's error signal begins and ends (clause 7.3).
const SIGNAL: (u64, u64) = (105, 120);
/// How much later than its error signal allows the card repeats a character.
const REPEATS: u64 = 150;
/// Fi and Di after every reset (clause 8.1).
const DEFAULT_RATE: (u16, u8) = (372, 1);

/// A character that the card is about to send, or sends.
#[derive(Clone, Copy, Debug)]
struct Coming {
    edge: u64,
    rate: (u16, u8),
    byte: u8,
}

/// A character on the wire.
#[derive(Debug)]
enum OnWire {
    /// The card's, and when the terminal has pulled the wire after it.
    Card(Coming, Moments, Option<(u64, Option<u64>)>),
    /// The terminal's; once it is whole, the card's error signal.
    Terminal(Heard),
}

/// The slot.
pub(super) struct Slot {
    card: Option<SharedCard>,
    class: Option<VoltageClass>,
    five_volts: bool,
    rst: bool,
    referee: Referee,
    /// How many findings were taken.
    taken: usize,
    coming: VecDeque<Coming>,
    on_wire: Option<OnWire>,
    /// What is to go to the chip.
    into: Vec<(u64, Input)>,
    /// Characters in both directions.
    pub(super) characters: usize,
    /// Edges of the terminal that were too far from where they should be, in tenths of an etu.
    pub(super) crooked: Vec<u64>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            card: None,
            class: None,
            five_volts: false,
            rst: false,
            referee: Referee::new(HZ as u32),
            taken: 0,
            coming: VecDeque::new(),
            on_wire: None,
            into: Vec::new(),
            characters: 0,
            crooked: Vec::new(),
        }
    }

    /// Puts a card in, or takes it out.
    pub(super) fn set_card(&mut self, card: Option<SharedCard>, now: u64) {
        self.referee.see(now, Seen::Card(card.is_some()));
        self.into.push((now, Input::Pin(PRESENT, card.is_some())));
        self.card = card;
        self.falls_silent(now);
    }

    /// The card sends nothing any more.
    fn falls_silent(&mut self, now: u64) {
        self.coming.clear();
        if let Some(OnWire::Card(..)) = self.on_wire {
            self.on_wire = None;
        }
        self.into.retain(|(_, into)| !matches!(into, Input::Pin(IO, _)));
        self.into.push((now, Input::Pin(IO, true)));
    }

    /// What is to go to the chip until then.
    pub(super) fn take_into(&mut self) -> Vec<(u64, Input)> {
        std::mem::take(&mut self.into)
    }

    fn powered(&self) -> Option<&SharedCard> {
        let class = self.class?;
        self.card.as_ref().filter(|card| card.borrow().works_at(class))
    }

    /// The chip drives a pin.
    pub(super) fn pin(&mut self, at: u64, pin: u8, drive: Option<Drive>) {
        let high = drive == Some(Drive::High);
        match pin {
            IO => self.io(at, drive != Some(Drive::Low)),
            CLK => {
                let clk = match drive {
                    Some(Drive::Clock) => Clk::Runs((HZ / PER_CLK) as u32),
                    Some(Drive::High) => Clk::High,
                    Some(Drive::Low) | None => Clk::Low,
                };
                self.referee.see(at, Seen::Clk(clk));
            }
            FIVE_VOLTS => self.five_volts = high,
            VCC => {
                let class = if self.five_volts { VoltageClass::A } else { VoltageClass::B };
                self.class = high.then_some(class);
                let mv = match self.class {
                    None => 0,
                    Some(VoltageClass::A) => 5000,
                    Some(_) => 3000,
                };
                self.referee.see(at, Seen::Vcc(mv));
                self.falls_silent(at);
            }
            RST if high != self.rst => {
                self.rst = high;
                self.referee.see(at, Seen::Rst(high));
                self.falls_silent(at);
                if high && let Some(card) = self.powered() {
                    let atr = card.borrow_mut().answer_to_reset();
                    self.sends(&atr, DEFAULT_RATE, at + PER_CLK * ATR_DELAY);
                }
            }
            _ => {}
        }
    }

    /// The chip lets I/O go, or pulls it low.
    fn io(&mut self, at: u64, released: bool) {
        match &mut self.on_wire {
            Some(OnWire::Terminal(heard)) => heard.edge(at, released),
            // After the ten moments of the card's character, it is an error signal.
            Some(OnWire::Card(coming, _, signal)) if at >= coming.edge + tenths(100, coming.rate) => match signal {
                Some((_, end)) if released => *end = Some(at),
                None if !released => *signal = Some((at, None)),
                _ => {}
            },
            // A character is ten moments at most: what lasts is the contact pulled low for good.
            None if self.class.is_none() || !self.rst => self.referee.see(at, Seen::Io(released)),
            None if !released => {
                let rate = self.powered().map_or(DEFAULT_RATE, |card| card.borrow().rate());
                let mut heard = Heard::new(at, rate);
                heard.edge(at, false);
                self.on_wire = Some(OnWire::Terminal(heard));
            }
            _ => {}
        }
    }

    /// The card sends these bytes, the first at `start`.
    fn sends(&mut self, bytes: &[u8], rate: (u16, u8), start: u64) {
        let gap = tenths(CARD_GUARD_TIME, rate);
        for (byte, at) in bytes.iter().zip(0..) {
            self.coming.push_back(Coming { edge: start + at * gap, rate, byte: *byte });
        }
    }

    /// When the card does the next thing.
    pub(super) fn next(&self) -> Option<u64> {
        match &self.on_wire {
            Some(OnWire::Terminal(heard)) => Some(heard.whole_at()),
            Some(OnWire::Card(coming, _, signal)) => {
                let over = coming.edge + tenths(if signal.is_some() { OVER } else { 115 }, coming.rate);
                Some(over)
            }
            None => self.coming.front().map(|coming| coming.edge),
        }
    }

    /// The card does it, at `now`.
    pub(super) fn act(&mut self, now: u64) {
        match self.on_wire.take() {
            Some(OnWire::Terminal(heard)) => self.hears(&heard),
            Some(OnWire::Card(coming, moments, signal)) => self.has_said(coming, moments, signal),
            None => self.begins(now),
        }
    }

    /// The next character of the card begins.
    fn begins(&mut self, now: u64) {
        let (Some(coming), Some(card)) = (self.coming.pop_front(), self.powered()) else { return };
        let coming = Coming { edge: now.max(coming.edge), ..coming };
        let moments = card.borrow().convention().encode(coming.byte);
        let levels = edges(coming.edge, moments, coming.rate);
        self.into.extend(levels.into_iter().map(|(at, high)| (at, Input::Pin(IO, high))));
        self.on_wire = Some(OnWire::Card(coming, moments, None));
        self.characters += 1;
    }

    /// A character of the card is over.
    fn has_said(&mut self, coming: Coming, moments: Moments, signal: Option<(u64, Option<u64>)>) {
        let since = |at: u64| ((at - coming.edge) * 10 / tenths(10, coming.rate)) as u16;
        let seen = signal.map(|(from, to)| Signal { from: since(from), to: to.map_or(OVER as u16, since) });
        self.sees(coming.edge, By::Card, moments, coming.rate, seen);
        if signal.is_some() {
            let again = coming.edge + tenths(REPEATS, coming.rate);
            let late = again + tenths(CARD_GUARD_TIME, coming.rate);
            let shift = self.coming.front().map_or(0, |next| late.saturating_sub(next.edge));
            self.coming.iter_mut().for_each(|next| next.edge += shift);
            self.coming.push_front(Coming { edge: again, ..coming });
        }
    }

    /// A character of the terminal is whole.
    fn hears(&mut self, heard: &Heard) {
        self.characters += 1;
        self.crooked.extend(heard.crooked());
        let moments = heard.moments();
        self.coming.clear();
        let Some(card) = self.powered().filter(|_| self.rst).cloned() else {
            self.sees(heard.edge, By::Terminal, moments, heard.rate, None);
            return;
        };
        let mut card = card.borrow_mut();
        let received = card.convention().decode(moments);
        if !received.parity_ok && card.signals_errors() {
            let [from, to] = [SIGNAL.0, SIGNAL.1].map(|at| heard.edge + tenths(at, heard.rate));
            self.into.extend([(from, Input::Pin(IO, false)), (to, Input::Pin(IO, true))]);
            let signal = Signal { from: SIGNAL.0 as u16, to: SIGNAL.1 as u16 };
            self.sees(heard.edge, By::Terminal, moments, heard.rate, Some(signal));
            return;
        }
        self.sees(heard.edge, By::Terminal, moments, heard.rate, None);
        // A response to PPS still goes at the rate of the request.
        let rate = card.rate();
        let answer = if received.parity_ok { card.received(received.byte) } else { card.parity_error() };
        let start = heard.edge + tenths(10 * card.turnaround(), rate);
        drop(card);
        self.sends(&answer, rate, start);
    }

    fn sees(&mut self, at: u64, by: By, moments: Moments, (f, d): (u16, u8), signal: Option<Signal>) {
        let character = Character { by, moments: moments.moments(), rate: Rate { f, d }, signal };
        self.referee.see(at, Seen::Character(character));
    }

    /// What the referee has found since this was last asked; the times are in cycles of CLK.
    pub(super) fn findings(&mut self) -> Vec<Finding> {
        let new = self.referee.findings().get(self.taken..).unwrap_or_default();
        self.taken += new.len();
        new.iter().map(|finding| Finding { at: finding.at / PER_CLK, ..*finding }).collect()
    }
}
