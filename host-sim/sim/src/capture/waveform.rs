//! The card line as VCD (IEEE 1364-2005 clause 18): four signals and a marker, in ns since the beginning of the run.
//!
//! | Signal | 1 | 0 | x |
//! |---|---|---|---|
//! | `VCC` | there is supply voltage, of any class | there is none | |
//! | `RST` | high | low | |
//! | `CLK_ON` | CLK runs, at 4 MHz | CLK is stopped, low | |
//! | `IO` | state H | state L | data and parity moments of a secret character |
//! | `FINDING` | an event: the referee convicts the terminal; a comment names the rule | | |
//!
//! A character is what the contact shows (ISO/IEC 7816-3 clause 7.2): a start moment in state L, eight data moments and
//! a parity moment in the convention that TS announced, each Fi/Di cycles long, then state H. The terminals of a
//! scenario share one set of signals, because they serve one after the other and each leaves its slot without power. If
//! the receiver signals an error, `IO` goes to state L again, from 10.5 to 11.5 etu after the leading edge (clause
//! 7.3).
//!
//! **Times** are those that the world wrote down. Only changes of contacts in the same cycle are moved 1 ns apart, so
//! that a viewer shows their order.

use std::io::{Result, Write};

use qiyong_firmware::slot::Clock;
use vcd::{IdCode, SimulationCommand, TimescaleUnit, Value, VarType, Writer};

use crate::line::{Character, LineEvent};
use crate::mask::Masker;
use crate::referee::Finding;
use crate::time::CLOCK_HZ;
use crate::world::event::Event;

const NS_PER_SECOND: u128 = 1_000_000_000;
/// Start moment, eight data moments, parity moment.
const MOMENTS: u64 = 10;
/// The least etu from a character's leading edge to the next one in any protocol: T=1 with N = 255 (clause 11.2).
const GUARD_TIME: u64 = 11;
/// Etu from a character to its repetition after an error signal.
const REPETITION: u64 = 13;

/// The capture of all line events among `events`.
pub(super) fn capture<'a>(events: impl Iterator<Item = &'a (u64, Event)>) -> Result<Vec<u8>> {
    let mut waveform = Waveform::new(Vec::new())?;
    for (cycle, event) in events {
        match event {
            Event::Line(rate, event) => waveform.note(*cycle, *rate, *event)?,
            Event::Finding(finding) => waveform.mark(*finding)?,
            _ => {}
        }
    }
    waveform.finish()
}

/// A signal and its present level.
struct Signal {
    id: IdCode,
    level: Value,
}

/// Writes signals as the events on the line arrive.
struct Waveform<W: Write> {
    out: Writer<W>,
    vcc: Signal,
    rst: Signal,
    clk: Signal,
    io: Signal,
    finding: IdCode,
    /// The time written last, in ns.
    now: u64,
    /// Nothing may happen before this time, in ns: the last change, or the end of the last character.
    free_at: u64,
    masker: Masker,
}

impl<W: Write> Waveform<W> {
    /// Writes the heading, and every signal at 0: there is no power yet.
    fn new(out: W) -> Result<Self> {
        let mut out = Writer::new(out);
        out.version("qiyong scenario run --capture")?;
        out.timescale(1, TimescaleUnit::NS)?;
        out.add_module("card_line")?;
        let [vcc, rst, clk, io] =
            ["VCC", "RST", "CLK_ON", "IO"].map(|name| out.add_wire(1, name).map(|id| Signal { id, level: Value::V0 }));
        let [vcc, rst, clk, io] = [vcc?, rst?, clk?, io?];
        let finding = out.add_var(VarType::Event, 1, "FINDING", None)?;
        out.upscope()?;
        out.enddefinitions()?;
        out.timestamp(0)?;
        out.begin(SimulationCommand::Dumpvars)?;
        for signal in [&vcc, &rst, &clk, &io] {
            out.change_scalar(signal.id, signal.level)?;
        }
        out.end()?;
        Ok(Self { out, vcc, rst, clk, io, finding, now: 0, free_at: 1, masker: Masker::default() })
    }

