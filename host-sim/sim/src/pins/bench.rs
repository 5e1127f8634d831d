//! The MCU's side: its time, which goes on with each thing that it does, and what happens to the slot meanwhile. How its pins, delay and
//! count look to embedded-hal is `hal`'s.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::chip::{At, BOUNCES_US, Breach, ChipModel, Kind, Order};
use super::slot::Slot;
use crate::line::SharedCard;
use crate::referee::{Clk, Finding};

/// A bench that has gone on for longer than this waits for what never comes.
const SECONDS_MAX: u64 = 600;
/// What it costs the MCU, in its own cycles.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// To look at a pin.
    pub read: u64,
    /// To drive one.
    pub write: u64,
    /// To read the count.
    pub count: u64,
    /// To come round once in the executor.
    pub poll: u64,
}

/// What stands between the MCU and the contacts.
#[derive(Clone, Copy, Debug)]
pub enum Front {
    /// Its own pins, beside a CLK of so many Hz.
    Pins(u32),
    /// A chip with a clock of so many Hz, which drives the contacts in this order.
    Chip(Kind, u32, Order),
}

/// What happens to the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// The card is taken out.
    Removal,
    /// VCC and ground of the card touch.
    Short,
    /// The chip grows too hot.
    Heat,
    /// The chip's supply drops for a quarter of a millisecond.
    SupplyDrop,
}

/// A pin of the MCU, by what it is wired to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the contacts, and of the chip's pins")]
pub enum Pin {
    Io,
    /// The switch, or the chip's OFF.
    Present,
    Vcc,
    FiveVolts,
    Rst,
    Clk,
    ClkLevel,
    Cmdvcc,
    Rstin,
    Select(usize),
    Divide(usize),
}

enum Event {
    Switch(bool),
    Touches(Option<SharedCard>),
    Collapse,
    Trip,
    Supply(bool),
}

struct World {
    now: u64,
    hz: u64,
    costs: Costs,
    slot: Slot,
    chip: Option<ChipModel>,
    /// Of discrete pins: CLK's frequency, and the levels that count later.
    clk_hz: u32,
    five_volts: bool,
    clk_level: bool,
    switch: bool,
    events: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
}

impl World {
    fn us(&self, us: u64) -> u64 {
        us * self.hz / 1_000_000
    }

    fn spend(&mut self, cycles: u64) {
        let until = self.now + cycles;
        loop {
            let event = self.events.keys().next().map(|(at, _)| *at);
            let chip = self.chip.as_ref().and_then(ChipModel::next);
            let slot = self.slot.next();
            let Some(next) = [event, chip, slot].into_iter().flatten().min().filter(|at| *at <= until) else { break };
            self.now = self.now.max(next);
            if event == Some(next) {
                self.happens();
            } else if chip == Some(next) {
                if let Some(chip) = &mut self.chip {
                    chip.act(self.now, &mut self.slot);
                }
            } else {
                self.slot.act(self.now);
            }
        }
        self.now = self.now.max(until);
        assert!(self.now < SECONDS_MAX * self.hz, "the bench waits for what never comes");
    }

    fn happens(&mut self) {
        let Some((_, event)) = self.events.pop_first() else { return };
        let (now, slot) = (self.now, &mut self.slot);
        match (event, &mut self.chip) {
            (Event::Touches(card), _) => slot.set_card(now, card),
            (Event::Switch(on), chip) => {
                self.switch = on;
                if let Some(chip) = chip {
                    chip.switch(now, on, slot);
                }
            }
            (Event::Collapse, _) => slot.collapse(now),
            (Event::Trip, Some(chip)) => chip.trips(now, slot),
            (Event::Supply(on), Some(chip)) => chip.supply(now, on, slot),
            (Event::Trip | Event::Supply(_), None) => {}
        }
    }

    fn at(&mut self, us: u64, event: Event) {
        self.scheduled += 1;
        self.events.insert((self.now + self.us(us), self.scheduled), event);
    }

    fn write(&mut self, pin: Pin, high: bool) {
        self.spend(self.costs.write);
        let now = self.now;
        let Some(chip) = &mut self.chip else { return self.drive(pin, high) };
        let at = match pin {
            Pin::Io if chip.passes() => return self.slot.pull(now, !high),
            Pin::Cmdvcc => At::Cmdvcc,
            Pin::Rstin => At::Rstin,
            Pin::Select(index) => At::Select(index),
            Pin::Divide(index) => At::Divide(index),
            _ => return,
        };
        chip.pin(now, at, high, &mut self.slot);
    }

    /// Discrete pins are the contacts.
    fn drive(&mut self, pin: Pin, high: bool) {
        let (now, slot) = (self.now, &mut self.slot);
        match pin {
            Pin::Io if slot.runs() => slot.pull(now, !high),
            Pin::Io => {
                slot.pull(now, !high);
                slot.io(now, high);
            }
            Pin::Vcc => slot.vcc(
                now,
                if !high {
                    0
                } else if self.five_volts {
                    5000
                } else {
                    3000
                },
            ),
            Pin::FiveVolts => self.five_volts = high,
            Pin::Rst => slot.rst(now, high),
            Pin::ClkLevel => self.clk_level = high,
            Pin::Clk if high => slot.clk(now, Clk::Runs(self.clk_hz)),
            Pin::Clk => slot.clk(now, if self.clk_level { Clk::High } else { Clk::Low }),
            _ => {}
        }
    }

    fn level(&self, pin: Pin) -> bool {
        match (pin, &self.chip) {
            (Pin::Io, None) => self.slot.io_is_high(),
            (Pin::Io, Some(chip)) => !chip.passes() || self.slot.io_is_high(),
            (Pin::Present, None) => self.switch,
            (Pin::Present, Some(chip)) => chip.off_is_high(self.now),
            _ => false,
        }
    }
}

