//! A world: terminals with virtual lines, holders, a centre and one clock, all in one thread and in virtual time.
//!
//! The terminal application and everything under it is the firmware's own code, from the card slot to the serial link
//! and the storage. Only its surroundings are simulated: the card line and the card below, screen and keys, the wires to
//! the till, and the flash.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`visit`] | a holder's visit that is to be played; `script` plays the holder |
//! | [`station`] | a terminal at its till; [`till`] is that till, in virtual time; `watch` watches it |
//! | [`interruption`] | what ends a visit from outside: a power cut, a killed till |
//! | [`centre`] | the centre as the end of a line sees it |
//! | [`slot`] | a card slot with an observer; [`direct`] is one that can leave the line alone |
//! | [`event`] | what happens, written down with its cycle |
//! | [`efficiency`] | how long the characters of a session took, and the least time that the standard allows |
//!
//! A world is deterministic: the same seed and the same visits give the same events, to the cycle.

pub mod centre;
pub mod direct;
pub mod efficiency;
pub mod event;
pub mod interruption;
mod script;
pub mod slot;
pub mod station;
pub mod till;
pub mod visit;
mod watch;

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong_firmware::clock::WallClock;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::{REGION, Store};
use qiyong_firmware::terminal::{Clock, Duties, Report, Settings};
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::{Effects, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use crate::flash::memory::Flash;
use crate::line::{Fault, FaultPlan, Faults, Hardware, Layered, Seat, SharedCard, SimulatedLine, Tracer, VirtualLine};
use crate::referee::Finding;
use crate::serial::setup::Setup;
use crate::time::{VirtualTime, later};
use centre::{CentreEnd, CentreFailure};
use direct::{Direct, Level};
use event::{Event, Events, Recorder};
use interruption::{Interruption, Presence};
use script::Script;
use slot::Watched;
use station::{Link, Parts, Station};
use till::TillError;
use visit::{LinkTrouble, Unplayed, Visit};
use watch::{Meanwhile, Watch};

/// A page of a world's flash, in bytes: that of the boards.
pub const PAGE: usize = 2048;

type Line = Layered<Layered<VirtualLine, Faults>, Tracer>;
type Slot = Watched<Direct<Line>, Recorder>;

/// The name of a world's terminal; numbers begin at 1.
pub fn terminal_id(number: u32) -> TerminalId {
    let mut name = [b'0'; 8];
    let digits = format!("{:08}", number % 100_000_000);
    name.iter_mut().zip(digits.bytes()).for_each(|(to, from)| *to = from);
    TerminalId(name)
}

/// A name that no message can hold (docs/card.md §5.2, F41).
pub const UNSENDABLE: TerminalId = TerminalId([0; 8]);

/// The terminal's clock: the till sets it, and virtual time goes on in it.
struct TillClock {
    wall: Rc<WallClock>,
    time: VirtualTime,
}

impl Clock for TillClock {
    fn now(&mut self) -> Timestamp {
        self.wall.at(self.time.seconds())
    }
}

/// A terminal of a world.
pub struct WorldTerminal {
    station: Station<(Slot, Link, Script, TillClock, ChaCha8Rng, Store<Flash<PAGE>>)>,
    time: VirtualTime,
    plan: FaultPlan,
    flash: Flash<PAGE>,
    seat: Seat,
    meanwhile: Meanwhile,
    setup: Setup,
    is_set_up: bool,
    unplayed: Vec<Unplayed>,
    sent: [u64; 2],
    took: Duration,
    /// What its random numbers come from, besides its name and how often it has started.
    seed: u64,
    number: u32,
}

/// What all terminals of a world share.
pub struct World<C> {
    /// The clock.
    pub time: VirtualTime,
    /// What the card slots of its terminals are like.
    pub hardware: Hardware,
    /// At which level its terminals speak to cards.
    pub level: Level,
    /// Whether every character on the card line becomes an event.
    pub traces_line: bool,
    /// The centre.
    pub centre: Rc<RefCell<C>>,
    /// The events so far.
    pub events: Events,
    /// The first failure of the centre; a run with a failure proves nothing.
    pub centre_failure: Rc<RefCell<Option<CentreFailure>>>,
}

impl<C: CentreEnd + 'static> World<C> {
    /// A world around a centre.
    pub fn new(time: VirtualTime, centre: C) -> Self {
        Self {
            time,
            hardware: Hardware::default(),
            level: Level::Line,
            traces_line: true,
            centre: Rc::new(RefCell::new(centre)),
            events: Events::default(),
            centre_failure: Rc::default(),
        }
    }

    /// Makes a terminal. `number`, from 1, gives its name, and chooses its random numbers together with `seed`.
    pub fn terminal(&self, institution: InstitutionCode, number: u32, seed: u64) -> WorldTerminal {
        self.terminal_on(Flash::new(REGION as usize, seed), institution, number, seed)
    }

    /// The terminal starts again after a power cut: with what its flash has kept.
    pub fn restart(&self, terminal: WorldTerminal) -> WorldTerminal {
        let WorldTerminal { flash, setup, number, seed, .. } = terminal;
        flash.power_on();
        WorldTerminal { setup: setup.clone(), ..self.terminal_on(flash, setup.institution, number, seed) }
    }

    fn terminal_on(&self, flash: Flash<PAGE>, institution: InstitutionCode, number: u32, seed: u64) -> WorldTerminal {
        let time = self.time.clone();
        let recorder = Recorder { time: time.clone(), events: self.events.clone() };
        let plan = FaultPlan::default();
        let wire = VirtualLine::of(self.hardware, time.clone());
        let seat = wire.seat();
        let line = Layered::new(wire, Faults(plan.clone()));
        let events = self.events.clone();
        let traces = self.traces_line;
        let tracer = Tracer::new(move |cycle, rate, event| {
            if traces {
                events.borrow_mut().push((cycle, Event::Line(rate, event)));
            }
        });
        let line = Layered::new(line, tracer);
        let contact = ContactSlot::new(line, SlotConfig::default());
        let (level, atr) = (self.level, Vec::new());
        let slot = Direct { contact, level, seat: seat.clone(), time: time.clone(), atr, is_powered: false };
        let memory = Store::<_>::open(flash.clone(), None);
        // Not the numbers of the start before.
        let policy = memory.policy();
        let start = u64::from(memory.starts().saturating_sub(1)) << 48;
        let parts = Parts {
            slot: Watched { slot, watch: recorder.clone() },
            operator: Script::new(recorder.clone(), seat.clone()),
            random: ChaCha8Rng::seed_from_u64(seed ^ u64::from(number) << 32 ^ start),
            state: memory.state([0; 12]),
            memory,
            settings: Settings { policy, ..Settings::at(institution, terminal_id(number)) },
        };
        let wall = Rc::new(WallClock::new());
        let clock = TillClock { wall: wall.clone(), time: time.clone() };
        let ticks = time.clone();
        let set_clock = move |told| wall.set(told, ticks.seconds());
        let meanwhile = Meanwhile::default();
        let failure = self.centre_failure.clone();
        let watch = Watch { recorder, failure, seat: seat.clone(), meanwhile: meanwhile.clone() };
        let station = Station::start(time.clone(), parts, clock, set_clock, self.centre.clone(), watch);
        let key = self.centre.borrow().key();
        let setup = Setup { institution, terminal: terminal_id(number), key, next_stan: Stan(1) };
        WorldTerminal {
            station,
            time,
            plan,
            flash,
            seat,
            meanwhile,
            setup,
            is_set_up: false,
            unplayed: Vec::new(),
            sent: [0; 2],
            took: Duration::ZERO,
            seed,
            number,
        }
    }
}

