//! VCD files (IEEE 1364-2005 clause 18), read for the doctor: our captures, and those of a logic analyser.
//!
//! | Signal | Names that are understood | Or |
//! |---|---|---|
//! | VCC | `VCC`, `VDD`, `CVCC` | any, by a [`Channel`] |
//! | RST | `RST`, `RESET`, `CRST` | any |
//! | CLK, edge by edge | `CLK`, `CLOCK`, `CCLK` | any |
//! | CLK, on and off | `CLK_ON` | neither, if CLK's frequency is told: then it runs while there is power |
//! | the level at which CLK stands, beside `CLK_ON` | `CLK_STOP` | none: then nobody knows |
//! | I/O | `IO`, `I/O`, `DATA`, `CIO` | any |
//! | the slot's switch | `CD`, `DET`, `DETECT`, `PRESENT` | none |
//!
//! A file may be of any size: it is read in pieces, twice, since the first reading tells how finely it was sampled. It is not
//! read by the crate that writes our captures: that one keeps a comment of any length in memory and calls itself for each
//! scope within a scope, so that a file of a megabyte of `$scope module a $end` ends the program, where this one says what is
//! wrong in which line and holds 256 bytes of it.

mod error;
mod words;

use std::io::{self, BufRead};

use super::{Diagnosis, Doctor, Level, Pin, Settings};
pub use error::VcdError;
use words::{Value, Word, Words};

/// Which channel is which pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The pin.
    pub pin: Pin,
    /// The channel's name in the file.
    pub name: String,
    /// The channel is low where the pin is high.
    pub inverted: bool,
}

/// How to read a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Channels that are not called as their pins are.
    pub channels: Vec<Channel>,
    /// CLK in Hz, where the file does not show its edges.
    pub clk_hz: Option<u32>,
}

/// Names by which a channel is known without being told.
const KNOWN: [(Pin, &[&str]); 7] = [
    (Pin::Vcc, &["VCC", "VDD", "CVCC"]),
    (Pin::Rst, &["RST", "RESET", "CRST"]),
    (Pin::Clk, &["CLK", "CLOCK", "CCLK"]),
    (Pin::ClkOn, &["CLK_ON"]),
    (Pin::Io, &["IO", "I/O", "DATA", "CIO"]),
    (Pin::Detect, &["CD", "DET", "DETECT", "PRESENT"]),
    (Pin::ClkStop, &["CLK_STOP"]),
];
/// CLK of captures of scenarios, which do not say it.
const OURS_HZ: u32 = 4_000_000;
/// A file whose steps of time are longer, in ns, is not sampled as coarsely: it does not show CLK.
const COARSEST: u64 = 500;

/// Examines a file, which `open` opens from its beginning each time.
///
/// # Errors
/// It is no VCD, or a pin is missing in it.
pub fn examine<R: BufRead>(mut open: impl FnMut() -> io::Result<R>, options: &Options) -> Result<Diagnosis, VcdError> {
    let mut first = Words::new(open()?);
    let heading = Heading::read(&mut first, options)?;
    let resolution_ns = finest(&mut first, &heading)?;
    let mut words = Words::new(open()?);
    let heading = Heading::read(&mut words, options)?;
    let clk_hz = options.clk_hz.or(heading.clk_hz).unwrap_or(OURS_HZ).max(1);
    let settings = Settings { clk_hz, resolution_ns: heading.resolution_ns.unwrap_or(resolution_ns).max(1) };
    let mut patient = Patient { doctor: Doctor::new(settings), clock: heading.clock(), levels: [false; 7] };
    let (mut now, mut known) = (0, [false; 7]);
    while let Some(word) = words.next()? {
        match word {
            Word::Time(time) => now = heading.ns(time).max(now),
            Word::Change(id, value) => {
                for (pin, inverted) in heading.pins(id) {
                    let Some(level) = level(pin, value, inverted, known[pin as usize]) else { continue };
                    known[pin as usize] = true;
                    patient.see(now, pin, level);
                }
            }
        }
    }
    Ok(patient.doctor.ends(now))
}

/// What a value means at a pin; `None`: nothing.
fn level(pin: Pin, value: Value, inverted: bool, known: bool) -> Option<Level> {
    let level = |high: bool| if high != inverted { Level::High } else { Level::Low };
    match value {
        Value::Zero => Some(level(false)),
        Value::One => Some(level(true)),
        // Released: the pull-up is not in the file.
        Value::Released => (pin == Pin::Io).then_some(Level::High),
        // Our captures hide the moments of secret characters.
        Value::Unknown => (pin == Pin::Io && known).then_some(Level::Hidden),
    }
}

/// The shortest step of time at which anything changes, in ns.
fn finest<R: BufRead>(words: &mut Words<R>, heading: &Heading) -> Result<u64, VcdError> {
    let (mut before, mut now, mut least, mut changes) = (None, 0, u64::MAX, 0_u64);
    while let Some(word) = words.next()? {
        match word {
            Word::Time(time) => now = heading.ns(time),
            Word::Change(..) => {
                changes += 1;
                if before != Some(now) {
                    let step = before.map_or(u64::MAX, |before: u64| now.saturating_sub(before));
                    least = least.min(step.max(1));
                    before = Some(now);
                }
            }
        }
    }
    if changes == 0 {
        return Err(VcdError::Empty);
    }
    Ok(if least > COARSEST { heading.ns(1).clamp(1, COARSEST) } else { least })
}

