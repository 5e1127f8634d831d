//! Characters on I/O (ISO/IEC 7816-3 clause 7.2), and the length of their moments where it is not the one that is due.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::pins::Level;
use crate::referee::{Rate, Signal};

/// What is due: how to hear the next character.
#[derive(Clone, Debug)]
pub(super) struct Due {
    /// CLK in Hz.
    pub(super) hz: u32,
    /// The length of moments in force, and others that a party may use by mistake.
    pub(super) rate: Rate,
    pub(super) others: Vec<Rate>,
    /// Wrong parity is not signalled.
    pub(super) t1: bool,
    /// The inverse convention; `None` before TS, whose parity is not looked at.
    pub(super) inverse: Option<bool>,
    /// By how many ns an edge may be wrong.
    pub(super) resolution: u64,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// A character.
    Character(Spoken),
    /// Edges that are no character at any rate, from this time on.
    Garbled(u64),
}

/// A character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spoken {
    /// Its leading edge, in ns.
    pub(super) start: u64,
    /// Its nine moments; bit 0 is the first, a one is state H.
    pub(super) moments: u16,
    /// The moments are not shown.
    pub(super) hidden: bool,
    pub(super) rate: Rate,
    pub(super) signal: Option<Signal>,
    /// Rising edges come late by this part of an etu, in hundredths, while falling edges are right.
    pub(super) rises_late: u8,
}

/// The most edges that wait: a character has ten at most.
const ROOM: usize = 256;
/// How far an edge may be from its place, in etu: 0.2 by the standard (clause 7.2), and something for who measures.
const TOLERANCE: f64 = 0.26;
/// When everything that belongs to a character is over, in etu after its leading edge.
const OVER: f64 = 12.8;

/// Hears characters.
#[derive(Debug)]
pub(super) struct Ear {
    edges: VecDeque<(u64, Level)>,
    level: Level,
}

impl Ear {
    pub(super) const fn new() -> Self {
        Self { edges: VecDeque::new(), level: Level::High }
    }

    /// Begins anew with the line at this level.
    pub(super) fn begins(&mut self, level: Level) {
        self.edges.clear();
        self.level = level;
    }

    /// The level of I/O changes.
    pub(super) fn edge(&mut self, at: u64, level: Level) {
        if level == self.level {
            return;
        }
        self.level = level;
        // What has not begun with a fall is no character.
        if !self.edges.is_empty() || level == Level::Low {
            self.edges.push_back((at, level));
        }
    }

    /// Since when the line is low without an edge, and has been heard as nothing.
    pub(super) fn held_low(&self) -> Option<u64> {
        match self.edges.back() {
            Some((at, Level::Low)) => Some(*at),
            _ => None,
        }
    }

    /// The next character by `now`. `last`: nothing belongs to it that has not been seen.
    pub(super) fn next(&mut self, now: u64, last: bool, due: &Due) -> Option<Heard> {
        let (start, _) = *self.edges.front()?;
        let since = (now.saturating_sub(start)) as f64;
        let etu = ns(due.rate, due.hz);
        let full = self.edges.len() >= ROOM;
        if since < etu * if last { 10.3 } else { OVER } && !full {
            return None;
        }
        if let Some(spoken) = self.take(start, due.rate, due, 0.0) {
            return Some(Heard::Character(spoken));
        }
        let longest = due.others.iter().map(|rate| ns(*rate, due.hz)).fold(etu, f64::max);
        if since < longest * if last { 10.3 } else { OVER } && !full {
            return None;
        }
        // Of a rate that nobody has named the first low moments tell at most how long a character is.
        let low = self.edges.iter().find(|(_, level)| *level != Level::Low).map_or(0.0, |(at, _)| (at - start) as f64);
        if since < low * OVER && !last && !full {
            return None;
        }
        let others = due.others.iter().find_map(|rate| self.take(start, *rate, due, 0.0));
        let heard = others.or_else(|| self.measured(start, due, 1..=1)).or_else(|| self.slow(start, due));
        let heard = heard.or_else(|| self.measured(start, due, 2..=9));
        Some(heard.map_or_else(|| self.garbled(start, etu), Heard::Character))
    }

