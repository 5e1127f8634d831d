//! The card behind a UART of the board: pins give it power and reset, and the bytes on the serial line are its characters.
//!
//! The emulator carries whole bytes at no time. When they come is decided here, as on the virtual line of a world: the
//! card's answer to reset, its turnaround and the distance of its characters. The board has a character when ten moments
//! and a half of it have gone by.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::t0;

use super::EmulatorError;
use super::clock::BoardClock;
use super::lines::read_available;
use super::model::Model;
use super::probe::{Edge, Input, Probe};
use super::watch::{PER_CLK, Watch};
use crate::probe::DebugProbe;
use qiyong_sim::card::contact::{ContactCard, PpsHabit};
use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::By;

/// USART2's registers on the B-L475E-IOT01A (RM0351 §40.8).
const CR1: u64 = 0x4000_4400;

/// Cycles of CLK from RST going high to TS, as on the virtual line (ISO/IEC 7816-3 clause 6.2.2).
const ATR_DELAY: u64 = 400;
/// Etu from a character's leading edge until its receiver has it.
const CHARACTER: u64 = 11;
/// Etu between the card's characters: the terminal needs no extra guard time (clause 8.3).
const CARD_GUARD_TIME: u64 = 12;

/// Fi and Di after every reset (ISO/IEC 7816-3 clause 8.1).
const DEFAULT_RATE: (u16, u8) = (372, 1);

/// Cycles of the board's clock in `etu` etu at a rate of (Fi, Di).
fn cycles(etu: u64, (fi, di): (u16, u8)) -> u64 {
    PER_CLK * (etu * u64::from(fi)).div_ceil(u64::from(di).max(1))
}

/// The control registers of the USART behind the card's contacts (RM0351 §40.8). The emulator keeps the values written
/// to them, even those that it ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the reference manual's names")]
pub struct CardUsart {
    pub cr1: u32,
    pub cr2: u32,
    pub cr3: u32,
    pub brr: u32,
    pub gtpr: u32,
}

/// A character that the card is about to send.
#[derive(Clone, Copy)]
struct Coming {
    /// Its leading edge, in cycles.
    edge: u64,
    rate: (u16, u8),
    byte: u8,
}

/// The slot of the board.
pub(super) struct Slot {
    line: UnixStream,
    model: &'static Model,
    /// The card-present switch.
    present: Input,
    card: Option<SharedCard>,
    class: Option<VoltageClass>,
    five_volts: bool,
    rst: bool,
    /// The referee at the line.
    pub(super) watch: Watch,
    /// What the card sends next.
    coming: VecDeque<Coming>,
    /// The last event on the line: a leading edge, or RST going high; in cycles.
    last_edge: u64,
    /// The voltage at which a card of which one answer is enough has answered a reset, and has been sent nothing since.
    answered: Option<VoltageClass>,
    /// Characters in both directions.
    pub(super) characters: usize,
    /// The card is taken out when so many have passed and another one is about to.
    pub(super) pull_at: Option<usize>,
    /// The card is taken out when it has carried out CHANGE PIN, before the first character of its answer.
    pub(super) pull_when_new_pin_is_taken: bool,
    /// Power is cut when so many have passed and another one is about to.
    pub(super) cut_at: Option<usize>,
}

impl Slot {
    pub(super) fn new(line: UnixStream, model: &'static Model, present: Input) -> Self {
        Self {
            line,
            model,
            present,
            watch: Watch::new(),
            card: None,
            class: None,
            five_volts: false,
            rst: false,
            coming: VecDeque::new(),
            last_edge: 0,
            answered: None,
            characters: 0,
            pull_at: None,
            pull_when_new_pin_is_taken: false,
            cut_at: None,
        }
    }

    /// Puts a card in. The board sees it at its next look.
    pub(super) fn insert(&mut self, card: SharedCard, now: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        if card.borrow().convention() == Convention::Inverse {
            return Err(EmulatorError::InverseCard);
        }
        self.card = Some(card);
        self.answered = None;
        self.watch.card(now, true);
        probe.drive(&self.present, true)
    }