    fn note(&mut self, cycle: u64, rate: (u16, u8), event: LineEvent) -> Result<()> {
        match event {
            LineEvent::Vcc(class) => self.contact(cycle, |line| &mut line.vcc, class.is_some()),
            LineEvent::Rst(high) => {
                self.masker = Masker::default();
                self.contact(cycle, |line| &mut line.rst, high)
            }
            LineEvent::Clk(clock) => self.contact(cycle, |line| &mut line.clk, clock == Clock::Running),
            LineEvent::Io(released) => self.contact(cycle, |line| &mut line.io, released),
            LineEvent::ToCard(character) => {
                let secret = self.masker.sent_to_card(character);
                self.character(cycle, rate, character, secret)
            }
            LineEvent::FromCard(character) => {
                let secret = self.masker.sent_by_card(character);
                self.character(cycle, rate, character, secret)
            }
            LineEvent::Silence(_) => Ok(()),
        }
    }

    /// When the capture shows what the world wrote down for `cycle`, in ns.
    fn time(&self, cycle: u64) -> u64 {
        nanoseconds(cycle, 0, (1, 1)).max(self.free_at)
    }

    /// Marks what the referee has found, at the next time at which anything may happen.
    fn mark(&mut self, finding: Finding) -> Result<()> {
        self.at(self.time(finding.at))?;
        self.out.change_scalar(self.finding, Value::V1)?;
        self.out.comment(&format!("{}, clause {}: {}", finding.rule.name(), finding.rule.clause(), finding.rule.says()))
    }

    /// Changes a contact, if its level is another one.
    fn contact(&mut self, cycle: u64, signal: impl Fn(&mut Self) -> &mut Signal, on: bool) -> Result<()> {
        let level = Value::from(on);
        if signal(self).level != level {
            let time = self.time(cycle);
            self.change(time, signal, level)?;
            self.free_at = time + 1;
        }
        Ok(())
    }

    fn character(&mut self, cycle: u64, rate: (u16, u8), character: Character, secret: bool) -> Result<()> {
        let start = self.time(cycle);
        let (fi, di) = rate;
        let moment = |number: u64| start + nanoseconds(0, number, rate);
        let half = |number: u64| start + nanoseconds(0, number, (fi, di.saturating_mul(2)));
        self.change(start, |line| &mut line.io, Value::V0)?;
        for number in 1..MOMENTS {
            let high = character.frame.moments() >> (number - 1) & 1 == 1;
            let level = if secret { Value::X } else { Value::from(high) };
            self.change(moment(number), |line| &mut line.io, level)?;
        }
        self.change(moment(MOMENTS), |line| &mut line.io, Value::V1)?;
        if character.signalled {
            self.change(half(2 * MOMENTS + 1), |line| &mut line.io, Value::V0)?;
            self.change(half(2 * MOMENTS + 3), |line| &mut line.io, Value::V1)?;
        }
        self.free_at = if character.signalled { moment(REPETITION) } else { moment(GUARD_TIME) };
        Ok(())
    }

    /// Writes a change of level, if the level is another one.
    fn change(&mut self, time: u64, signal: impl Fn(&mut Self) -> &mut Signal, level: Value) -> Result<()> {
        let signal = signal(self);
        if signal.level == level {
            return Ok(());
        }
        signal.level = level;
        let id = signal.id;
        self.at(time)?;
        self.out.change_scalar(id, level)
    }

    /// What follows happens at `time`.
    fn at(&mut self, time: u64) -> Result<()> {
        if time > self.now {
            self.out.timestamp(time)?;
            self.now = time;
        }
        Ok(())
    }

    /// Ends the capture after the last character or change.
    fn finish(mut self) -> Result<W>
    where
        W: Default,
    {
        self.out.timestamp(self.free_at.max(self.now))?;
        Ok(std::mem::take(self.out.writer()))
    }
}

/// The time that is `etu` etu of Fi/Di cycles after `cycle`, in whole ns, rounded down.
fn nanoseconds(cycle: u64, etu: u64, (fi, di): (u16, u8)) -> u64 {
    let (fi, di) = (u128::from(fi), u128::from(di));
    let ns = (u128::from(cycle) * di + u128::from(etu) * fi) * NS_PER_SECOND / (u128::from(CLOCK_HZ) * di);
    // 64 bits of ns are 584 years.
    u64::try_from(ns).unwrap_or(u64::MAX)
}
