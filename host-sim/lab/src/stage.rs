//! Emulated boards as a stage for scenarios: each terminal has a board in QEMU that runs the flashable image, and that
//! starts with the terminal's first visit. Cards, holders and the centre are those of a simulated world.
//!
//! Scenarios that it cannot play are refused with a reason ([`refusal`]): the emulator's card line carries only whole
//! bytes.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use qiyong_firmware::terminal::{CauseCode, Report};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::ecr::{Ended, Setup};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Outcome;

use crate::emulator::EmulatorError;
use crate::emulator::holder::{Asked, Does, Moment};
use crate::emulator::machine::Machine;
use qiyong_sim::card::file::digits;
use qiyong_sim::line::{Disturbance, PullDuring, SharedCard};
use qiyong_sim::scenario::centre::Centre;
use qiyong_sim::scenario::file::{Scenario, Step};
use qiyong_sim::scenario::stage::{RunError, Stage, Visited};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::visit::{CancelAt, LinkTrouble, Visit};
use qiyong_sim::world::{UNSENDABLE, terminal_id};

/// A terminal of the scenario; its machine starts when it is first needed.
struct Terminal {
    number: u32,
    institution: InstitutionCode,
    machine: Option<Machine>,
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
    ) -> Result<Ended, EmulatorError> {
        let Terminal { number, institution, machine } = &mut self.terminals[terminal];
        let (institution, key) = (*institution, self.centre.borrow().key());
        let setup = Setup { institution, terminal: terminal_id(*number), key, next_stan: Stan(1) };
        let machine = match machine {
            Some(machine) => machine,
            none => none.insert(Machine::boot(&self.elf, setup.clone())?),
        };
        let begin = machine.now_ns();
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
        let unsendable = visit.trouble == LinkTrouble::Unsendable;
        if unsendable {
            machine.set_up(Setup { terminal: UNSENDABLE, ..setup.clone() })?;
        }
        let mut holder = Holder { visit, last_new: None };
        let (mut centre, time) = (self.centre.borrow_mut(), self.time.timestamp());
        centre.set_time(time);
        let ended = machine.serve(&mut *centre, operation, time, &mut |moment| holder.does(moment))?;
        if unsendable {
            machine.set_up(setup)?;
        }
        machine.remove()?;
        let took = Duration::from_nanos(machine.now_ns().saturating_sub(begin));
        self.time.advance_by(took);
        Ok(ended)
    }
}

impl<C: Centre> Stage for Emulated<C> {
    type Centre = C;

    fn centre(&self) -> &RefCell<C> {
        &self.centre
    }

    fn visit(&mut self, terminal: usize, operation: &Operation, card: Option<SharedCard>, visit: Visit) -> Visited {
        let ended = self
            .play(terminal, operation, card, visit)
            .map_err(|error| RunError::Stage { advice: error.advice(), error: Box::new(error) })?;
        Ok((report(&ended), Vec::new()))
    }
}

/// The holder of a scenario's visit.
struct Holder {
    visit: Visit,
    last_new: Option<Pin>,
}

impl Holder {
    fn does(&mut self, moment: Moment) -> Does {
        let Visit { cancel, pull_during, .. } = self.visit;
        let (cancels, pulls) = match moment {
            Moment::Card => (CancelAt::Card, None),
            Moment::Pin(Asked::Present) => (CancelAt::Pin, Some(PullDuring::Pin)),
            Moment::Pin(Asked::New | Asked::NewAgain) => (CancelAt::NewPin, Some(PullDuring::NewPin)),
            Moment::Transaction => {
                let pulls = pull_during == Some(PullDuring::Transaction);
                return if pulls { Does::PullsCard } else { Does::Nothing };
            }
        };
        if pulls.is_some() && pull_during == pulls {
            return Does::PullsCard;
        }
        if cancel == Some(cancels) {
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

/// What the till is told about the end of a visit, in the form in which the terminal would report it.
fn report(ended: &Ended) -> Report {
    let Ended { reference: _, reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause } = *ended;
    Report {
        outcome: reason.map_or(Outcome::Approved, |reason| reason.outcome()),
        reason,
        cause: cause.map(CauseCode),
        effects,
        balance,
        standing,
        card: None,
        stan,
        pin_changed,
        pin_unchanged,
    }
}