impl WorldTerminal {
    /// The till gives the terminal this key, enciphered under that one, and the place and name that it is for; returns the check value of
    /// the key that the terminal has then. After that the till wants it there, whatever became of the key.
    ///
    /// # Errors
    /// The terminal does not take it; after [`TillError::PowerCut`] it must be [restarted](World::restart).
    pub fn load_key(&mut self, what: Interruption, setup: Setup, under: &X919) -> Result<[u8; 3], TillError> {
        let (mut watch, load) = (what.watch(&self.flash), setup.sealed(under));
        (self.setup, self.is_set_up) = (setup, false);
        let loaded = self.station.load_key_while(|| watch.has_power(), load);
        if self.flash.is_off() { Err(TillError::PowerCut) } else { loaded }
    }

    /// One visit of a holder, who inserts this card, if there is one.
    ///
    /// # Errors
    /// Till and terminal do not come together.
    pub fn serve(
        &mut self,
        operation: &Operation,
        card: Option<SharedCard>,
        visit: Visit,
    ) -> Result<Report, TillError> {
        self.serve_unless(Interruption::Never, operation, card, visit)
    }

    /// As [`WorldTerminal::serve`], with what ends the visit from outside.
    ///
    /// # Errors
    /// Those of [`WorldTerminal::serve`]. After [`TillError::PowerCut`] the terminal must be [restarted](World::restart); after
    /// [`TillError::TillKilled`] it has come to the end of its visit, and another till asks it next.
    pub fn serve_unless(
        &mut self,
        what: Interruption,
        operation: &Operation,
        card: Option<SharedCard>,
        mut visit: Visit,
    ) -> Result<Report, TillError> {
        let mut watch = what.watch(&self.flash);
        let [pins, new_pins] = [&mut visit.pins, &mut visit.new_pins].map(mem::take);
        // First of all: a cut before the holder's turn must not leave the receipt of the visit before.
        self.station.terminal().operator().begin(pins, new_pins, visit.cancel);
        if !self.is_set_up {
            let set_up = self.station.set_up_while(|| watch.has_power(), self.setup.clone());
            if self.flash.is_off() {
                // A terminal that lost its power in a write has not refused anything.
                return Err(TillError::PowerCut);
            }
            set_up?;
            self.is_set_up = true;
        }
        if visit.trouble == LinkTrouble::Unsendable {
            let load = Setup { terminal: UNSENDABLE, ..self.setup.clone() }.sealed(&self.setup.key);
            let loaded = self.station.load_key_while(|| watch.has_power(), load);
            // The till notices before the next visit.
            self.is_set_up = false;
            if self.flash.is_off() {
                return Err(TillError::PowerCut);
            }
            loaded?;
        }
        self.station.till().begin(&visit);
        let noisy = visit.noise.is_some();
        let Visit { pull_during, faults, noise, storage_worn, clock_ahead, .. } = visit;
        self.seat.pull_during(pull_during);
        self.flash.refuse(storage_worn);
        self.plan.begin(faults, noise);
        self.line().set_card(card);
        let begin = self.time.elapsed();
        let till_time = later(self.time.timestamp(), clock_ahead);
        let served = self.station.serve_watched(watch, operation, till_time);
        self.meanwhile.take();
        self.took = self.time.elapsed().saturating_sub(begin);
        self.line().set_card(None);
        self.flash.refuse(false);
        // The last byte that was written may have been the one.
        let served = if self.flash.is_off() { Err(TillError::PowerCut) } else { served };
        let report = match served {
            Ok(served) => {
                self.flash.power_on();
                served.report
            }
            Err(error) => {
                self.unplayed.clear();
                self.seat.pull_during(None);
                self.plan.begin(Vec::new(), None);
                self.station.till().begin(&Visit::default());
                return Err(error);
            }
        };
        let storage_unused = report.reason != Some(Reason::StorageFailed) && !matches!(operation, Operation::Query);
        self.note_unplayed(report.outcome == Outcome::Approved, noisy, storage_worn && storage_unused);
        self.sent = self.station.till().sent();
        self.station.till().begin(&Visit::default());
        Ok(report)
    }

