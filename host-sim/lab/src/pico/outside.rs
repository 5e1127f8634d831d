//! This board with a till that is another program.

use std::time::Duration;

use super::machine::{Machine, cycles};
use super::slot::HZ;
use crate::emulator::EmulatorError;
use crate::emulator::holder::Does;
use crate::till_line::{Alone, Happened};
use qiyong_sim::line::SharedCard;

/// So much of its time goes by at once at the most: then somebody looks at the line.
const AT_ONCE: u64 = HZ / 10;

impl Alone for Machine {
    fn now(&self) -> Duration {
        self.elapsed()
    }

    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, EmulatorError> {
        let (now, limit) = (self.cycle(), cycles(limit));
        if limit <= now {
            return Ok(None);
        }
        let all = self.go_on(limit.min(now + AT_ONCE))?;
        Ok(Some(all.into_iter().filter_map(|own| Happened::of(own, &self.course.screens)).collect()))
    }

    fn say(&mut self, bytes: &[u8]) {
        self.send_frame(bytes);
    }

    fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    fn set_card(&mut self, card: Option<SharedCard>) -> Result<(), EmulatorError> {
        Self::set_card(self, card);
        Ok(())
    }

    fn does(&mut self, does: &Does) {
        self.holder_does(does, Duration::ZERO);
    }

    fn logged(&mut self) -> Result<Vec<String>, EmulatorError> {
        self.log_so_far()
    }
}
