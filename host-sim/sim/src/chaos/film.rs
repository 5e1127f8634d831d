//! What happened in a world, a line an event, and the hash of these lines: two runs of one plan have the same.
//!
//! Secrets are masked before anything comes here; the auditor reads the lines to see whether that is so.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use super::plan::Step;
use crate::time::CLOCK_HZ;
use crate::world::event::{Apdu, Event};

/// The lines so far.
#[derive(Default)]
pub struct Film {
    hash: Sha256,
    lines: Vec<String>,
    keeps: bool,
    /// What has been written since [`Film::begin`].
    recent: String,
}

impl Film {
    /// A film that keeps its lines, or only their hash.
    pub fn new(keeps: bool) -> Self {
        Self { keeps, ..Self::default() }
    }

    /// A step begins.
    pub fn begin(&mut self) {
        self.recent.clear();
    }

    /// What has been written in this step.
    pub fn recent(&self) -> &str {
        &self.recent
    }

    /// Adds a line at this cycle. Its time is in seconds of the world, to the microsecond.
    pub fn line(&mut self, cycle: u64, text: fmt::Arguments<'_>) {
        let micros = u128::from(cycle) * 1_000_000 / u128::from(CLOCK_HZ);
        // A world has fewer seconds than a u64 holds.
        let (seconds, micros) = ((micros / 1_000_000) as u64, (micros % 1_000_000) as u32);
        let from = self.recent.len();
        let _ = writeln!(self.recent, "{seconds:>8}.{micros:06}  {text}");
        let line = self.recent.get(from..).unwrap_or_default();
        self.hash.update(line);
        if self.keeps {
            self.lines.push(line.trim_end().to_string());
        }
    }

    /// The first line of a step.
    pub fn step(&mut self, cycle: u64, step: &Step) {
        let Step { id, terminal, card, asks, fen, trouble, .. } = step;
        let mut text = format!("step {id}: card {card} at terminal {terminal}: {asks:?}, {fen} fen");
        for trouble in trouble {
            let _ = write!(text, "; {trouble:?}");
        }
        self.line(cycle, format_args!("{text}"));
    }

    /// An event of a world.
    pub fn event(&mut self, cycle: u64, event: &Event) {
        match event {
            Event::Screen(text) => {
                let english = text.english.replace('\n', " ");
                self.line(cycle, format_args!("screen: {english} {}", text.detail));
            }
            Event::Keyed(which) => self.line(cycle, format_args!("keyed: {which:?} PIN ***")),
            Event::NotKeyed(why) => self.line(cycle, format_args!("not keyed: {why}")),
            Event::Atr(bytes) => self.line(cycle, format_args!("card: ATR of {} bytes", bytes.len())),
            Event::Apdu(apdu) => {
                let [cla, ins, p1, p2] = apdu.header;
                let Apdu { name, data, response, sw, .. } = apdu.as_ref();
                let header = format_args!("{cla:02X}{ins:02X}{p1:02X}{p2:02X}");
                self.line(cycle, format_args!("card: {header} {name} [{data}] -> [{response}] {sw}"));
            }
            Event::SlotFailed(error) => self.line(cycle, format_args!("card: {error}")),
            Event::Message { asked, answered, .. } => self.line(cycle, format_args!("centre: {asked} -> {answered}")),
            Event::Line(..) | Event::Frame(_) => {}
            Event::Finding(finding) => self.line(cycle, format_args!("referee: {}", finding.rule.name())),
        }
    }

    /// The hash of all lines (SHA-256), and the lines, if they were kept.
    pub fn end(self) -> ([u8; 32], Vec<String>) {
        (self.hash.finalize().into(), self.lines)
    }
}
