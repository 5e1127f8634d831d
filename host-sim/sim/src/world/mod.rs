//! A world: terminals with virtual lines, holders, a centre and one clock, all in one thread and in virtual time.
//!
//! The terminal application and everything under it is the firmware's own code. Only its surroundings are simulated:
//! the card line and the card below, screen and keys, and the way to the centre.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`visit`] | a holder's visit that is to be played; `script` plays the holder |
//! | [`centre`] | the centre as the end of a line sees it; [`link`] is the way there |
//! | [`slot`] | a card slot with an observer |
//! | [`event`] | what happens, written down with its cycle |
//! | [`efficiency`] | how long the characters of a session took, and the least time that the standard allows |
//!
//! A world is deterministic: the same seed and the same visits give the same events, to the cycle.

pub mod centre;
pub mod efficiency;
pub mod event;
pub mod link;
mod script;
pub mod slot;
pub mod visit;

use std::cell::RefCell;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::terminal::{RamMemory, Report, Settings, Terminal};
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use crate::line::{Fault, FaultPlan, Faults, Layered, SharedCard, SimulatedLine, Tracer, VirtualLine};
use crate::referee::Finding;
use crate::time::VirtualTime;
use centre::CentreEnd;
use event::{Event, Events, Recorder};
use link::{ExchangeError, WorldLink};
use script::Script;
use slot::Watched;
use visit::{PullDuring, Unplayed, Visit};

type Line = Layered<Layered<VirtualLine, Faults>, Tracer>;
type Slot = Watched<ContactSlot<Line>, Recorder>;

/// The name of a world's terminal; numbers begin at 1.
pub fn terminal_id(number: u32) -> TerminalId {
    let mut name = [b'0'; 8];
    let digits = format!("{:08}", number % 100_000_000);
    name.iter_mut().zip(digits.bytes()).for_each(|(to, from)| *to = from);
    TerminalId(name)
}

/// A terminal of a world.
pub struct WorldTerminal {
    terminal: Terminal<Slot, WorldLink, Script, VirtualTime, ChaCha8Rng, RamMemory>,
    plan: FaultPlan,
    unplayed: Vec<Unplayed>,
}

/// What all terminals of a world share.
pub struct World<C> {
    /// The clock.
    pub time: VirtualTime,
    /// The centre.
    pub centre: Rc<RefCell<C>>,
    /// The events so far.
    pub events: Events,
    /// The first failure of the centre; a run with a failure proves nothing.
    pub centre_failure: Rc<RefCell<Option<ExchangeError>>>,
}

impl<C: CentreEnd + 'static> World<C> {
    /// A world around a centre.
    pub fn new(time: VirtualTime, centre: C) -> Self {
        Self { time, centre: Rc::new(RefCell::new(centre)), events: Events::default(), centre_failure: Rc::default() }
    }

    /// Makes a terminal. `number`, from 1, gives its name, and chooses its random numbers together with `seed`.
    pub fn terminal(&self, institution: InstitutionCode, number: u32, seed: u64) -> WorldTerminal {
        let recorder = Recorder { time: self.time.clone(), events: self.events.clone() };
        let plan = FaultPlan::default();
        let wire = VirtualLine::new(self.time.clone());
        let seat = wire.seat();
        let line = Layered::new(wire, Faults(plan.clone()));
        let events = self.events.clone();
        let tracer = Tracer::new(move |cycle, rate, event| events.borrow_mut().push((cycle, Event::Line(rate, event))));
        let line = Layered::new(line, tracer);
        let slot = Watched { slot: ContactSlot::new(line, SlotConfig::default()), watch: recorder.clone() };
        let link = WorldLink::new(self.centre.clone(), recorder.clone(), self.centre_failure.clone(), seat.clone());
        let script = Script::new(recorder, seat);
        let settings = Settings::at(institution, terminal_id(number));
        let random = ChaCha8Rng::seed_from_u64(seed ^ u64::from(number) << 32);
        let terminal = Terminal::new(slot, link, script, self.time.clone(), random, RamMemory::new(Stan(1)), settings);
        WorldTerminal { terminal, plan, unplayed: Vec::new() }
    }
}

impl WorldTerminal {
    /// One visit of a holder, who inserts this card, if there is one.
    pub fn serve(&mut self, operation: &Operation, card: Option<SharedCard>, visit: Visit) -> Report {
        let noisy = visit.noise.is_some();
        let Visit { pins, new_pins, cancel, pull_during, faults, noise, trouble, storage_worn } = visit;
        self.terminal.memory().worn = storage_worn;
        self.plan.begin(faults, noise);
        self.terminal.slot().slot.line().set_card(card);
        self.terminal.link().begin(trouble, pull_during == Some(PullDuring::Transaction));
        self.terminal.operator().begin(pins, new_pins, cancel, pull_during);
        // Every port answers at once, so this never waits.
        let report = embassy_futures::block_on(self.terminal.serve(operation));
        self.terminal.slot().slot.line().set_card(None);
        let storage_unused = report.reason != Some(Reason::StorageFailed) && !matches!(operation, Operation::Query);
        self.note_unplayed(report.outcome == Outcome::Approved, noisy, storage_worn && storage_unused);
        report
    }

    /// Notes what was to happen in the visit that has just ended, and did not.
    fn note_unplayed(&mut self, approved: bool, noisy: bool, storage_unused: bool) {
        let (passed, disturbed) = self.plan.passed();
        let fault = self.plan.left().first().map(|Fault { at, what }| Unplayed::Fault { at: *at, what: *what, passed });
        self.unplayed = self.terminal.link().left();
        self.unplayed.extend(self.terminal.operator().left(approved));
        self.unplayed.extend(fault);
        self.unplayed.extend((noisy && disturbed == 0).then_some(Unplayed::Noise { passed }));
        self.unplayed.extend(storage_unused.then_some(Unplayed::Storage));
    }

    /// What was to happen in the last visit, and did not.
    pub fn unplayed(&self) -> &[Unplayed] {
        &self.unplayed
    }

    /// What the terminal has done against ISO/IEC 7816-3 on its line.
    pub fn findings(&mut self) -> &[Finding] {
        self.terminal.slot().slot.line().findings()
    }

    /// Whether a reversal is still to be sent.
    pub fn has_unanswered(&self) -> bool {
        self.terminal.has_unanswered()
    }
}
