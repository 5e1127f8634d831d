//! A terminal of the model: the shipped [`Terminal`] over the shipped store, played from its start to where it waits
//! for the world. Where it stands is a number; what it does when something happens to it is played once, and
//! remembered.
//!
//! A future cannot be copied, so a state of a terminal is what its flash held when it was switched on, and what has
//! happened to it since. Two such histories are the same state if
//!
//! * the power is off, and both flashes say the same: record, entries, and which of them are parked;
//! * it waits for its till, and flash, RAM and session say the same;
//! * it is within a visit, which began in the same state and has gone the same way.
//!
//! What flash pages look like beyond what they say is not told apart: that it does not matter is proved by the
//! journal's own tests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use qiyong_firmware::journal::State;
use qiyong_firmware::terminal::{Closed, Memory, Terminal};
use qiyong_protocol::centre::{Answer, Totals};
use qiyong_protocol::ecr::Formality;

use super::faults::Fault;
use super::flash::{Flash, Image, erased};
use super::memory::{Bent, Kept};
use super::parts::{Bench, Desk, Dice, Link, Shared, Slot, Watch};
use super::settings::{Setting, Till};
use super::words::{Event, Input, Message, Numbered, Table, Told, Wait};

/// Where a terminal stands.
pub(crate) type Place = u16;

/// What a terminal's flash says of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    Open,
    Closed(Closed),
}

/// A place.
pub(crate) struct Node {
    terminal: u8,
    /// What the flash held when the power came, and all that has happened since.
    start: Image,
    inputs: Arc<[Input]>,
    pub(crate) wait: Wait,
    /// What its flash says of sales.
    pub(crate) noted: Vec<(u8, Noted)>,
    pub(crate) totals: Totals,
    /// What it would know if the power failed now.
    pub(crate) off: Place,
    pub(crate) card: Table,
}

/// What comes of something that happens to a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) told: Vec<Told>,
    /// The power may fail between two notes or screens: where that leaves it, and what was told before.
    pub(crate) cuts: Vec<(Place, Vec<Told>)>,
}

/// All that was played.
pub(crate) struct Terminals {
    pub(crate) nodes: Vec<Node>,
    by_key: HashMap<String, Place>,
    steps: HashMap<(Place, Input), Arc<Step>>,
    pub(crate) messages: Numbered<Message>,
    pub(crate) answers: Numbered<Answer>,
}

/// What was played.
struct Played {
    wait: Wait,
    events: Vec<Event>,
    image: Image,
    /// What is lost without power.
    ram: String,
    card: Table,
}

