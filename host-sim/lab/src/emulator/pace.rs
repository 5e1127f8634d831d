//! Bytes to the board one at a time: each is sent when the board has taken the one before and sleeps again, because
//! real lines are slower than the board. So each run of a visit wakes the board equally often, and its instructions can
//! be counted.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::EmulatorError;
use super::lines::write_whole;
use super::probe::Probe;
use crate::probe::DebugProbe;

/// How long a byte may wait: a receiver that is off does not take it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes on their way.
pub(super) struct Pace {
    /// The address at which the image counts how often it was woken, and shows whether it is awake.
    wakes_at: u64,
    waiting: VecDeque<(UnixStream, u8)>,
    /// How often it had been woken when the last byte was sent to it, and when that was.
    last: Option<(u32, Instant)>,
}

impl Pace {
    pub(super) const fn new(wakes_at: u64) -> Self {
        Self { wakes_at, waiting: VecDeque::new(), last: None }
    }

    /// Takes bytes for a line.
    pub(super) fn feed(&mut self, line: &UnixStream, bytes: &[u8]) -> Result<(), EmulatorError> {
        for byte in bytes {
            self.waiting.push_back((line.try_clone()?, *byte));
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends the next byte if the board is ready for it. Call this again and again.
    pub(super) fn release(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let wakes = probe.read_word(self.wakes_at)?;
        let taken = self.last.is_none_or(|(before, since)| before != wakes || since.elapsed() > PATIENCE);
        // A board that sleeps has nothing left to do.
        if !taken || wakes & 1 == 1 {
            return Ok(());
        }
        if let Some((mut line, byte)) = self.waiting.pop_front() {
            self.last = Some((wakes, Instant::now()));
            write_whole(&mut line, &[byte])?;
        }
        Ok(())
    }
}
