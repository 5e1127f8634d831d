//! This board with a till that is another program.

use std::time::Duration;

use super::EmulatorError;
use super::clock;
use super::holder::Does;
use super::machine::Machine;
use crate::till_line::{Alone, Happened};
use crate::visit::Moved;
use qiyong_sim::line::SharedCard;

impl Alone for Machine {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let Some(all) = self.step_until(clock::cycles(limit))? else { return Ok(None) };
        Ok(Some(all.into_iter().filter_map(|own| Happened::of(own, &self.course.screens)).collect()))
    }

    fn say(&mut self, bytes: &[u8]) {
        self.disturb_till(bytes);
    }

    fn said(&mut self) -> Vec<u8> {
        self.till.taken()
    }

    fn set_card(&mut self, card: Option<SharedCard>) -> Result<(), EmulatorError> {
        match card {
            Some(card) => self.insert_shared(card),
            None => self.remove(),
        }
    }

    fn does(&mut self, does: &Does) {
        Moved::does(self, does, Duration::ZERO);
    }

    fn logged(&mut self) -> Result<Vec<String>, EmulatorError> {
        self.log.drain(&mut self.probe)?;
        Ok(std::mem::take(&mut self.log.lines))
    }
}
