//! QEMU's qtest socket as a debug probe: memory and registers of the running board, and its pins.
//!
//! The socket carries rows of text: a command, and `OK` with its result. `IRQ raise N` and `IRQ lower N` come between
//! them when a pin changes.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::EmulatorError;
use crate::probe::DebugProbe;
use crate::wait::wait_for;

/// How long QEMU may take to answer: a watchdog.
const PATIENCE: Duration = Duration::from_secs(600);
/// The core's reset control, and the value that, with its key, causes a reset (ARMv7-M, B3.2.6).
const AIRCR: u64 = 0xE000_ED0C;
const SYSRESETREQ: u32 = 0x05FA_0004;

/// An input of the board: QEMU's path of its port, and the pin.
pub(super) type Input = (String, u32);

/// An edge of a pin of the watched port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) pin: u32,
    pub(super) high: bool,
}

/// The probe.
pub(super) struct Probe {
    stream: UnixStream,
    /// The part of a row that has come so far.
    line: Vec<u8>,
    edges: VecDeque<Edge>,
    answers: VecDeque<String>,
    /// How often the core has fallen asleep.
    sleeps: u64,
    /// How many commands wait for an answer that nobody awaits.
    posted: usize,
    /// The pin of the watched port that is high while the core sleeps.
    asleep: u32,
}

impl Probe {
    pub(super) fn new(stream: UnixStream, asleep: u32) -> Self {
        let (edges, answers) = (VecDeque::new(), VecDeque::new());
        Self { stream, line: Vec::new(), edges, answers, sleeps: 0, posted: 0, asleep }
    }

    /// From now on the probe reports every edge of an output of this port, by QEMU's path.
    pub(super) fn watch_port(&mut self, port: &str) -> Result<(), EmulatorError> {
        self.command(&format!("irq_intercept_out {port}")).map(drop)
    }

    /// Drives an input.
    pub(super) fn drive(&mut self, (port, pin): &Input, high: bool) -> Result<(), EmulatorError> {
        let level = u8::from(high);
        self.command(&format!("set_irq_in {port} unnamed-gpio-in {pin} {level}")).map(drop)
    }

    /// Writes memory.
    pub(super) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), EmulatorError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.command(&format!("write {address:#x} {} 0x{}", bytes.len(), hex::encode(bytes))).map(drop)
    }

    /// The next edge, if one has come.
    pub(super) fn edge(&mut self) -> Result<Option<Edge>, EmulatorError> {
        self.take_lines()?;
        Ok(self.edges.pop_front())
    }

    /// How often the core has fallen asleep, as far as it was heard.
    pub(super) fn sleeps(&mut self) -> Result<u64, EmulatorError> {
        self.take_lines()?;
        Ok(self.sleeps)
    }

    /// Waits until the probe has something to say, or for so long; returns whether it has.
    pub(super) fn wait(&self, time: Duration) -> Result<bool, EmulatorError> {
        Ok(wait_for(&mut [PollFd::new(&self.stream, PollFlags::IN)], time)?)
    }

    /// Writes memory, and later a word somewhere else, without waiting until that is done: the next command waits for it.
    pub(super) fn post(&mut self, address: u64, bytes: &[u8], (then, word): (u64, u32)) -> Result<(), EmulatorError> {
        let write = format!("write {address:#x} {} 0x{}\n", bytes.len(), hex::encode(bytes));
        self.stream.write_all(format!("{write}writel {then:#x} {word:#x}\n").as_bytes())?;
        self.posted += 2;
        Ok(())
    }

    /// Sends a command; returns what follows `OK`.
    fn command(&mut self, command: &str) -> Result<String, EmulatorError> {
        self.stream.write_all(format!("{command}\n").as_bytes())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.take_lines()?;
            if let Some(answer) = self.answers.pop_front() {
                let result = answer.strip_prefix("OK").map(|rest| rest.trim().to_string());
                return result.ok_or_else(|| EmulatorError::Answer { said: format!("{command}: {answer}") });
            }
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent { what: "QEMU's probe", seconds: PATIENCE.as_secs() });
            }
            wait_for(&mut [PollFd::new(&self.stream, PollFlags::IN)], Duration::from_millis(100))?;
        }
    }

    fn take_lines(&mut self) -> Result<(), EmulatorError> {
        let mut bytes = [0; 4096];
        loop {
            let taken = match self.stream.read(&mut bytes) {
                Ok(0) => return Err(EmulatorError::Gone),
                Ok(len) => &bytes[..len],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            for byte in taken {
                if *byte != b'\n' {
                    self.line.push(*byte);
                    continue;
                }
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                let words: Vec<_> = line.split_whitespace().collect();
                match words.as_slice() {
                    ["IRQ", level, pin] => match pin.parse() {
                        Ok(pin) if pin == self.asleep => self.sleeps += u64::from(*level == "raise"),
                        Ok(pin) => self.edges.push_back(Edge { pin, high: *level == "raise" }),
                        Err(_) => return Err(EmulatorError::Answer { said: line }),
                    },
                    // In the order of the commands.
                    ["OK"] if self.posted > 0 => self.posted -= 1,
                    _ if self.posted > 0 => return Err(EmulatorError::Answer { said: line }),
                    _ => self.answers.push_back(line),
                }
            }
        }
    }
}

impl DebugProbe for Probe {
    type Error = EmulatorError;

    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, EmulatorError> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let answer = self.command(&format!("read {address:#x} {len}"))?;
        let bytes = answer.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        bytes.filter(|bytes| bytes.len() == len).ok_or(EmulatorError::Answer { said: answer })
    }

    fn read_word(&mut self, address: u64) -> Result<u32, EmulatorError> {
        let answer = self.command(&format!("readl {address:#x}"))?;
        let word = answer.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        word.and_then(|word| u32::try_from(word).ok()).ok_or(EmulatorError::Answer { said: answer })
    }

    fn write_word(&mut self, address: u64, word: u32) -> Result<(), EmulatorError> {
        self.command(&format!("writel {address:#x} {word:#x}")).map(drop)
    }

    fn reset(&mut self) -> Result<(), EmulatorError> {
        self.write_word(AIRCR, SYSRESETREQ)
    }
}
