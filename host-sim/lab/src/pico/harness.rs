//! The program that runs the chip (`rp2040/harness.mjs`): one line of JSON there, one back.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use serde_json::{Value, json};

use super::place;
use crate::emulator::EmulatorError;
use crate::probe::DebugProbe;
use crate::wait::wait_for;

/// What Node.js says where a package is missing.
const NO_PACKAGE: &str = "ERR_MODULE_NOT_FOUND";

/// How long it may take to answer, in real time. This is a watchdog: nothing depends on it in a run that does not hang.
const PATIENCE: Duration = Duration::from_secs(600);

/// What goes in at a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Somebody drives a pin.
    Pin(u8, bool),
    /// Who drives a pin lets it go; what was to come at it does not.
    Still(u8),
    /// A byte has come on a serial line.
    Uart(u8, u8),
    /// The USB host does something.
    Usb(HostDoes),
}

/// What the USB host does, packet by packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostDoes {
    /// Resets the bus.
    Reset,
    /// Begins a control transfer.
    Setup([u8; 8]),
    /// Gives a packet to an endpoint.
    Gives(u8, Vec<u8>),
    /// Wants a packet of an endpoint.
    Wants(u8),
    /// Wants and gives nothing any more at this address.
    Cancels(u8),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Out {
    /// The chip drives a pin: low, high, or, as CLK, with its clock; `None`: not at all.
    Pin(u8, Option<Drive>),
    /// A byte has gone out on a serial line.
    Uart(u8, u8),
    /// The image has logged something.
    Log,
    /// Bytes were written to the panel.
    Panel(Vec<u8>),
    /// It is reset, and does nothing more: another chip starts with what it has kept.
    Restart,
    /// Something came of what the USB host does.
    Usb(DeviceDoes),
}

/// What the device does at its USB port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeviceDoes {
    /// Attaches itself to the bus.
    Attaches,
    /// Has seen the reset.
    IsReset,
    /// Gives a packet from an endpoint.
    Gives(u8, Vec<u8>),
    /// Has taken the packet for an endpoint.
    Takes(u8),
    /// Refuses at this address.
    Stalls(u8),
}

/// How a pin is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drive {
    Low,
    High,
    Clock,
}

/// The chip's ring oscillator, of which random numbers are made: good, or, after it was looked at so many times, not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ring {
    /// Its level comes by chance.
    #[default]
    Good,
    /// Its level is always the same.
    Stuck(u32),
    /// It prefers a level.
    Biased(u32),
    /// Its levels come round.
    Locked(u32),
}

impl Ring {
    fn json(self) -> Value {
        match self {
            Self::Good => json!({}),
            Self::Stuck(after) => json!({"kind": "stuck", "after": after}),
            Self::Biased(after) => json!({"kind": "biased", "after": after}),
            Self::Locked(after) => json!({"kind": "locked", "after": after}),
        }
    }
}

/// What is at the chip's I2C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bus {
    /// Nothing that would acknowledge.
    #[default]
    Nobody,
    /// A panel.
    Panel,
    /// Something that holds its lines down.
    Stuck,
}

impl Bus {
    const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Panel => "panel",
            Self::Stuck => "stuck",
        }
    }
}

