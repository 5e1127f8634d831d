//! A serial line over one of QEMU's sockets, on which each byte takes its time.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;

use super::EmulatorError;
use super::clock::{BoardClock, HZ};
use super::lines::read_available;
use super::probe::Probe;

/// A serial line, 8N1, as its far end has it.
pub(super) struct SerialLine {
    stream: UnixStream,
    /// How long a byte takes, in cycles.
    byte: u64,
    /// Bytes to the board, each with the cycle at which it has come.
    coming: VecDeque<(u64, u8)>,
}

impl SerialLine {
    pub(super) const fn new(stream: UnixStream, baud: u64) -> Self {
        Self { stream, byte: 10 * HZ / baud, coming: VecDeque::new() }
    }

    /// How long a byte takes, in cycles.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    /// The bytes that the board has sent.
    pub(super) fn hear(&mut self) -> Result<Vec<u8>, EmulatorError> {
        read_available(&mut self.stream)
    }

    /// Sends bytes, one after the other, not before `cycle` and not before what was sent earlier.
    pub(super) fn say(&mut self, bytes: &[u8], cycle: u64) {
        let mut at = self.coming.back().map_or(cycle, |(last, _)| cycle.max(*last));
        for byte in bytes {
            at += self.byte;
            self.coming.push_back((at, *byte));
        }
    }

    /// Sends bytes so that the last one has come at `cycle`.
    pub(super) fn say_until(&mut self, bytes: &[u8], cycle: u64) {
        self.say(bytes, cycle.saturating_sub(self.byte * bytes.len() as u64));
    }

    /// When the next byte has come at the board.
    pub(super) fn next(&self) -> Option<u64> {
        self.coming.front().map(|(at, _)| *at)
    }

    /// Brings the next byte.
    pub(super) fn deliver(&mut self, clock: &mut BoardClock, probe: &mut Probe) -> Result<(), EmulatorError> {
        let Some((at, byte)) = self.coming.pop_front() else { return Ok(()) };
        clock.feed(at, &mut self.stream, byte, probe)
    }
}
