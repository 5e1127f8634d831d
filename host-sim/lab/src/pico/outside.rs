//! This board with a till that is another program.

use std::time::Duration;

use super::PicoError;
use super::machine::{Happened as Own, Machine, TILL};
use super::slot::HZ;
use crate::emulator::holder::{Does, asked};
use crate::till_line::{Alone, Happened};
use qiyong_sim::line::SharedCard;

/// So much of its time goes by at once at the most: then somebody looks at the line.
const AT_ONCE: u64 = HZ / 10;

impl Alone for Machine {
    type Error = PicoError;

    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, PicoError> {
        // A cycle has eight nanoseconds.
        let limit = u64::try_from(limit.as_nanos() / 8).unwrap_or(u64::MAX);
        if limit <= self.now {
            return Ok(None);
        }
        let all = self.step_to(limit.min(self.now + AT_ONCE))?;
        let known = |own| match own {
            Own::Till(heard) => Happened::heard(&heard),
            Own::Screen(text) => Some(Happened::Screen(text)),
            Own::PinAwaited => Some(Happened::Pin(asked(self.screens.last()))),
        };
        Ok(Some(all.into_iter().filter_map(known).collect()))
    }

    fn say(&mut self, bytes: &[u8]) {
        self.say_on(TILL, bytes, 0);
    }

    fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    fn set_card(&mut self, card: Option<SharedCard>) -> Result<(), PicoError> {
        Self::set_card(self, card);
        Ok(())
    }

    fn does(&mut self, does: &Does) {
        self.do_at(does, 0);
    }

    fn logged(&mut self) -> Result<Vec<String>, PicoError> {
        self.log_so_far()
    }
}
