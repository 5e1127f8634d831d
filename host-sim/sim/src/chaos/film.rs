//! What happened in a world, a line an event, and the hash of these lines: two runs of one plan have the same.
//!
//! Secrets are masked before anything comes here; the auditor reads the lines to see whether that is so.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::plan::Step;
use crate::time::CLOCK_HZ;
use crate::world::event::Event;

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
    pub fn line(&mut self, cycle: u64, text: &str) {
        let micros = u128::from(cycle) * 1_000_000 / u128::from(CLOCK_HZ);
        let from = self.recent.len();
        let _ = writeln!(self.recent, "{:>8}.{:06}  {text}", micros / 1_000_000, micros % 1_000_000);
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
        self.line(cycle, &text);
    }

    /// An event of a world.
    pub fn event(&mut self, cycle: u64, event: &Event) {
        let text = match event {
            Event::Screen(text) => format!("screen: {} {}", text.english.replace('\n', " "), text.detail),
            Event::Keyed(which) => format!("keyed: {which:?} PIN ***"),
            Event::NotKeyed(why) => format!("not keyed: {why}"),
            Event::Atr(bytes) => format!("card: ATR of {} bytes", bytes.len()),
            Event::Apdu(apdu) => {
                let [cla, ins, p1, p2] = apdu.header;
                let header = format!("{cla:02X}{ins:02X}{p1:02X}{p2:02X}");
                format!("card: {header} {} [{}] -> [{}] {}", apdu.name, apdu.data, apdu.response, apdu.sw)
            }
            Event::SlotFailed(error) => format!("card: {error}"),
            Event::Message { asked, answered } => format!("centre: {asked} -> {answered}"),
            Event::Line(..) => return,
            Event::Finding(finding) => format!("referee: {}", finding.rule.name()),
        };
        self.line(cycle, &text);
    }

    /// The hash of all lines (SHA-256), and the lines, if they were kept.
    pub fn end(self) -> ([u8; 32], Vec<String>) {
        (self.hash.finalize().into(), self.lines)
    }
}
