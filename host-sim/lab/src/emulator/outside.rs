//! This board with a till that is another program.

use std::time::Duration;

use super::EmulatorError;
use super::clock;
use super::happened::Happened as Own;
use super::holder::{Does, asked};
use super::machine::Machine;
use crate::till_line::{Alone, Happened};
use qiyong_sim::line::SharedCard;

impl Alone for Machine {
    type Error = EmulatorError;

    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let Some(all) = self.step_until(clock::cycles(limit))? else { return Ok(None) };
        let known = |own| match own {
            Own::Till(heard) => Happened::heard(&heard),
            Own::Screen(text) => Some(Happened::Screen(text)),
            Own::PinAwaited => Some(Happened::Pin(asked(self.screens.last()))),
        };
        Ok(Some(all.into_iter().filter_map(known).collect()))
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
        self.do_at(does, 0);
    }

    fn logged(&mut self) -> Result<Vec<String>, EmulatorError> {
        self.log.drain(&mut self.probe)?;
        Ok(std::mem::take(&mut self.log.lines))
    }
}
