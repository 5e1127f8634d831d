//! What is said over the line: commands and what answers them. A frame may be lost, so that a command is said again; the terminal
//! takes none twice (`qiyong_protocol::ecr`).

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use thiserror::Error;

use qiyong_protocol::ecr::{Command, Event, Refused, State};
use qiyong_protocol::frame::Peer;
use qiyong_sim::serial::till::{self, Heard, TillEnd};

use super::port::Port;
use crate::advice;
use crate::live::Live;

/// After so long without an answer a command is said again.
const AGAIN: Duration = Duration::from_secs(2);
/// After so long a terminal that is busy with something is asked again.
const BUSY: Duration = Duration::from_millis(100);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum LineError {
    /// The system has no such port any more.
    #[error(
        "{name}: the line is gone ({error}): was the board unplugged, or does another program have the line? A sale under way is settled \
             by the terminal: connect it and start `qiyong till` again"
    )]
    Gone { name: String, error: io::Error },
    /// Nothing comes.
    #[error(
        "{name}: no answer within {seconds} s: is this the terminal's till line (not its PIN pad's), do its two wires cross, and is \
             the terminal on?"
    )]
    Silent { name: String, seconds: u64 },
    /// Bytes come, and no frames.
    #[error(
        "{name}: {bytes} bytes came within {seconds} s, and none is of a frame of a terminal's: is this its till line, at 115200 \
             baud, 8 bits, no parity, and is the terminal's version that of this till?"
    )]
    Garbage { name: String, bytes: usize, seconds: u64 },
    /// The terminal does not do it.
    #[error("the terminal refuses: {0}; {advice}", advice = advice::sentence(.0.advice()))]
    Refused(Refused),
}

/// The terminal's state, if that is what it tells.
pub(super) fn state_of(event: &Event) -> Option<State> {
    match event {
        Event::State(state) => Some(*state),
        _ => None,
    }
}

/// The line.
pub(super) struct Line {
    port: Port,
    name: String,
    patience: Duration,
    end: Box<TillEnd>,
    heard: VecDeque<Heard>,
    /// How many bytes have come since the last frame.
    bytes: usize,
    /// When something was last heard that the terminal has said.
    last: Instant,
    live: Live,
}

impl Line {
    /// A line over this port, on which the terminal may be silent for so long.
    pub(super) fn new(port: Port, name: &str, patience: Duration, live: Live) -> Self {
        let (end, heard) = (Box::default(), VecDeque::new());
        Self { port, name: name.into(), patience, end, heard, bytes: 0, last: Instant::now(), live }
    }

    /// For how long the terminal may be silent.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// The next frame, unless none comes within so long.
    pub(super) fn next(&mut self, wait: Duration) -> Result<Option<Heard>, LineError> {
        let until = Instant::now() + wait;
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(Some(heard));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let mut room = [0; 256];
            let count = self.port.read(&mut room, left).map_err(|error| self.gone(error))?;
            for byte in room.get(..count).unwrap_or_default() {
                self.bytes += 1;
                match self.end.hear(*byte) {
                    None | Some(Heard::Nonsense(_)) => {}
                    Some(heard) => {
                        match &heard {
                            Heard::Event(event) => self.live.frame(false, Peer::Till, &event.encode()),
                            Heard::ToCentre(message) => self.live.frame(false, Peer::Centre, message),
                            Heard::Nonsense(_) => {}
                        }
                        (self.bytes, self.last) = (0, Instant::now());
                        self.heard.push_back(heard);
                    }
                }
            }
        }
    }

    /// Says bytes.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        self.live.whole_frame(true, bytes);
        self.port.write(bytes).map_err(|error| self.gone(error))
    }

    /// Says a command.
    pub(super) fn command(&mut self, command: &Command) -> Result<(), LineError> {
        self.say(&till::command(command))
    }

    /// # Errors
    /// The terminal has been silent for too long since `since`, or since it last said something.
    pub(super) fn look(&self, since: Instant) -> Result<(), LineError> {
        if since.max(self.last).elapsed() < self.patience {
            return Ok(());
        }
        let (name, seconds) = (self.name.clone(), self.patience.as_secs());
        Err(match self.bytes {
            0 => LineError::Silent { name, seconds },
            bytes => LineError::Garbage { name, bytes, seconds },
        })
    }

    /// Says a command, again if that is needed, and waits for the event that answers it. What comes for the centre meanwhile is
    /// heard next.
    pub(super) fn ask<T>(&mut self, command: &Command, known: impl Fn(&Event) -> Option<T>) -> Result<T, LineError> {
        let (begun, mut kept) = (Instant::now(), VecDeque::new());
        let answer = self.ask_keeping(begun, command, known, &mut kept);
        kept.append(&mut self.heard);
        self.heard = kept;
        answer
    }

    fn ask_keeping<T>(
        &mut self,
        begun: Instant,
        command: &Command,
        known: impl Fn(&Event) -> Option<T>,
        kept: &mut VecDeque<Heard>,
    ) -> Result<T, LineError> {
        let mut is_busy = false;
        while begun.elapsed() < self.patience {
            self.command(command)?;
            let until = Instant::now() + AGAIN.min(self.patience);
            while Instant::now() < until {
                match self.next(until.saturating_duration_since(Instant::now()))? {
                    // It has not taken note yet of what was said before, or serves somebody.
                    Some(Heard::Event(Event::Refused(Refused::Busy))) => {
                        is_busy = true;
                        std::thread::sleep(BUSY);
                        break;
                    }
                    Some(Heard::Event(Event::Refused(why))) => return Err(LineError::Refused(why)),
                    Some(Heard::Event(event)) => {
                        if let Some(known) = known(&event) {
                            return Ok(known);
                        }
                    }
                    Some(message) => kept.push_back(message),
                    None => break,
                }
            }
        }
        if is_busy {
            return Err(LineError::Refused(Refused::Busy));
        }
        // It may say something, and never what answers.
        self.look(begun)?;
        Err(LineError::Silent { name: self.name.clone(), seconds: self.patience.as_secs() })
    }

    /// Drops what has come for the centre: it is of a visit that is over.
    pub(super) fn forget(&mut self) {
        self.heard.clear();
    }

    fn gone(&self, error: io::Error) -> LineError {
        LineError::Gone { name: self.name.clone(), error }
    }
}
