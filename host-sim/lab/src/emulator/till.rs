//! The till's end of the board's serial line ([`qiyong_sim::serial::till`]) on a socket: what comes from it, and what
//! goes there. The machine decides what follows from the frames.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;

use qiyong_protocol::ecr::Command;

use super::EmulatorError;
use super::clock::BoardClock;
use super::lines::read_available;
pub(super) use qiyong_sim::serial::till::Heard;
use qiyong_sim::serial::till::{self, TillEnd};
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::LinkTrouble;

/// The line.
pub(super) struct TillLine {
    stream: UnixStream,
    end: TillEnd,
}

impl TillLine {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, end: TillEnd::default() }
    }

    pub(super) const fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// A visit begins, during which this goes wrong.
    pub(super) fn begin(&mut self, trouble: LinkTrouble) {
        self.end.begin(trouble, BTreeMap::new());
    }

    /// Sends a command to the terminal.
    pub(super) fn command(&mut self, command: &Command, clock: &mut BoardClock) -> Result<(), EmulatorError> {
        self.disturb(&till::command(command), clock)
    }

    /// Brings a message to the centre, unless it is to be lost, and keeps the answer, unless that is to be lost.
    /// Returns whether the message is a transaction.
    pub(super) fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError> {
        let passed = self.end.pass_on(message, centre).map_err(EmulatorError::Centre)?;
        Ok(passed.transaction)
    }

    /// Sends the centre's answers to the board; returns whether there were any.
    pub(super) fn answer(&mut self, clock: &mut BoardClock) -> Result<bool, EmulatorError> {
        let frames = self.end.answers();
        for frame in &frames {
            self.disturb(frame, clock)?;
        }
        Ok(!frames.is_empty())
    }

    /// Sends bytes, which may be no frame.
    pub(super) fn disturb(&mut self, bytes: &[u8], clock: &mut BoardClock) -> Result<(), EmulatorError> {
        clock.feed(&mut self.stream, bytes)
    }

    /// What has come since the last call.
    pub(super) fn hear(&mut self, clock: &mut BoardClock) -> Result<Vec<Heard>, EmulatorError> {
        let bytes = read_available(&mut self.stream)?;
        if !bytes.is_empty() {
            clock.heard();
        }
        Ok(bytes.into_iter().filter_map(|byte| self.end.hear(byte)).collect())
    }
}
