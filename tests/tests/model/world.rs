//! The model: terminals, a network, the centre, a card, and the judge's book; what can happen next, and what is then.
//!
//! The network is what was ever said. Whatever was sent can arrive, at any time, in any order, and as often as one
//! likes, or never; and so can each answer, for as long as its terminal waits for it. So loss, delay, repetition and
//! reordering have no bounds. The centre carries out a message whole or not at all, as its database does, so that its
//! crash is a message that did not arrive, or an answer that did not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use qiyong_protocol::centre::Answer;
use stateright::{Model, Property};

use super::centre::{Centre, Happened};
use super::faults::Fault;
use super::ledger::{Ledger, TERMINALS};
use super::people::TRIES;
use super::settings::Setting;
use super::terminal::{Node, Place, Terminals};
use super::words::{Input, Table, Told, Wait};

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) terminals: [Place; TERMINALS],
    /// The sale that each till has asked for last, and how many echoes.
    pub(crate) sale: [u8; TERMINALS],
    echoes: [u8; TERMINALS],
    /// Each till shows the last sale, and not an echo.
    shows_sale: [bool; TERMINALS],
    /// Messages that were ever sent, and pairs of message and answer that were ever answered, by their bits.
    sent: u64,
    heard: u128,
    pub(crate) centre: u16,
    /// What the centre's disk holds, if that is less than it has answered.
    kept: Option<(u16, Ledger)>,
    pub(crate) card: Table,
    /// The terminal that the card is in.
    pub(crate) within: Option<u8>,
    pub(crate) ledger: Ledger,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Something happens to a terminal.
    Happens(u8, Input),
    /// The same, and the power fails at this moment of what follows.
    Cut(u8, Input, u8),
    /// A sale begins, whose message cannot be sent.
    Unsent(u8, Input),
    /// The power fails while a terminal waits.
    Off(u8),
    /// This message arrives.
    Arrives(u8),
    /// The centre undoes the transaction in this row, which nobody has confirmed.
    Expires(u8),
    /// The centre's process is killed, and starts again.
    Killed,
}

/// What was played, so that it is played once.
pub(crate) struct Played {
    pub(crate) terminals: Terminals,
    pub(crate) centres: Vec<Centre>,
    by_key: HashMap<String, u16>,
    hears: HashMap<(u16, u8), Heard>,
    expires: HashMap<(u16, u8), Option<Heard>>,
    pairs: Vec<(u8, u8)>,
    pub(crate) healed: HashMap<World, Healed>,
}

/// How it is once all has healed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Healed {
    pub(crate) agree: bool,
    pub(crate) told: bool,
    pub(crate) found: bool,
}

/// What a message did at the centre.
#[derive(Clone, Debug)]
struct Heard {
    centre: u16,
    pair: u8,
    happened: Arc<[Happened]>,
}

/// What must hold in a setting.
type Judge = fn(&Setting) -> Vec<Property<Town>>;

/// The model of a setting.
pub(crate) struct Town {
    pub(crate) setting: Setting,
    properties: Judge,
    played: Mutex<Played>,
}

impl Town {
    pub(crate) fn new(setting: Setting, properties: Judge) -> Self {
        let played = Played {
            terminals: Terminals::new(),
            centres: Vec::new(),
            by_key: HashMap::new(),
            hears: HashMap::new(),
            expires: HashMap::new(),
            pairs: Vec::new(),
            healed: HashMap::new(),
        };
        Self { setting, properties, played: Mutex::new(played) }
    }

    pub(crate) fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().expect("no other thread has panicked")
    }

    pub(crate) fn faulty(&self, fault: Fault) -> bool {
        self.setting.fault == Some(fault)
    }

    /// How many terminals there are.
    pub(crate) fn count(&self) -> u8 {
        self.setting.tills.len() as u8
    }
}

impl Played {
    fn centre(&mut self, centre: Centre) -> u16 {
        let key = centre.key();
        if let Some(place) = self.by_key.get(&key) {
            return *place;
        }
        let place = u16::try_from(self.centres.len()).expect("at most 65,536 states of the centre");
        self.centres.push(centre);
        self.by_key.insert(key, place);
        place
    }

    fn pair(&mut self, message: u8, answer: Answer) -> u8 {
        let pair = (message, self.terminals.answers.number(answer));
        let found = self.pairs.iter().position(|other| *other == pair).unwrap_or(self.pairs.len());
        if found == self.pairs.len() {
            self.pairs.push(pair);
        }
        assert!(found < 128, "at most 128 pairs of message and answer");
        found as u8
    }

