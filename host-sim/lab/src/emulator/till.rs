//! The till's end of the board's serial line ([`qiyong_sim::serial::till`]) on a socket: what comes from it, and what
//! goes there. The machine decides what follows from the frames.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::net::UnixStream;

use qiyong_protocol::ecr::Command;

use super::EmulatorError;
use super::serial::SerialLine;
pub(super) use qiyong_sim::serial::till::Heard;
use qiyong_sim::serial::till::{self, TillEnd};
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::LinkTrouble;

/// The line's rate, in bits a second.
const BAUD: u64 = 115_200;

/// The line.
pub(super) struct TillLine {
    line: SerialLine,
    end: TillEnd,
    /// When the last byte from the board has come, in cycles.
    last: u64,
    /// What is on its way from the board, with the cycle at which it has come.
    coming: VecDeque<(u64, Heard)>,
    /// What the board has said, for a till that is another program, if it is kept.
    said: Option<Vec<u8>>,
}

impl TillLine {
    pub(super) fn new(stream: UnixStream) -> Self {
        let line = SerialLine::new(stream, BAUD);
        Self { line, end: TillEnd::default(), last: 0, coming: VecDeque::new(), said: None }
    }

    /// The bytes on it.
    pub(super) const fn line(&mut self) -> &mut SerialLine {
        &mut self.line
    }

    /// A visit begins, during which this goes wrong.
    pub(super) fn begin(&mut self, trouble: LinkTrouble) {
        self.end.begin(trouble, BTreeMap::new());
    }

    /// What the board has said since this was last asked.
    pub(super) fn taken(&mut self) -> Vec<u8> {
        self.said.replace(Vec::new()).unwrap_or_default()
    }

    /// Whether nothing has gone wrong with a message in this visit, though something was to.
    pub(super) fn is_left(&self) -> bool {
        self.end.is_left()
    }

    /// Sends a command to the terminal.
    pub(super) fn command(&mut self, command: &Command, now: u64) {
        self.line.say(&till::command(command), now);
    }

    /// Brings a message to the centre, unless it is to be lost, and keeps the answer, unless that is to be lost.
    /// Returns whether the message is a transaction.
    pub(super) fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError> {
        let passed = self.end.pass_on(message, centre).map_err(EmulatorError::Centre)?;
        Ok(passed.transaction)
    }

    /// Sends the centre's answers to the board; returns whether there were any.
    pub(super) fn answer(&mut self, now: u64) -> bool {
        let frames = self.end.answers();
        for frame in &frames {
            self.line.say(frame, now);
        }
        !frames.is_empty()
    }

    /// Takes what the board has begun to send at cycle `now`. The emulator carries it at no time; here each byte takes its own.
    pub(super) fn hear(&mut self, now: u64) -> Result<(), EmulatorError> {
        let bytes = self.line.hear()?;
        if let Some(said) = &mut self.said {
            said.extend_from_slice(&bytes);
        }
        for byte in bytes {
            self.last = self.last.max(now) + self.line.byte();
            self.coming.extend(self.end.hear(byte).map(|heard| (self.last, heard)));
        }
        Ok(())
    }

    /// When the next frame from the board has come whole.
    pub(super) fn next(&self) -> Option<u64> {
        self.coming.front().map(|(at, _)| *at)
    }

    /// That frame.
    pub(super) fn take(&mut self) -> Option<Heard> {
        self.coming.pop_front().map(|(_, heard)| heard)
    }
}
