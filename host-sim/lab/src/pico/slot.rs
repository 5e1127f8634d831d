//! The slot at the board's pins: they give a card power, clock and reset. What goes over the wire is in `speech`.

use std::collections::VecDeque;

use qiyong_firmware::slot::VoltageClass;
use qiyong_sim::doctor::Pin;
use qiyong_sim::line::{FaultPlan, SharedCard};
use qiyong_sim::referee::{By, Clk, Finding, Referee, Seen};

use super::harness::{Drive, Input};
use super::scope::Scope;
use super::wire::{ATR_DELAY, Coming, DEFAULT_RATE, Next, OnWire, PER_CLK};

/// The contacts' pins.
pub(super) const IO: u8 = 2;
const CLK: u8 = 3;
const RST: u8 = 4;
const VCC: u8 = 5;
const FIVE_VOLTS: u8 = 6;
const PRESENT: u8 = 7;

/// The chip's clock, in Hz.
pub(super) const HZ: u64 = 125_000_000;

/// A wire between the chip and the slot's contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The supply.
    Vcc,
    /// Reset.
    Rst,
    /// The clock.
    Clk,
    /// The data line: the chip and its pull-up are at one end, the card at the other.
    Io,
}

/// The slot.
pub(super) struct Slot {
    card: Option<SharedCard>,
    pub(super) class: Option<VoltageClass>,
    five_volts: bool,
    pub(super) rst: bool,
    /// The card has a clock.
    clocked: bool,
    /// This wire is broken.
    pub(super) broken: Option<Wire>,
    pub(super) scope: Scope,
    pub(super) referee: Referee,
    /// How many findings were taken.
    taken: usize,
    /// What the card sends next.
    pub(super) coming: VecDeque<Coming>,
    /// What goes wrong with the first of them, or with the terminal's next character, is known.
    pub(super) armed: bool,
    pub(super) on_wire: Option<OnWire>,
    /// What is to go to the chip.
    pub(super) into: Vec<(u64, Input)>,
    /// When the card is certain that no more of a block comes, if that is no block yet.
    pub(super) gives_up: Option<u64>,
    /// The leading edge of the last character, or RST going high.
    pub(super) last_edge: u64,
    /// What is to go wrong.
    pub(super) plan: FaultPlan,
    pub(super) disturbed: Next,
    /// Nothing that the card sends arrives until it is reset.
    pub(super) silenced: bool,
    /// VCC has broken down, though it is driven.
    pub(super) short: bool,
    /// The card is taken out when it has carried out CHANGE PIN, before the first character of its answer.
    pub(super) pull_when_new_pin_is_taken: bool,
    /// Characters in both directions.
    pub(super) characters: usize,
    /// I/O was low when a character of the terminal was cut off, and the referee does not know yet that it stays so.
    pub(super) stays_low: bool,
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
            clocked: false,
            broken: None,
            scope: Scope::default(),
            referee: Referee::new(HZ as u32),
            taken: 0,
            coming: VecDeque::new(),
            armed: false,
            on_wire: None,
            into: Vec::new(),
            gives_up: None,
            last_edge: 0,
            plan: FaultPlan::default(),
            disturbed: Next::default(),
            silenced: false,
            short: false,
            pull_when_new_pin_is_taken: false,
            characters: 0,
            stays_low: false,
            crooked: Vec::new(),
        }
    }

    /// Puts a card in, or takes it out.
    pub(super) fn set_card(&mut self, card: Option<SharedCard>, now: u64) {
        self.referee.see(now, Seen::Card(card.is_some()));
        self.scope.contact(now, Pin::Detect, card.is_some());
        self.into.push((now, Input::Pin(PRESENT, card.is_some())));
        self.card = card;
        self.falls_silent(now);
    }

    /// The card sends nothing any more.
    pub(super) fn falls_silent(&mut self, now: u64) {
        self.coming.clear();
        self.gives_up = None;
        if let Some(OnWire::Card(coming, ..)) = &self.on_wire {
            self.scope.half(By::Card, coming.edge, coming.rate, now);
            self.on_wire = None;
        }
        self.into.retain(|(_, into)| !matches!(into, Input::Pin(IO, _)));
        self.into.push((now, Input::Still(IO)));
        self.scope.falls_silent(now);
    }

    /// The chip is reset: it drives no pin any more, and sees the card anew.
    pub(super) fn chip_is_reset(&mut self, at: u64) {
        for pin in [RST, CLK, VCC, FIVE_VOLTS, IO] {
            self.pin(at, pin, None);
        }
        self.into.push((at, Input::Pin(PRESENT, self.card.is_some())));
    }

    /// What is to go to the chip.
    pub(super) fn take_into(&mut self) -> Vec<(u64, Input)> {
        let mut into = std::mem::take(&mut self.into);
        if self.broken == Some(Wire::Io) {
            into.retain(|(_, into)| !matches!(into, Input::Pin(IO, _)));
        }
        for (at, into) in &into {
            if let Input::Pin(IO, released) = into {
                self.scope.card(*at, *released);
            }
        }
        into
    }

    /// The card, if it has power at a voltage at which it works.
    pub(super) fn powered(&self) -> Option<&SharedCard> {
        let class = self.class.filter(|_| !self.short)?;
        self.card.as_ref().filter(|card| card.borrow().works_at(class))
    }

    /// The chip drives a pin.
    pub(super) fn pin(&mut self, at: u64, pin: u8, drive: Option<Drive>) {
        let high = drive == Some(Drive::High);
        let broken =
            matches!((self.broken, pin), (Some(Wire::Vcc), VCC) | (Some(Wire::Rst), RST) | (Some(Wire::Clk), CLK));
        if broken {
            return;
        }
        match pin {
            IO => self.io(at, drive != Some(Drive::Low)),
            CLK => {
                let clk = match drive {
                    Some(Drive::Clock) => Clk::Runs((HZ / PER_CLK) as u32),
                    Some(Drive::High) => Clk::High,
                    Some(Drive::Low) | None => Clk::Low,
                };
                self.clocked = matches!(clk, Clk::Runs(_));
                self.scope.contact(at, Pin::ClkStop, high);
                self.scope.contact(at, Pin::ClkOn, self.clocked);
                self.referee.see(at, Seen::Clk(clk));
                self.tell_low(at);
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
                self.cut_off(at);
                self.tell_low(at);
                self.scope.contact(at, Pin::Vcc, high);
                self.referee.see(at, Seen::Vcc(mv));
                (self.silenced, self.short, self.disturbed) = (false, false, Next::default());
                self.falls_silent(at);
            }
            RST if high != self.rst => {
                self.cut_off(at);
                self.rst = high;
                self.scope.contact(at, Pin::Rst, high);
                self.referee.see(at, Seen::Rst(high));
                self.silenced = false;
                self.falls_silent(at);
                self.last_edge = at;
                if high && let Some(card) = self.powered().filter(|_| self.clocked) {
                    let atr = card.borrow_mut().answer_to_reset();
                    // Whatever the answer says, it comes at the rate of every reset (clause 8.1).
                    self.sends(&atr, DEFAULT_RATE, at + PER_CLK * ATR_DELAY);
                }
            }
            _ => {}
        }
    }

    /// I/O has been low since before RST was.
    fn tell_low(&mut self, at: u64) {
        if !self.rst && std::mem::take(&mut self.stays_low) {
            self.referee.see(at, Seen::Io(false));
        }
    }

    /// What the referee has found since this was last asked; the times are in cycles of CLK.
    pub(super) fn findings(&mut self) -> Vec<Finding> {
        let new = self.referee.findings().get(self.taken..).unwrap_or_default();
        self.taken += new.len();
        new.iter().map(|finding| Finding { at: finding.at / PER_CLK, ..*finding }).collect()
    }
}