impl Terminals {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            by_key: HashMap::new(),
            steps: HashMap::new(),
            messages: Numbered::default(),
            answers: Numbered::default(),
        }
    }

    /// How many different things have happened to a terminal.
    pub(crate) fn played(&self) -> usize {
        self.steps.len()
    }

    /// A terminal that has never been switched on.
    pub(crate) fn fresh(&mut self, terminal: u8) -> Place {
        self.off(terminal, &erased())
    }

    pub(crate) fn node(&self, place: Place) -> &Node {
        &self.nodes[usize::from(place)]
    }

    /// What happens at a place when this does.
    pub(crate) fn step(&mut self, setting: &Setting, place: Place, input: Input) -> Arc<Step> {
        if let Some(step) = self.steps.get(&(place, input)) {
            return step.clone();
        }
        let node = self.node(place);
        let (terminal, start) = (node.terminal, node.start.clone());
        let inputs: Arc<[Input]> = node.inputs.iter().copied().chain([input]).collect();
        let played = self.play(setting, terminal, &start, &inputs);
        let mut told = Vec::new();
        let mut cuts: Vec<(Place, Vec<Told>)> = Vec::new();
        let mut last = self.node(place).off;
        for event in &played.events {
            match event {
                Event::Wrote(image) => last = self.off(terminal, image),
                Event::Showed(what) => told.push(*what),
            }
            cuts.push((last, told.clone()));
        }
        cuts.dedup();
        let key = match played.wait {
            Wait::Idle => format!("{terminal} idle {} {} {:?}", said(&played.image), played.ram, played.card),
            _ => format!("{terminal} {place} {input:?}"),
        };
        let off = self.off(terminal, &played.image);
        let Played { wait, card, .. } = played;
        let to = self.place(key, |_| {
            let (noted, totals) = recalled(&played.image);
            Node { terminal, start, inputs, wait, noted, totals, off, card }
        });
        // A cut at the very end is one at the wait.
        cuts.retain(|cut| *cut != (off, told.clone()));
        let step = Arc::new(Step { place: to, told, cuts });
        self.steps.insert((place, input), step.clone());
        step
    }

    fn place(&mut self, key: String, make: impl FnOnce(Place) -> Node) -> Place {
        if let Some(place) = self.by_key.get(&key) {
            return *place;
        }
        let place = Place::try_from(self.nodes.len()).expect("at most 65,536 places");
        self.nodes.push(make(place));
        self.by_key.insert(key, place);
        place
    }

    /// A terminal whose power is off, with this in its flash.
    fn off(&mut self, terminal: u8, image: &Image) -> Place {
        self.place(format!("{terminal} off {}", said(image)), |off| {
            let (noted, totals) = recalled(image);
            let inputs = Arc::new([]);
            let card = Table { own: true, left: 3 };
            Node { terminal, start: image.clone(), inputs, wait: Wait::Off, noted, totals, off, card }
        })
    }

    /// Plays a terminal from its start.
    fn play(&mut self, setting: &Setting, terminal: u8, start: &Image, inputs: &[Input]) -> Played {
        let till: &Till = &setting.tills[usize::from(terminal)];
        let flash = Flash::new(start);
        let mut bench = Bench::new(terminal, flash.clone());
        bench.inputs = inputs.iter().copied().collect();
        bench.messages = std::mem::take(&mut self.messages);
        bench.answers = self.answers.0.clone();
        (bench.asks_pin, bench.signs_in) = (setting.pin, setting.sign_in);
        bench.policy = till.policy();
        bench.faults(setting.fault);
        let shared: Shared = Rc::new(RefCell::new(bench));
        let part = || shared.clone();
        let memory = Bent::new(Kept::open(flash.clone(), None), setting.fault);
        let settings = till.settings(terminal);
        let mut it = Terminal::new(Slot(part()), Link(part()), Desk(part()), Watch(part()), Dice, memory, settings);
        let mut wait = Wait::Idle;
        loop {
            let input = shared.borrow_mut().next();
            let Some(input) = input else { break };
            let over = match input {
                Input::Begin(sale, card) => {
                    shared.borrow_mut().sale = sale;
                    shared.borrow_mut().insert(card);
                    is_over(it.serve(&till.operation))
                }
                Input::Attend => is_over(it.attend(Formality::Echo)),
                other => unreachable!("{other:?} happens to a terminal that waits for its till"),
            };
            if !over {
                wait = shared.borrow().wait;
                break;
            }
        }
        let ram = format!("{} {}", it.memory().in_ram(), shared.borrow().signed_in);
        drop(it);
        let mut bench = shared.borrow_mut();
        bench.note_changes();
        self.messages = std::mem::take(&mut bench.messages);
        let events = std::mem::take(&mut bench.events);
        Played { wait, events, image: flash.image(), ram, card: bench.table() }
    }
}

impl Bench {
    fn faults(&mut self, fault: Option<Fault>) {
        self.verifies_twice = fault == Some(Fault::VerifiedTwice);
        self.late_is_unsent = fault == Some(Fault::LateIsUnsent);
        self.tear_costs_try = fault == Some(Fault::TearCostsTry);
    }
}

/// Goes on until it waits for something that has not happened yet; true: it is over.
fn is_over<T>(future: impl Future<Output = T>) -> bool {
    matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

/// All that a flash says, and nothing of how it lies there.
fn said(image: &Image) -> String {
    let mut store = Kept::recall(Flash::new(image));
    let mut entries = Vec::new();
    store.list(|entry| entries.push(entry)).expect("a flash that can be read");
    let settings = |(institution, terminal)| qiyong_firmware::terminal::Settings::at(institution, terminal);
    let batch = store.place().map(|place| store.batch(&settings(place)));
    format!("{batch:?} {:?} {entries:?}", store.next())
}

fn recalled(image: &Image) -> (Vec<(u8, Noted)>, Totals) {
    let mut store = Kept::recall(Flash::new(image));
    let mut noted: Vec<(u8, Noted)> = Vec::new();
    store
        .list(|entry| {
            let state = match entry.state {
                State::Closed(how, _) => Noted::Closed(how),
                State::Begun | State::Answered | State::CardResult(_) => Noted::Open,
            };
            noted.push((entry.transaction.original.time.minute, state));
        })
        .expect("a flash that can be read");
    (noted, store.totals())
}
