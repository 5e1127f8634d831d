//! What a visit needs of this board ([`crate::visit`]), and the board as others have it ([`Board`]).

use std::path::Path;
use std::time::Duration;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Formality};
use qiyong_protocol::rules::decision::Operation;

use super::EmulatorError;
use super::clock;
use super::holder::{Act, Does, Later, Moment};
use super::machine::Machine;
use crate::board::{Board, Course, Left, Unplayable};
use crate::visit::{self, Happened, Moved, obey};
use qiyong_sim::line::{Disturbance, PullDuring, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::scenario::file::{Scenario, Step};
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::{LinkTrouble, Visit};

impl Machine {
    /// One visit: the till's command, and everything until the end. It begins at `time`; a centre of this world alone goes by
    /// that, too. `holder` is asked what the holder does.
    ///
    /// # Errors
    /// The emulator or the centre fails, or the visit does not end.
    pub fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError> {
        visit::serve(self, centre, operation, time, holder)
    }

    /// The board settles something with the centre, without a holder.
    ///
    /// # Errors
    /// Those of [`Machine::serve`].
    pub fn attend(
        &mut self,
        centre: &mut dyn CentreEnd,
        what: Formality,
        time: Timestamp,
    ) -> Result<Ended, EmulatorError> {
        let mut nobody = |_| Does::Nothing;
        obey(self, centre, time, &mut nobody, |reference, time| Command::Attend { reference, time, what })
    }
}

impl Moved for Machine {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self) -> Result<Vec<Happened>, EmulatorError> {
        Self::step(self)
    }

    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn begins(&mut self, trouble: LinkTrouble) {
        self.till.begin(trouble);
        self.before = self.slot.characters;
    }

    fn say(&mut self, command: &Command) {
        self.till.command(command, self.clock.now());
    }

    fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError> {
        if let Some(left) = &mut self.cut_at_message {
            *left = left.saturating_sub(1);
        }
        self.till.pass_on(message, centre)
    }

    fn answer(&mut self) {
        self.till.answer(self.clock.now());
    }

    fn does(&mut self, does: &Does, after: Duration) {
        let at = self.clock.now() + clock::cycles(after);
        let act = match does {
            Does::Nothing => return,
            Does::Keys(digits) => return self.pad.key(digits, at),
            Does::Cancels => return self.pad.cancel(at),
            Does::PullsCard => Act::PullsCard,
            Does::HoldsCancelKey => Act::HoldsCancelKey,
        };
        self.later = Some(Later { at, what: act });
    }

    fn check_power(&mut self) -> Result<(), EmulatorError> {
        if self.slot.is_cut() || self.cut_at_message == Some(0) {
            // The power is gone: the board does nothing any more.
            self.control.stop()?;
            return Err(EmulatorError::PowerCut);
        }
        Ok(())
    }

    fn ends(&mut self, well: bool) -> Result<(), EmulatorError> {
        let mut faults = std::mem::take(&mut self.planned);
        if self.slot.pull_at.is_none() && !faults.is_empty() {
            faults.remove(0);
        }
        self.left = Left {
            faults,
            new_pin_taken: self.slot.pull_when_new_pin_is_taken,
            link: self.till.is_left(),
            passed: u64::try_from(self.slot.characters - self.before).unwrap_or(u64::MAX),
            ..Left::default()
        };
        (self.slot.pull_at, self.slot.cut_at, self.cut_at_message, self.later) = (None, None, None, None);
        self.slot.pull_when_new_pin_is_taken = false;
        match well {
            true => self.rest(self.clock.now()),
            // What it logged last, unless it is gone: the error is that of the visit.
            false => self.log.drain(&mut self.probe).or(Ok(())),
        }
    }

    fn read_log(&mut self) -> Result<&mut Vec<String>, EmulatorError> {
        self.settle()?;
        self.log.drain(&mut self.probe)?;
        Ok(&mut self.log.lines)
    }
}

impl Board for Machine {
    fn boot_at(elf: &Path, setup: Setup, elapsed: Duration) -> Result<Self, EmulatorError> {
        Self::boot_at(elf, setup, elapsed)
    }

    fn refusal(scenario: &Scenario) -> Option<Unplayable> {
        let mut inserted = scenario.steps.iter().filter_map(|step| scenario.cards.get(step.card?));
        if let Some(card) = inserted.find(|card| card.is_inverse()) {
            return Some(Unplayable::InverseCard { card: card.name.clone() });
        }
        let step = |is: &dyn Fn(&Visit) -> bool| {
            let place = scenario.steps.iter().position(|Step { visit, .. }| is(visit));
            place.map(|number| number + 1)
        };
        if let Some(step) = step(&|visit| visit.storage_worn) {
            return Some(Unplayable::WornStorage { step });
        }
        if let Some(step) = step(&|visit| !visit.to_till.is_empty() || !visit.to_terminal.is_empty()) {
            return Some(Unplayable::SerialDisturbed { step });
        }
        let disturbed =
            |visit: &Visit| visit.noise.is_some() || visit.faults.iter().any(|fault| fault.what != Disturbance::Pull);
        step(&disturbed).map(|step| Unplayable::Disturbed { step })
    }

    fn set_up(&mut self, setup: Setup) -> Result<(), EmulatorError> {
        Self::set_up(self, setup)
    }

    fn insert_shared(&mut self, card: SharedCard) -> Result<(), EmulatorError> {
        Self::insert_shared(self, card)
    }

    fn remove(&mut self) -> Result<(), EmulatorError> {
        Self::remove(self)
    }

    fn rest_until(&mut self, elapsed: Duration) -> Result<(), EmulatorError> {
        Self::rest_until(self, elapsed)
    }

    fn disturb(&mut self, visit: &Visit) -> Result<(), EmulatorError> {
        self.planned.clone_from(&visit.faults);
        self.planned.sort_by_key(|fault| fault.at);
        if let Some(fault) = self.planned.first() {
            self.pull_after(usize::try_from(fault.at).unwrap_or(usize::MAX));
        }
        if visit.pull_during == Some(PullDuring::NewPinTaken) {
            self.pull_when_new_pin_is_taken();
        }
        self.trouble_link(visit.trouble);
        self.set_till_ahead(visit.clock_ahead);
        Ok(())
    }

    fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError> {
        Self::serve(self, centre, operation, time, holder)
    }

    fn left(&mut self) -> Left {
        std::mem::take(&mut self.left)
    }

    fn course(&self) -> &Course {
        &self.course
    }

    fn elapsed(&self) -> Duration {
        Self::elapsed(self)
    }

    fn findings(&mut self) -> Result<Vec<Finding>, EmulatorError> {
        Ok(Self::findings(self))
    }

    fn log(&self) -> &[String] {
        Self::log(self)
    }

    fn characters(&self) -> usize {
        Self::characters(self)
    }

    fn stack(&mut self) -> Result<(usize, usize), EmulatorError> {
        Self::stack(self)
    }
}