/// The bench. Clones are the same one.
#[derive(Clone)]
pub struct Bench(Rc<RefCell<World>>);

impl Bench {
    /// A slot without card and power at an MCU of so many Hz.
    pub fn new(hz: u32, costs: Costs, front: Front) -> Self {
        let (chip, clk_hz) = match front {
            Front::Pins(clk_hz) => (None, clk_hz),
            Front::Chip(kind, clock, order) => (Some(ChipModel::new(kind, order, hz, clock)), 0),
        };
        let world = World {
            now: 0,
            hz: hz.into(),
            costs,
            slot: Slot::new(hz),
            chip,
            clk_hz,
            five_volts: false,
            clk_level: false,
            switch: false,
            events: BTreeMap::new(),
            scheduled: 0,
        };
        Self(Rc::new(RefCell::new(world)))
    }

    /// Puts a card in so many µs from now; its switch bounces for some milliseconds.
    pub fn insert_in(&self, us: u64, card: SharedCard) {
        let mut world = self.0.borrow_mut();
        world.at(us, Event::Touches(Some(card)));
        for (on, bounce) in [true, false, true, false, true].into_iter().zip([0, 700, 900, 2500, BOUNCES_US - 1000]) {
            world.at(us + bounce, Event::Switch(on));
        }
    }

    /// Lets this happen so many µs from now.
    pub fn happens_in(&self, us: u64, what: Happens) {
        let mut world = self.0.borrow_mut();
        match what {
            Happens::Removal => {
                // The contacts part before the switch has come to rest.
                for (on, bounce) in [false, true, false, true, false].into_iter().zip([0, 500, 1500, 1900, 2600]) {
                    world.at(us + bounce, Event::Switch(on));
                }
                world.at(us + 400, Event::Touches(None));
            }
            Happens::Short => {
                world.at(us, Event::Collapse);
                // The current limit answers a little later.
                world.at(us + 5, Event::Trip);
            }
            Happens::Heat => world.at(us, Event::Trip),
            Happens::SupplyDrop => {
                world.at(us, Event::Supply(false));
                world.at(us + 250, Event::Supply(true));
            }
        }
    }

    /// The character with this number, counted in both directions from 0, arrives with these moments inverted.
    pub fn flips(&self, character: u64, moments: u16) {
        self.0.borrow_mut().slot.flips.insert(character, moments);
    }

    /// What the referee has found.
    pub fn findings(&self) -> Vec<Finding> {
        self.0.borrow().slot.referee.findings().to_vec()
    }

    /// What the driver has done against the chip's data sheet.
    pub fn breaches(&self) -> Vec<Breach> {
        self.0.borrow().chip.as_ref().map(|chip| chip.breaches.clone()).unwrap_or_default()
    }

    /// How far the worst edge of the terminal was from its place, in thousandths of an etu, and how often it pulled the wire while
    /// the card sent.
    pub fn worst_edge(&self) -> (u64, u32) {
        let slot = &self.0.borrow().slot;
        (slot.worst_edge, slot.clashes)
    }

    /// Characters in both directions, and error signals.
    pub fn characters(&self) -> (u64, u32) {
        let slot = &self.0.borrow().slot;
        (slot.characters, slot.signals)
    }

    /// The voltages that the card was given, in mV.
    pub fn volts(&self) -> Vec<u16> {
        self.0.borrow().slot.volts.clone()
    }

    /// The time, in µs.
    pub fn now_us(&self) -> u64 {
        let world = self.0.borrow();
        world.now * 1_000_000 / world.hz
    }

    /// The card sends now, or its character has just ended: what the terminal pulls is a signal.
    pub fn card_has_sent(&self) -> bool {
        self.0.borrow().slot.is_from_card()
    }

    /// The MCU does something else for so many cycles.
    pub fn spend(&self, cycles: u64) {
        self.0.borrow_mut().spend(cycles);
    }

    /// The MCU drives a pin.
    pub(super) fn write(&self, pin: Pin, high: bool) {
        self.0.borrow_mut().write(pin, high);
    }

    /// The MCU looks at a pin.
    pub(super) fn look(&self, pin: Pin) -> bool {
        let mut world = self.0.borrow_mut();
        let cost = world.costs.read;
        world.spend(cost);
        world.level(pin)
    }

    /// The executor comes round, and the level of a pin is known by an interrupt.
    pub(super) fn comes_round(&self, pin: Pin) -> bool {
        let mut world = self.0.borrow_mut();
        let cost = world.costs.poll;
        world.spend(cost);
        world.level(pin)
    }

    /// The MCU reads its count of cycles.
    pub(super) fn count(&self) -> u64 {
        let mut world = self.0.borrow_mut();
        let cost = world.costs.count;
        world.spend(cost);
        world.now
    }

    /// When so many ns will be over, in cycles.
    pub(super) fn after_ns(&self, ns: u32) -> u64 {
        let world = self.0.borrow();
        world.now + (u64::from(ns) * world.hz).div_ceil(1_000_000_000)
    }

    /// Time goes on towards this cycle, by so many µs at most. Whether it is reached.
    pub(super) fn goes_on(&self, end: u64, step_us: u64) -> bool {
        let mut world = self.0.borrow_mut();
        let left = end.saturating_sub(world.now);
        let step = world.us(step_us).min(left);
        world.spend(step);
        left == 0
    }

    /// Another task, which takes so many cycles each time that the executor comes round.
    pub async fn busy(&self, cycles: u64) {
        poll_fn::<(), _>(|_| {
            self.spend(cycles);
            Poll::Pending
        })
        .await;
    }
}
