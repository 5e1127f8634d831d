//! Emulated boards as a stage for scenarios: each terminal has a board in QEMU that runs the flashable image, and that
//! starts with the terminal's first visit. Cards, holders and the centre are those of a simulated world.
//!
//! Scenarios that it cannot play are refused with a reason ([`refusal`]): the emulator's card line carries only whole
//! bytes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::emulator::EmulatorError;
use crate::emulator::holder::{Asked, Does, Moment};
use crate::emulator::machine::{Left, Machine};
use qiyong_sim::card::file::digits;
use qiyong_sim::line::{Disturbance, PullDuring, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::scenario::centre::Centre;
use qiyong_sim::scenario::file::{Scenario, Step};
use qiyong_sim::scenario::stage::{RunError, Stage, Visited};
use qiyong_sim::serial::ended::report;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::event::Event;
use qiyong_sim::world::visit::{CancelAt, LinkTrouble, Unplayed, Visit};
use qiyong_sim::world::{UNSENDABLE, terminal_id};

/// A terminal of the scenario; its machine starts when it is first needed.
struct Terminal {
    number: u32,
    institution: InstitutionCode,
    machine: Option<Machine>,
    /// It has its own name: a new one has.
    is_set_up: bool,
    /// What was to happen in its last visit, and did not.
    unplayed: Vec<Unplayed>,
}

/// The boards of a scenario.
pub struct Emulated<C> {
    elf: PathBuf,
    centre: RefCell<C>,
    time: VirtualTime,
    terminals: Vec<Terminal>,
}

impl<C: Centre> Emulated<C> {
    /// Boards that run the image `elf`; `centre` has been prepared for the scenario.
    ///
    /// # Errors
    /// The scenario is not for this stage, see [`refusal`].
    pub fn new(scenario: &Scenario, centre: C, elf: &Path) -> Result<Self, RunError> {
        if let Some(why) = refusal(scenario) {
            return Err(RunError::NotHere(Box::new(why)));
        }
        let terminal = |(number, (_, institution)): (u32, &(String, _))| Terminal {
            number,
            institution: *institution,
            machine: None,
            is_set_up: true,
            unplayed: Vec::new(),
        };
        let terminals = (1..).zip(&scenario.terminals).map(terminal).collect();
        let time = VirtualTime::new(scenario.clock);
        Ok(Self { elf: elf.into(), centre: RefCell::new(centre), time, terminals })
    }
}

/// Why a scenario cannot be played here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unplayable {
    /// A card is in inverse convention.
    #[error("card {card:?} is in inverse convention, which is told by parity; there is none here")]
    InverseCard {
        /// The card's name in the scenario.
        card: String,
    },
    /// A terminal's storage is worn.
    #[error("in step {step} the storage is worn; the memory in its place here does not wear")]
    WornStorage {
        /// The step, the first being 1.
        step: usize,
    },
    /// Bytes are disturbed on the serial line.
    #[error("step {step} disturbs bytes of the serial line; here they go through a socket")]
    SerialDisturbed {
        /// The step, the first being 1.
        step: usize,
    },
    /// Characters are disturbed on the card line.
    #[error("step {step} disturbs characters on the card line; here it carries whole bytes")]
    Disturbed {
        /// The step, the first being 1.
        step: usize,
    },
}

/// Why a scenario cannot be played here, if it cannot.
pub fn refusal(scenario: &Scenario) -> Option<Unplayable> {
    let mut inserted = scenario.steps.iter().filter_map(|step| scenario.cards.get(step.card?));
    if let Some(card) = inserted.find(|card| card.is_inverse()) {
        return Some(Unplayable::InverseCard { card: card.name.clone() });
    }
    if let Some(number) = scenario.steps.iter().position(|step| step.visit.storage_worn) {
        return Some(Unplayable::WornStorage { step: number + 1 });
    }
    let serial = |Step { visit, .. }: &Step| !visit.to_till.is_empty() || !visit.to_terminal.is_empty();
    if let Some(number) = scenario.steps.iter().position(serial) {
        return Some(Unplayable::SerialDisturbed { step: number + 1 });
    }
    let disturbed = |Step { visit, .. }: &Step| {
        visit.noise.is_some() || visit.faults.iter().any(|fault| fault.what != Disturbance::Pull)
    };
    let number = scenario.steps.iter().position(disturbed)?;
    Some(Unplayable::Disturbed { step: number + 1 })
}