    /// The contents of the USART's registers, see [`CardUsart`].
    pub(super) fn usart(probe: &mut Probe) -> Result<CardUsart, EmulatorError> {
        let [cr1, cr2, cr3, brr, gtpr] = [0, 4, 8, 0x0C, 0x10].map(|offset| probe.read_word(CR1 + offset));
        Ok(CardUsart { cr1: cr1?, cr2: cr2?, cr3: cr3?, brr: brr?, gtpr: gtpr? })
    }

    /// Takes the card out. The board sees it at its next look.
    pub(super) fn remove(&mut self, now: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.card = None;
        self.watch.card(now, false);
        self.coming.clear();
        probe.drive(&self.present, false)
    }

    /// Whether there is a card.
    pub(super) const fn is_occupied(&self) -> bool {
        self.card.is_some()
    }

    /// The card, if it has power at a voltage at which it works.
    fn powered(&self) -> Option<&SharedCard> {
        let class = self.class?;
        self.card.as_ref().filter(|card| card.borrow().works_at(class))
    }

    /// A pin of the watched port changed at cycle `now`.
    ///
    /// # Errors
    /// The board has asked a good card for its answer to reset a second time, without a word to it in between, as if some of the
    /// first one had been lost.
    pub(super) fn edge(&mut self, edge: Edge, now: u64) -> Result<(), EmulatorError> {
        match edge.pin {
            pin if pin == self.model.five_volts => self.five_volts = edge.high,
            // The board chooses the voltage before it switches the supply on.
            pin if pin == self.model.vcc => {
                let class = if self.five_volts { VoltageClass::A } else { VoltageClass::B };
                self.class = edge.high.then_some(class);
                self.watch.vcc(now, self.class);
                self.coming.clear();
            }
            pin if pin == self.model.rst && edge.high != self.rst => {
                self.rst = edge.high;
                self.watch.rst(now, edge.high);
                self.coming.clear();
                self.last_edge = now;
                if edge.high
                    && let Some(card) = self.powered()
                {
                    let (atr, once) = {
                        let mut card = card.borrow_mut();
                        (card.answer_to_reset(), answers_once(&card))
                    };
                    let before = std::mem::replace(&mut self.answered, self.class.filter(|_| once));
                    if before.is_some() && before == self.answered {
                        return Err(EmulatorError::AnsweredTwice);
                    }
                    // Whatever the answer says, it comes at the rate of every reset (clause 8.1).
                    self.sends(&atr, DEFAULT_RATE, now + PER_CLK * ATR_DELAY);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The card sends these bytes, the first at `start`.
    fn sends(&mut self, bytes: &[u8], rate: (u16, u8), start: u64) {
        let gap = cycles(CARD_GUARD_TIME, rate);
        for (byte, at) in bytes.iter().zip(0..) {
            self.coming.push_back(Coming { edge: start + at * gap, rate, byte: *byte });
        }
    }

    /// Takes what the board has begun to send at cycle `now`; returns whether it sent anything.
    pub(super) fn hear(&mut self, now: u64, probe: &mut Probe) -> Result<bool, EmulatorError> {
        let bytes = read_available(&mut self.line)?;
        let rate = if bytes.is_empty() { DEFAULT_RATE } else { self.rate(probe)? };
        for byte in &bytes {
            if self.is_cut() {
                break;
            }
            if self.is_pulled() {
                self.remove(now, probe)?;
            }
            self.watch.character(now, By::Terminal, *byte, rate);
            self.characters += 1;
            self.last_edge = now;
            self.answered = None;
            // Both send at the same time: the card's characters are lost.
            self.coming.clear();
            let Some(card) = self.powered().filter(|_| self.rst) else {
                continue;
            };
            let (answer, rate, turnaround, took_new_pin) = {
                let mut card = card.borrow_mut();
                // A response to PPS still goes at the rate of the request.
                let rate = card.rate();
                (card.received(*byte), rate, card.turnaround(), card.card.took_new_pin())
            };
            if took_new_pin && std::mem::take(&mut self.pull_when_new_pin_is_taken) {
                self.remove(now, probe)?;
                continue;
            }
            if answer.is_empty() {
                continue;
            }
            self.sends(&answer, rate, now + cycles(turnaround, rate));
        }
        Ok(!bytes.is_empty())
    }

    /// Fi and Di at which the board sends, by its USART's divider: those of the card or of a reset, if they have its length.
    fn rate(&self, probe: &mut Probe) -> Result<(u16, u8), EmulatorError> {
        let [first, second] = self.model.divider.addresses().map(|at| probe.read_word(at));
        let quarters = self.model.divider.quarters([first?, second?]);
        let card = self.card.as_ref().map_or(DEFAULT_RATE, |card| card.borrow().rate());
        let per_clk = 4 * self.model.per_clk;
        let fits = |(fi, di): &(u16, u8)| per_clk * u64::from(*fi) == quarters * u64::from(*di);
        let other = (u16::try_from(quarters / per_clk).unwrap_or(u16::MAX), 1);
        Ok([card, DEFAULT_RATE].into_iter().find(fits).unwrap_or(other))
    }

    /// When the board has the card's next character; `None`: none is coming.
    pub(super) fn next(&mut self) -> Option<u64> {
        if self.coming.is_empty() {
            self.goes_on();
        }
        self.coming.front().filter(|_| !self.is_cut()).map(|coming| coming.edge + cycles(CHARACTER, coming.rate))
    }

    /// A card that keeps the board waiting sends its sign when its waiting time is almost over.
    fn goes_on(&mut self) {
        let Some(card) = self.powered().filter(|_| self.rst) else {
            return;
        };
        let (bytes, rate, wait) = {
            let card = card.borrow();
            (card.goes_on(), card.rate(), waiting_time(&card))
        };
        self.sends(&bytes, rate, self.last_edge + cycles(wait, rate));
    }

    /// Brings the card's next character to the board, if its receiver is on.
    pub(super) fn deliver(
        &mut self,
        listens: bool,
        clock: &mut BoardClock,
        probe: &mut Probe,
    ) -> Result<(), EmulatorError> {
        let Some(at) = self.next() else { return Ok(()) };
        let Some(Coming { edge, rate, byte }) = self.coming.pop_front() else { return Ok(()) };
        self.watch.character(edge, By::Card, byte, rate);
        self.characters += 1;
        self.last_edge = edge;
        if listens { clock.feed(at, &mut self.line, byte, probe) } else { clock.tick(at, probe) }
    }

    /// Whether the power is cut now: nothing passes any more.
    pub(super) fn is_cut(&self) -> bool {
        self.cut_at.is_some_and(|at| at <= self.characters)
    }

    /// Whether the card is to be taken out now, because so many characters have passed.
    pub(super) fn is_pulled(&mut self) -> bool {
        self.pull_at.take_if(|at| *at <= self.characters).is_some()
    }
}

/// Whether a terminal has no reason to reset this card twice at one voltage: its answer is good, nothing damages it here, and
/// neither a rate nor a protocol is in the way.
fn answers_once(card: &ContactCard) -> bool {
    let agrees = card.card.habits.pps == PpsHabit::AsAsked && card.parameters().specific_mode().is_none();
    agrees && card.misbehaviour.is_none() && Atr::new(&card.card.atr).check().is_ok()
}

/// How long a card of T=0 may keep the board waiting for a character, in etu (ISO/IEC 7816-3 clause 10.2).
fn waiting_time(card: &ContactCard) -> u64 {
    let (fi, di) = card.rate();
    t0::Limits::from_atr(&card.parameters(), fi, di).waiting_time.into()
}