    fn line(&mut self) -> &mut Line {
        self.station.terminal().slot().slot.contact.line()
    }

    /// Notes what was to happen in the visit that has just ended, and did not.
    fn note_unplayed(&mut self, approved: bool, noisy: bool, storage_unused: bool) {
        let (passed, disturbed) = self.plan.passed();
        let fault = self.plan.left().first().map(|Fault { at, what }| Unplayed::Fault { at: *at, what: *what, passed });
        self.unplayed = self.station.till().left();
        self.unplayed.extend(self.seat.pull_during(None).map(|_| Unplayed::Pull));
        self.unplayed.extend(self.station.terminal().operator().left(approved));
        self.unplayed.extend(fault);
        self.unplayed.extend((noisy && disturbed == 0).then_some(Unplayed::Noise { passed }));
        self.unplayed.extend(storage_unused.then_some(Unplayed::Storage));
    }

    /// Before the message with this number in the next visit, from 0, goes to the centre, this happens elsewhere in the world, as
    /// long as it takes. A visit with fewer messages forgets it.
    pub fn meanwhile(&mut self, number: usize, happens: impl FnOnce() + 'static) {
        self.meanwhile.replace(Some((number, Box::new(happens))));
    }

    /// What the holder was shown as done in the last visit, if anything was, however the visit ended.
    pub fn approved(&mut self) -> Option<Effects> {
        self.station.terminal().operator().approved()
    }

    /// Its flash.
    pub const fn flash(&self) -> &Flash<PAGE> {
        &self.flash
    }

    /// What was to happen in the last visit, and did not.
    pub fn unplayed(&self) -> &[Unplayed] {
        &self.unplayed
    }

    /// How many bytes were sent on the serial line in the last visit: to the till, and to the terminal.
    pub const fn sent(&self) -> [u64; 2] {
        self.sent
    }

    /// How long the last visit took, from the till's command to the end that it was told.
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// What the terminal has done against ISO/IEC 7816-3 on its line.
    pub fn findings(&mut self) -> &[Finding] {
        self.line().findings()
    }

    /// The terminal settles something with the centre, at the till's time.
    ///
    /// # Errors
    /// The terminal does not do it, or its end is not heard.
    pub fn attend(&mut self, what: Formality) -> Result<Report, TillError> {
        self.attend_with(what, &Visit::default())
    }

    /// The same, with what goes wrong on the link.
    ///
    /// # Errors
    /// As there.
    pub fn attend_with(&mut self, what: Formality, visit: &Visit) -> Result<Report, TillError> {
        if !self.is_set_up {
            self.station.set_up(self.setup.clone())?;
            self.is_set_up = true;
        }
        self.station.till().begin(visit);
        Ok(self.station.attend(what, self.time.timestamp())?.report)
    }

    /// The till sets the terminal up anew before the next visit, with `next` as the least number that it may give. Numbers only
    /// go up: a lower one changes nothing.
    pub fn number_from(&mut self, next: Stan) {
        self.setup.next_stan = next;
        self.is_set_up = false;
    }

    /// What the terminal owes the centre.
    pub fn duties(&self) -> Duties {
        self.station.duties()
    }
}