impl<C: Centre> Emulated<C> {
    fn play(
        &mut self,
        terminal: usize,
        operation: &Operation,
        card: Option<SharedCard>,
        visit: Visit,
    ) -> Result<(Ended, Duration, Vec<Finding>), EmulatorError> {
        let Terminal { number, institution, machine, is_set_up, unplayed } = &mut self.terminals[terminal];
        let (institution, key) = (*institution, self.centre.borrow().key());
        let setup = Setup { institution, terminal: terminal_id(*number), key, next_stan: Stan(1) };
        // One clock for all of them, as in a world: a terminal's seconds begin where the others' do.
        let machine = match machine {
            Some(machine) => {
                machine.rest_until(self.time.elapsed())?;
                machine
            }
            none => none.insert(Machine::boot_at(&self.elf, setup.clone(), self.time.elapsed())?),
        };
        if !std::mem::replace(is_set_up, true) {
            machine.set_up(setup.clone())?;
        }
        if visit.trouble == LinkTrouble::Unsendable {
            machine.set_up(Setup { terminal: UNSENDABLE, ..setup })?;
            // The till notices before the next visit.
            *is_set_up = false;
        }
        self.time.advance_by(machine.elapsed().saturating_sub(self.time.elapsed()));
        // A holder who cancels while the terminal waits for a card has inserted none.
        if let Some(card) = card.filter(|_| visit.cancel != Some(CancelAt::Card)) {
            machine.insert_shared(card)?;
        }
        if let Some(at) = visit.faults.iter().map(|fault| fault.at).min() {
            machine.pull_after(usize::try_from(at).unwrap_or(usize::MAX));
        }
        if visit.pull_during == Some(PullDuring::NewPinTaken) {
            machine.pull_when_new_pin_is_taken();
        }
        machine.trouble_link(visit.trouble);
        machine.set_till_ahead(visit.clock_ahead);
        let mut holder = Holder { visit, last_new: None, cancelled: false, pulled: false };
        let (mut centre, time) = (self.centre.borrow_mut(), self.time.timestamp());
        let ended = machine.serve(&mut *centre, operation, time, &mut |moment| holder.does(moment))?;
        machine.remove()?;
        *unplayed = holder.left(machine.left(), ended.reason.is_none());
        self.time.advance_by(machine.elapsed().saturating_sub(self.time.elapsed()));
        Ok((ended, machine.took(), machine.findings()))
    }
}

impl<C: Centre> Stage for Emulated<C> {
    type Centre = C;

    fn centre(&self) -> &RefCell<C> {
        &self.centre
    }

    fn visit(
        &mut self,
        terminal: usize,
        operation: &Operation,
        card: Option<SharedCard>,
        visit: Visit,
    ) -> Result<Visited, RunError> {
        let (ended, took, findings) = self
            .play(terminal, operation, card, visit)
            .map_err(|error| RunError::Stage { advice: error.advice(), error: Box::new(error) })?;
        let events = findings.into_iter().map(|finding| (finding.at, Event::Finding(finding))).collect();
        Ok(Visited { report: report(&ended), took, events })
    }

    fn unplayed(&mut self, terminal: usize) -> Vec<Unplayed> {
        self.terminals.get(terminal).map(|terminal| terminal.unplayed.clone()).unwrap_or_default()
    }
}

/// The holder of a scenario's visit.
struct Holder {
    visit: Visit,
    last_new: Option<Pin>,
    cancelled: bool,
    pulled: bool,
}

impl Holder {
    /// What was to happen in the visit and did not, as a world tells it: `left` is what the machine says of it.
    fn left(&self, left: Left, approved: bool) -> Vec<Unplayed> {
        let Visit { pins, new_pins, cancel, pull_during, faults, .. } = &self.visit;
        let [at_character, new_pin_taken] = left.pulls;
        let mut faults: Vec<_> = faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        let fault = faults.get(usize::from(!at_character));
        let passed = u64::try_from(left.passed).unwrap_or(u64::MAX);
        let keyed = |pins: &VecDeque<Pin>| Some(pins.len()).filter(|left| approved && *left > 0);
        let pull = match pull_during {
            Some(PullDuring::NewPinTaken) => new_pin_taken,
            other => other.is_some() && !self.pulled,
        };
        let all = [
            left.link.then_some(Unplayed::Link),
            pull.then_some(Unplayed::Pull),
            keyed(pins).map(|left| Unplayed::Pins { left }),
            keyed(new_pins).map(|left| Unplayed::NewPins { left }),
            (cancel.is_some() && !self.cancelled).then_some(Unplayed::Cancel),
            fault.map(|fault| Unplayed::Fault { at: fault.at, what: fault.what, passed }),
        ];
        all.into_iter().flatten().collect()
    }

    fn does(&mut self, moment: Moment) -> Does {
        let Visit { cancel, pull_during, .. } = self.visit;
        let (cancels, pulls) = match moment {
            Moment::Card => (CancelAt::Card, None),
            Moment::Pin(Asked::Present) => (CancelAt::Pin, Some(PullDuring::Pin)),
            Moment::Pin(Asked::New | Asked::NewAgain) => (CancelAt::NewPin, Some(PullDuring::NewPin)),
            Moment::Transaction => {
                let pulls = pull_during == Some(PullDuring::Transaction);
                self.pulled |= pulls;
                return if pulls { Does::PullsCard } else { Does::Nothing };
            }
        };
        if pulls.is_some() && pull_during == pulls {
            self.pulled = true;
            return Does::PullsCard;
        }
        if cancel == Some(cancels) {
            self.cancelled = true;
            return Does::Cancels;
        }
        let pin = match moment {
            Moment::Pin(Asked::Present) => self.visit.pins.pop_front(),
            Moment::Pin(Asked::New) => {
                self.last_new = self.visit.new_pins.pop_front();
                self.last_new.clone()
            }
            Moment::Pin(Asked::NewAgain) => self.last_new.clone(),
            Moment::Card | Moment::Transaction => None,
        };
        match pin {
            Some(pin) => Does::Keys(Zeroizing::new(digits(pin.card_block().as_bytes()))),
            None => Does::Nothing,
        }
    }
}