    fn hears(&mut self, setting: &Setting, centre: u16, message: u8) -> Heard {
        if let Some(heard) = self.hears.get(&(centre, message)) {
            return heard.clone();
        }
        let mut next = self.centres[usize::from(centre)].clone();
        let said = self.terminals.messages.0[usize::from(message)];
        let (answer, happened) = next.hear(&setting.tills, said, setting.fault);
        let heard = Heard { centre: self.centre(next), pair: self.pair(message, answer), happened: happened.into() };
        self.hears.insert((centre, message), heard.clone());
        heard
    }

    fn expire(&mut self, setting: &Setting, centre: u16, row: u8) -> Option<Heard> {
        if let Some(heard) = self.expires.get(&(centre, row)) {
            return heard.clone();
        }
        let mut next = self.centres[usize::from(centre)].clone();
        let happened = next.expire(&setting.tills, usize::from(row), setting.fault);
        let heard = happened.map(|happened| Heard { centre: self.centre(next), pair: 0, happened: happened.into() });
        self.expires.insert((centre, row), heard.clone());
        heard
    }

    pub(crate) fn node(&self, place: Place) -> &Node {
        self.terminals.node(place)
    }
}

impl World {
    /// The same with nothing under way: what a healed world does not need.
    pub(crate) fn without_network(&self) -> Self {
        Self { sent: 0, heard: 0, kept: None, ..self.clone() }
    }

    /// The terminal goes to this place, and waits there; what it waits for it has sent.
    fn goes(&mut self, played: &Played, terminal: u8, place: Place, told: &[Told], is_sent: bool) {
        let at = usize::from(terminal);
        self.terminals[at] = place;
        if self.shows_sale[at] {
            self.ledger.told(terminal, self.sale[at], told);
        }
        let node = played.node(place);
        if let Wait::Answer(message) = node.wait
            && is_sent
        {
            self.sent |= 1 << message;
            self.ledger.sent(&played.terminals.messages.0[usize::from(message)]);
        }
        if self.within == Some(terminal) {
            if node.wait != Wait::Off {
                self.card = node.card;
            }
            if matches!(node.wait, Wait::Off | Wait::Idle) {
                self.within = None;
            }
        }
    }

    /// What begins with an input, before the terminal goes on.
    fn begins(&mut self, terminal: u8, input: Input) {
        let at = usize::from(terminal);
        match input {
            Input::Begin(sale, _) => {
                (self.sale[at], self.within, self.shows_sale[at]) = (sale, Some(terminal), true);
            }
            Input::Attend => (self.echoes[at], self.shows_sale[at]) = (self.echoes[at] + 1, false),
            // A blocked card counts no more.
            Input::Keyed(_) if self.card.left == 0 => {}
            Input::Keyed(own) => {
                self.ledger.wrong_pins = if own == self.card.own { 0 } else { self.ledger.wrong_pins + 1 };
            }
            _ => {}
        }
    }

    /// Something happens to a terminal.
    pub(crate) fn happens(&mut self, town: &Town, played: &mut Played, terminal: u8, input: Input) {
        let step = played.terminals.step(&town.setting, self.terminals[usize::from(terminal)], input);
        self.begins(terminal, input);
        self.goes(played, terminal, step.place, &step.told, true);
    }

    /// A message arrives; the number of its answer.
    pub(crate) fn arrives(&mut self, town: &Town, played: &mut Played, message: u8) -> u8 {
        let heard = played.hears(&town.setting, self.centre, message);
        if town.faulty(Fault::AnsweredBeforeKept) && self.kept.is_none() && heard.centre != self.centre {
            self.kept = Some((self.centre, self.ledger));
        }
        self.centre = heard.centre;
        self.heard |= 1 << heard.pair;
        self.ledger.happened(&heard.happened);
        let (_, answer) = played.pairs[usize::from(heard.pair)];
        let said = &played.terminals.messages.0[usize::from(message)];
        self.ledger.answered(said, &played.terminals.answers.0[usize::from(answer)]);
        answer
    }
}

