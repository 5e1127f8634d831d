//! What a visit needs of this board ([`crate::visit`]), and the board as others have it ([`Board`]).

use std::path::Path;
use std::time::Duration;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended};
use qiyong_protocol::rules::decision::Operation;

use super::machine::{Machine, cycles};
use crate::board::{Board, Course, Left};
use crate::emulator::EmulatorError;
use crate::emulator::holder::{Does, Moment};
use crate::visit::{self, Happened, Moved};
use qiyong_sim::line::{PullDuring, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::{LinkTrouble, Visit};

/// How long a step may take if nothing happens.
const STEP: Duration = Duration::from_secs(1);

impl Moved for Machine {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self) -> Result<Vec<Happened>, EmulatorError> {
        self.go_on(self.cycle() + cycles(STEP))
    }

    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn begins(&mut self, trouble: LinkTrouble) {
        self.till.begin(trouble, std::mem::take(&mut self.messages));
    }

    fn say(&mut self, command: &Command) {
        self.send_frame(&till::command(command));
    }

    fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError> {
        let passed = self.till.pass_on(message, centre).map_err(EmulatorError::Centre)?;
        Ok(passed.transaction)
    }

    fn answer(&mut self) {
        for frame in self.till.answers() {
            self.send_frame(&frame);
        }
    }

    fn does(&mut self, does: &Does, after: Duration) {
        self.holder_does(does, after);
    }

    fn ends(&mut self, _: bool) -> Result<(), EmulatorError> {
        let (passed, disturbed) = self.slot.plan.passed();
        self.left = Left {
            faults: self.slot.plan.left(),
            noise: self.noisy && disturbed == 0,
            new_pin_taken: self.slot.pull_when_new_pin_is_taken,
            link: self.till.is_left(),
            bytes: self.bytes.each_ref().map(|line| line.left()),
            passed,
        };
        self.pulls_card = None;
        Board::disturb(self, &Visit::default())?;
        self.drain()
    }

    fn read_log(&mut self) -> Result<&mut Vec<String>, EmulatorError> {
        self.drain()?;
        Ok(&mut self.log.lines)
    }
}

impl Board for Machine {
    fn boot_at(elf: &Path, setup: Setup, elapsed: Duration) -> Result<Self, EmulatorError> {
        Self::start(elf, &setup, elapsed)
    }

    fn left(&mut self) -> Left {
        std::mem::take(&mut self.left)
    }

    fn set_up(&mut self, setup: Setup) -> Result<(), EmulatorError> {
        visit::set_up(self, &setup)
    }

    fn insert_shared(&mut self, card: SharedCard) -> Result<(), EmulatorError> {
        self.set_card(Some(card));
        Ok(())
    }

    fn course(&self) -> &Course {
        &self.course
    }

    fn remove(&mut self) -> Result<(), EmulatorError> {
        self.set_card(None);
        Ok(())
    }

    fn rest_until(&mut self, elapsed: Duration) -> Result<(), EmulatorError> {
        self.rest_to(elapsed)
    }

    fn elapsed(&self) -> Duration {
        Self::elapsed(self)
    }

    fn disturb(&mut self, visit: &Visit) -> Result<(), EmulatorError> {
        self.slot.plan.begin(visit.faults.clone(), visit.noise.clone());
        self.slot.pull_when_new_pin_is_taken = visit.pull_during == Some(PullDuring::NewPinTaken);
        self.noisy = visit.noise.is_some();
        let [to_till, to_terminal] = &mut self.bytes;
        to_till.begin(&visit.to_till);
        to_terminal.begin(&visit.to_terminal);
        (self.course.trouble, self.course.clock_ahead) = (visit.trouble, visit.clock_ahead);
        self.messages.clone_from(&visit.messages);
        self.wear(visit.storage_worn)
    }

    fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError> {
        visit::serve(self, centre, operation, time, holder)
    }

    fn findings(&mut self) -> Result<Vec<Finding>, EmulatorError> {
        match self.crooked().iter().max() {
            Some(tenths) => Err(EmulatorError::Crooked { tenths: *tenths }),
            None => Ok(self.slot.findings()),
        }
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