/// Whether CLK is in the file, or is taken to run while there is power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

/// The doctor, and CLK where the file does not show it.
struct Patient {
    doctor: Doctor,
    clock: Shown,
    levels: [bool; 7],
}

impl Patient {
    fn see(&mut self, at: u64, pin: Pin, level: Level) {
        if self.clock == Shown::No {
            self.runs_or_stops(at, pin, level);
        }
        self.levels[pin as usize] = level != Level::Low;
        self.doctor.see(at, pin, level);
        let [vcc, _, _, on, io, ..] = self.levels;
        if self.clock == Shown::No && vcc && io && !on {
            self.turns(at, true);
        }
    }

    /// What CLK does before a pin changes.
    fn runs_or_stops(&mut self, at: u64, pin: Pin, level: Level) {
        let [vcc, rst, _, on, ..] = self.levels;
        match (pin, level) {
            (Pin::Rst, Level::High) if vcc && !on => self.turns(at, true),
            (Pin::Vcc, Level::Low) if on => self.turns(at, false),
            (Pin::Io, Level::Low) if on && !rst => self.turns(at, false),
            _ => {}
        }
    }

    fn turns(&mut self, at: u64, on: bool) {
        self.levels[Pin::ClkOn as usize] = on;
        self.doctor.see(at, Pin::ClkOn, if on { Level::High } else { Level::Low });
    }
}

/// What stands before the changes.
#[derive(Debug)]
struct Heading {
    /// ns in a unit of time, as a fraction.
    scale: (u64, u64),
    /// Identifier, pin, and whether it is inverted.
    pins: Vec<(Vec<u8>, Pin, bool)>,
    /// What a comment says of CLK, and of the times.
    clk_hz: Option<u32>,
    resolution_ns: Option<u64>,
}

/// The most channels that are remembered by their names.
const CHANNELS: usize = 1024;

impl Heading {
    fn read<R: BufRead>(words: &mut Words<R>, options: &Options) -> Result<Self, VcdError> {
        let heading = words.heading(CHANNELS)?;
        let mut pins = Vec::new();
        let have = || {
            let names: Vec<_> = heading.channels.iter().take(24).map(|(_, name)| name.as_str()).collect();
            match names.as_slice() {
                [] => "there is no channel of one bit in it".to_string(),
                names => format!("there are {}", names.join(", ")),
            }
        };
        let id = |name: &str| {
            let same = |other: &str| {
                let last = other.rsplit('.').next().unwrap_or(other);
                other.eq_ignore_ascii_case(name) || last.eq_ignore_ascii_case(name)
            };
            heading.channels.iter().find(|(_, other)| same(other)).map(|(id, _)| id.clone())
        };
        for Channel { pin, name, inverted } in &options.channels {
            let id = id(name).ok_or_else(|| VcdError::NoSuchChannel { name: name.clone(), have: have() })?;
            pins.push((id, *pin, *inverted));
        }
        for (pin, names) in KNOWN {
            let told = pins.iter().any(|(_, other, _)| *other == pin);
            if !told && let Some(id) = names.iter().find_map(|name| id(name)) {
                pins.push((id, pin, false));
            }
        }
        let has = |wanted: Pin| pins.iter().any(|(_, pin, _)| *pin == wanted);
        if has(Pin::Clk) && has(Pin::ClkOn) {
            pins.retain(|(_, pin, _)| *pin != Pin::ClkOn);
        }
        let has = |wanted: Pin| pins.iter().any(|(_, pin, _)| *pin == wanted);
        let clock = has(Pin::Clk) || has(Pin::ClkOn) || options.clk_hz.is_some();
        let missing =
            [(Pin::Vcc, has(Pin::Vcc)), (Pin::Rst, has(Pin::Rst)), (Pin::Io, has(Pin::Io)), (Pin::Clk, clock)];
        match missing.into_iter().find(|(_, has)| !has) {
            Some((pin, _)) => Err(VcdError::NoChannel { pin: pin.name(), have: have() }),
            None => {
                let clk_hz = heading.clk_hz.and_then(|hz| u32::try_from(hz).ok());
                Ok(Self { scale: heading.scale, pins, clk_hz, resolution_ns: heading.resolution_ns })
            }
        }
    }

    fn clock(&self) -> Shown {
        let shown = self.pins.iter().any(|(_, pin, _)| matches!(pin, Pin::Clk | Pin::ClkOn));
        if shown { Shown::Yes } else { Shown::No }
    }

    /// A time of the file in ns; what is beyond 584 years is 584 years.
    fn ns(&self, time: u64) -> u64 {
        let ns = u128::from(time) * u128::from(self.scale.0) / u128::from(self.scale.1.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    fn pins(&self, id: &[u8]) -> impl Iterator<Item = (Pin, bool)> {
        self.pins.iter().filter(move |(other, ..)| other == id).map(|(_, pin, inverted)| (*pin, *inverted))
    }
}

#[cfg(test)]
mod tests;
