//! Emulated boards as a stage for scenarios: each terminal has a board that runs the flashable image, and that starts with the
//! terminal's first visit. Cards, holders and the centre are those of a simulated world.
//!
//! Scenarios that a board cannot play are refused with a reason ([`Board::refusal`]): QEMU's card line carries only whole bytes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

use crate::board::{Board, Left};
use crate::emulator::EmulatorError;
use crate::emulator::holder::{Asked, Does, Moment};
use qiyong_sim::card::file::digits;
use qiyong_sim::line::{PullDuring, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::scenario::centre::Centre;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::stage::{RunError, Stage, Visited};
use qiyong_sim::serial::ended::report;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::event::Event;
use qiyong_sim::world::visit::{CancelAt, LinkTrouble, Unplayed, Visit};
use qiyong_sim::world::{UNSENDABLE, terminal_id};

/// A terminal of the scenario; its machine starts when it is first needed.
struct Terminal<B> {
    number: u32,
    institution: InstitutionCode,
    machine: Option<B>,
    /// It has its own name: a new one has.
    is_set_up: bool,
    /// What was to happen in its last visit, and did not.
    unplayed: Vec<Unplayed>,
}

/// The boards of a scenario.
pub struct Emulated<C, B> {
    elf: PathBuf,
    centre: RefCell<C>,
    time: VirtualTime,
    terminals: Vec<Terminal<B>>,
}

impl<C: Centre, B: Board> Emulated<C, B> {
    /// Boards that run the image `elf`; `centre` has been prepared for the scenario.
    ///
    /// # Errors
    /// The scenario is not for such boards, see [`Board::refusal`].
    pub fn new(scenario: &Scenario, centre: C, elf: &Path) -> Result<Self, RunError> {
        if let Some(why) = B::refusal(scenario) {
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

impl<C: Centre, B: Board> Emulated<C, B> {
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
            none => none.insert(B::boot_at(&self.elf, setup.clone(), self.time.elapsed())?),
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
        machine.disturb(&visit)?;
        let mut holder = Holder { visit, last_new: None, cancelled: false, pulled: false };
        let (mut centre, time) = (self.centre.borrow_mut(), self.time.timestamp());
        let ended = machine.serve(&mut *centre, operation, time, &mut |moment| holder.does(moment))?;
        machine.remove()?;
        *unplayed = holder.left(machine.left(), &ended, operation);
        self.time.advance_by(machine.elapsed().saturating_sub(self.time.elapsed()));
        Ok((ended, machine.course().took, machine.findings()?))
    }
}

impl<C: Centre, B: Board> Stage for Emulated<C, B> {
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
    /// What was to happen in the visit and did not, as a world tells it: `left` is what the board says of it.
    fn left(&self, left: Left, ended: &Ended, operation: &Operation) -> Vec<Unplayed> {
        let Visit { pins, new_pins, cancel, pull_during, storage_worn, .. } = &self.visit;
        let Left { faults, noise, new_pin_taken, link, bytes, passed } = left;
        let approved = ended.reason.is_none();
        let keyed = |pins: &VecDeque<Pin>| Some(pins.len()).filter(|left| approved && *left > 0);
        let pull = match pull_during {
            Some(PullDuring::NewPinTaken) => new_pin_taken,
            other => other.is_some() && !self.pulled,
        };
        let kept = ended.reason == Some(Reason::StorageFailed) || matches!(operation, Operation::Query);
        let all = [
            link.then_some(Unplayed::Link),
            bytes.into_iter().flatten().next().map(|(at, sent)| Unplayed::Byte { at, sent }),
            pull.then_some(Unplayed::Pull),
            keyed(pins).map(|left| Unplayed::Pins { left }),
            keyed(new_pins).map(|left| Unplayed::NewPins { left }),
            (cancel.is_some() && !self.cancelled).then_some(Unplayed::Cancel),
            faults.first().map(|fault| Unplayed::Fault { at: fault.at, what: fault.what, passed }),
            noise.then_some(Unplayed::Noise { passed }),
            (*storage_worn && !kept).then_some(Unplayed::Storage),
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