    /// Edges that are no character: up to a pause of a character's length.
    fn garbled(&mut self, start: u64, etu: f64) -> Heard {
        let mut before = start;
        while let Some((at, level)) = self.edges.front().copied() {
            let pause = (at - before) as f64 > OVER * etu;
            if pause && level == Level::Low && before != start {
                break;
            }
            before = at;
            self.edges.pop_front();
        }
        Heard::Garbled(start)
    }

    /// A character whose rising edges come late.
    fn slow(&mut self, start: u64, due: &Due) -> Option<Spoken> {
        let etu = ns(due.rate, due.hz);
        let first = self.edges.iter().find(|(_, level)| *level != Level::Low)?.0;
        let late = ((first - start) as f64 / etu).fract();
        if !(0.2..0.95).contains(&late) {
            return None;
        }
        let spoken = self.take(start, due.rate, due, late)?;
        Some(Spoken { rises_late: (late * 100.0) as u8, ..spoken })
    }

    /// A character at whatever rate fits: the first rising edge stands after so many moments.
    fn measured(&mut self, start: u64, due: &Due, mut moments: RangeInclusive<u8>) -> Option<Spoken> {
        let first = self.edges.iter().find(|(_, level)| *level != Level::Low)?.0;
        let low = (first - start) as f64 * f64::from(due.hz) / 1e9;
        moments.find_map(|moments| {
            let cycles = (low / f64::from(moments)).round();
            let rate = (8.0..=4096.0).contains(&cycles).then_some(Rate { f: cycles as u16, d: 1 })?;
            self.take(start, rate, due, 0.0)
        })
    }

    /// Takes the character that begins at `start`, if the edges are one of this rate, its rising edges late by part of an etu.
    fn take(&mut self, start: u64, rate: Rate, due: &Due, late: f64) -> Option<Spoken> {
        let etu = ns(rate, due.hz);
        let tolerance = TOLERANCE + due.resolution as f64 / etu;
        let (mut moments, mut hidden, mut level, mut from, mut used) = (0_u16, false, Level::Low, 0_u32, 0);
        for (at, next) in self.edges.iter().skip(1) {
            let offset = (*at - start) as f64 / etu - if *next == Level::High { late } else { 0.0 };
            if offset > 10.0 + tolerance {
                break;
            }
            let place = offset.round();
            if (offset - place).abs() > tolerance || place < 1.0 {
                return None;
            }
            let place = place as u32;
            fill(&mut moments, level, from, place);
            hidden |= level == Level::Hidden;
            (level, from, used) = (*next, place, used + 1);
        }
        // After the parity moment the line is in state H.
        if level != Level::High || (from > 10) {
            return None;
        }
        fill(&mut moments, level, from, 10);
        let signal = self.signal(start, etu, used + 1, moments, due);
        let used = used + 1 + if signal.is_some() { 2 } else { 0 };
        self.edges.drain(..used.min(self.edges.len()));
        self.edges.front().filter(|(_, level)| *level != Level::Low).is_some().then(|| self.edges.pop_front());
        Some(Spoken { start, moments, hidden, rate, signal, rises_late: 0 })
    }

    /// The error signal after a character (clause 7.3).
    fn signal(&self, start: u64, etu: f64, next: usize, moments: u16, due: &Due) -> Option<Signal> {
        let tenths = |at: u64| ((at - start) as f64 * 10.0 / etu).round() as u16;
        let (from, level) = *self.edges.get(next)?;
        let (to, _) = *self.edges.get(next + 1)?;
        let (from, to) = (tenths(from), tenths(to));
        let wrong = moments.count_ones().is_multiple_of(2) == due.inverse.unwrap_or(false);
        let may_be = match from {
            ..=107 => true,
            108..=118 => wrong && !due.t1,
            _ => false,
        };
        (level == Level::Low && may_be && to - from < 28).then_some(Signal { from, to })
    }
}

/// Sets the moments from `from` to `to` to a level; the start moment is number 0 and none of them.
fn fill(moments: &mut u16, level: Level, from: u32, to: u32) {
    if level == Level::High {
        for moment in from.max(1)..to.min(10) {
            *moments |= 1 << (moment - 1);
        }
    }
}

/// The length of an etu in ns.
pub(super) fn ns(rate: Rate, hz: u32) -> f64 {
    f64::from(rate.f) * 1e9 / (f64::from(rate.d.max(1)) * f64::from(hz.max(1)))
}