impl Model for Town {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let mut played = self.played();
        let mut terminals = [0; TERMINALS];
        for (terminal, place) in (0..).zip(&mut terminals) {
            *place = played.terminals.fresh(terminal);
        }
        let centre = played.centre(Centre::new(&self.setting));
        let card = Table { own: !self.setting.pin, left: TRIES };
        vec![World {
            terminals,
            sale: [0; TERMINALS],
            echoes: [0; TERMINALS],
            shows_sale: [false; TERMINALS],
            sent: 0,
            heard: 0,
            centre,
            kept: None,
            card,
            within: None,
            ledger: Ledger::default(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let mut played = self.played();
        for terminal in 0..self.count() {
            for input in self.inputs(&played, world, terminal) {
                actions.push(Action::Happens(terminal, input));
                let place = world.terminals[usize::from(terminal)];
                let step = played.terminals.step(&self.setting, place, input);
                if self.setting.cuts {
                    actions.extend((0..step.cuts.len() as u8).map(|cut| Action::Cut(terminal, input, cut)));
                }
                if self.setting.damage
                    && matches!(input, Input::Begin(..))
                    && matches!(played.node(step.place).wait, Wait::Answer(_))
                {
                    actions.push(Action::Unsent(terminal, input));
                }
            }
            let wait = played.node(world.terminals[usize::from(terminal)]).wait;
            if self.setting.cuts && wait != Wait::Off && (wait != Wait::Idle || self.setting.idle_off) {
                actions.push(Action::Off(terminal));
            }
        }
        actions.extend((0..64).filter(|message| world.sent >> message & 1 == 1).map(Action::Arrives));
        if self.setting.expiry {
            let rows = played.centres[usize::from(world.centre)].rows.len() as u8;
            actions.extend((0..rows).map(Action::Expires));
        }
        if world.kept.is_some() {
            actions.push(Action::Killed);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut played = self.played();
        let played = &mut *played;
        let mut world = last.clone();
        match action {
            Action::Happens(terminal, input) => world.happens(self, played, terminal, input),
            Action::Cut(terminal, input, cut) => {
                let place = world.terminals[usize::from(terminal)];
                let step = played.terminals.step(&self.setting, place, input);
                let (off, told) = &step.cuts[usize::from(cut)];
                world.begins(terminal, input);
                if world.within == Some(terminal) {
                    world.card = played.node(step.place).card;
                }
                world.goes(played, terminal, *off, told, false);
            }
            Action::Unsent(terminal, input) => {
                let place = world.terminals[usize::from(terminal)];
                let begun = played.terminals.step(&self.setting, place, input);
                let unsent = played.terminals.step(&self.setting, begun.place, Input::Unsent);
                world.begins(terminal, input);
                world.goes(played, terminal, begun.place, &begun.told, false);
                world.goes(played, terminal, unsent.place, &unsent.told, true);
            }
            Action::Off(terminal) => {
                let off = played.node(world.terminals[usize::from(terminal)]).off;
                world.goes(played, terminal, off, &[], false);
            }
            Action::Arrives(message) => {
                world.arrives(self, played, message);
            }
            Action::Expires(row) => {
                let heard = played.expire(&self.setting, world.centre, row)?;
                world.centre = heard.centre;
                world.ledger.happened(&heard.happened);
            }
            Action::Killed => {
                let (centre, ledger) = world.kept.take()?;
                world.centre = centre;
                world.ledger.forget(&ledger);
            }
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        (self.properties)(&self.setting)
    }
}

impl Town {
    /// What can happen to a terminal that is not a cut.
    fn inputs(&self, played: &Played, world: &World, terminal: u8) -> Vec<Input> {
        let at = usize::from(terminal);
        let till = &self.setting.tills[at];
        let mut inputs = Vec::new();
        match played.node(world.terminals[at]).wait {
            Wait::Off | Wait::Idle => {
                if world.sale[at] < till.sales && world.within.is_none_or(|_| !self.setting.pin) {
                    inputs.push(Input::Begin(world.sale[at] + 1, world.card));
                }
                if world.echoes[at] < till.echoes {
                    inputs.push(Input::Attend);
                }
            }
            Wait::Answer(message) => {
                inputs.push(Input::NoAnswer);
                if self.setting.damage {
                    inputs.push(Input::Rejected);
                }
                for (pair, (asked, answer)) in played.pairs.iter().enumerate() {
                    let is_its = *asked == message || {
                        let by = played.terminals.messages.0[usize::from(*asked)].terminal;
                        by == terminal && self.faulty(Fault::StaleAnswerTaken)
                    };
                    if is_its && world.heard >> pair & 1 == 1 {
                        inputs.push(Input::Answer(*answer));
                    }
                }
            }
            Wait::Pin => inputs.extend([Input::Keyed(false), Input::Keyed(true), Input::Pulled]),
            Wait::Change => inputs.extend([Input::Works, Input::Torn(true), Input::Torn(false)]),
        }
        inputs
    }
}