/// The running chip; dropping it ends it.
pub(super) struct Harness {
    /// What it was started with.
    load: Value,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Harness {
    /// Starts an image, an ELF or a UF2 file; `log` is the word that changes when it logs something.
    ///
    /// # Errors
    /// There is no Node.js, or it does not start; or its program or packages are missing.
    pub(super) fn start(image: &Path, log: u64, ring: Ring, bus: Bus) -> Result<Self, EmulatorError> {
        Self::start_with(json!({"image": image, "log": log, "ring": ring.json(), "bus": bus.word()}), None)
    }

    /// The chip after a reset: the same image, flash and time.
    ///
    /// # Errors
    /// Those of [`Self::start`].
    pub(super) fn start_anew(&mut self) -> Result<(), EmulatorError> {
        let answer = self.ask(&json!({"keep": true}))?;
        *self = Self::start_with(self.load.clone(), answer.get("kept"))?;
        Ok(())
    }

    fn start_with(load: Value, kept: Option<&Value>) -> Result<Self, EmulatorError> {
        let version = Command::new("node").arg("--version").stdin(Stdio::null()).output();
        version.map_err(|error| match error.kind() {
            ErrorKind::NotFound => EmulatorError::NoNode,
            _ => error.into(),
        })?;
        let program = place::harness()?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "node"]).arg(&program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(EmulatorError::ChipEnded { said: "it has no lines".into() });
        };
        let mut harness = Self { load, child, to, from: BufReader::new(from) };
        let mut load = harness.load.clone();
        if let (Some(load), Some(kept)) = (load.as_object_mut(), kept) {
            load.insert("kept".into(), kept.clone());
        }
        match harness.ask(&json!({"load": load})) {
            Ok(_) => Ok(harness),
            Err(EmulatorError::ChipEnded { said }) if said.contains(NO_PACKAGE) => {
                let folder = program.parent().unwrap_or(&program).display().to_string();
                Err(EmulatorError::NoPackages { folder })
            }
            Err(error) => Err(error),
        }
    }

    fn ask(&mut self, command: &Value) -> Result<Value, EmulatorError> {
        let mut line = command.to_string();
        line.push('\n');
        let sent = self.to.write_all(line.as_bytes());
        let mut answer = String::new();
        if sent.is_ok() && !wait_for(&mut [PollFd::new(self.from.get_ref(), PollFlags::IN)], PATIENCE)? {
            return Err(EmulatorError::Silent { what: "the emulated chip", seconds: PATIENCE.as_secs() });
        }
        if sent.is_err() || self.from.read_line(&mut answer)? == 0 {
            let mut said = String::new();
            if let Some(mut errors) = self.child.stderr.take() {
                errors.read_to_string(&mut said)?;
            }
            return Err(EmulatorError::ChipEnded { said: said.trim().to_owned() });
        }
        serde_json::from_str(&answer).map_err(|_| EmulatorError::Answer { said: answer })
    }

    /// From now on the flash takes nothing that is written to it or erased; or it does.
    pub(super) fn wear(&mut self, worn: bool) -> Result<(), EmulatorError> {
        self.ask(&json!({"wear": worn})).map(drop)
    }

    /// How many cycles the core has worked since the start.
    pub(super) fn worked(&mut self) -> Result<u64, EmulatorError> {
        let answer = self.ask(&json!({"worked": true}))?;
        let cycles = answer.get("cycles").and_then(Value::as_u64);
        cycles.ok_or_else(|| EmulatorError::Answer { said: answer.to_string() })
    }

    /// Goes on until something comes out, but not beyond `until`; returns the cycle, and what came out at which.
    pub(super) fn run(&mut self, until: u64, into: &[(u64, Input)]) -> Result<(u64, Vec<(u64, Out)>), EmulatorError> {
        let into: Vec<_> = into
            .iter()
            .map(|(at, what)| match what {
                Input::Pin(pin, high) => json!([at, "pin", pin, u8::from(*high)]),
                Input::Still(pin) => json!([at, "still", pin]),
                Input::Uart(number, byte) => json!([at, "uart", number, byte]),
                Input::Usb(HostDoes::Reset) => json!([at, "usb", "reset"]),
                Input::Usb(HostDoes::Setup(bytes)) => json!([at, "usb", "setup", hex::encode(bytes)]),
                Input::Usb(HostDoes::Gives(to, bytes)) => json!([at, "usb", "out", [to, hex::encode(bytes)]]),
                Input::Usb(HostDoes::Wants(from)) => json!([at, "usb", "in", from]),
                Input::Usb(HostDoes::Cancels(address)) => json!([at, "usb", "cancel", address]),
            })
            .collect();
        let answer = self.ask(&json!({"run": until, "in": into}))?;
        let read = || {
            let now = answer.get("now")?.as_u64()?;
            let all = answer.get("out")?.as_array()?.iter().map(came_out).collect::<Option<Vec<_>>>()?;
            Some((now, all))
        };
        read().ok_or_else(|| EmulatorError::Answer { said: answer.to_string() })
    }
}

fn came_out(value: &Value) -> Option<(u64, Out)> {
    let [at, what, rest @ ..] = value.as_array()?.as_slice() else { return None };
    let number = |at: usize| rest.get(at)?.as_u64().and_then(|number| u8::try_from(number).ok());
    let out = match what.as_str()? {
        "pin" => Out::Pin(
            number(0)?,
            number(1).map(|level| match level {
                0 => Drive::Low,
                1 => Drive::High,
                _ => Drive::Clock,
            }),
        ),
        "uart" => Out::Uart(number(0)?, number(1)?),
        "usb" => Out::Usb(match rest.first()?.as_str()? {
            "attached" => DeviceDoes::Attaches,
            "reset" => DeviceDoes::IsReset,
            "in" => DeviceDoes::Gives(number(1)?, hex::decode(rest.get(2)?.as_str()?).ok()?),
            "out" => DeviceDoes::Takes(number(1)?),
            "stall" => DeviceDoes::Stalls(number(1)?),
            _ => return None,
        }),
        "i2c" => Out::Panel(hex::decode(rest.first()?.as_str()?).ok()?),
        "log" => Out::Log,
        "restart" => Out::Restart,
        _ => return None,
    };
    Some((at.as_u64()?, out))
}

impl Drop for Harness {
    fn drop(&mut self) {
        // If it has already ended, that is fine too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl DebugProbe for Harness {
    type Error = EmulatorError;

    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, EmulatorError> {
        let answer = self.ask(&json!({"read": [address, len]}))?;
        let bytes = answer.get("bytes").and_then(Value::as_str).and_then(|digits| hex::decode(digits).ok());
        bytes.filter(|bytes| bytes.len() == len).ok_or_else(|| EmulatorError::Answer { said: answer.to_string() })
    }

    fn read_word(&mut self, address: u64) -> Result<u32, EmulatorError> {
        Ok(self.read(address, 4)?.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
    }

    fn write_word(&mut self, address: u64, word: u32) -> Result<(), EmulatorError> {
        self.ask(&json!({"write": [address, hex::encode(word.to_le_bytes())]})).map(drop)
    }

    fn reset(&mut self) -> Result<(), EmulatorError> {
        Err(EmulatorError::Answer { said: "a chip that starts anew is another one".into() })
    }
}
