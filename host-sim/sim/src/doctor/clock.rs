//! CLK from its edges: when it runs, how fast, when it stops. What happens at other pins waits for so long as it takes to know
//! whether CLK has stopped before, and goes on in the right order.

use std::collections::VecDeque;

use super::pins::{Level, Pin, Settings};
use crate::referee::Clk;

/// What happens, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Vcc(bool),
    Rst(bool),
    Clk(Clk),
    Io(Level),
}

/// Edges that are further apart are changes of level, in ns: CLK of 5 kHz is none.
const SLOWEST: u64 = 200_000;
/// Rising edges after which CLK runs.
const RISES: u64 = 4;
/// Rising edges between two measurements.
const MEASURED: u64 = 256;
/// Periods without an edge after which CLK has stopped.
const MISSED: u64 = 8;
/// The most that waits.
const ROOM: usize = 512;

#[derive(Clone, Copy, Debug)]
enum State {
    /// It stands, and perhaps has begun to run: since when, how many rising edges there were, the last one.
    Stands(Option<(u64, u64, u64)>),
    /// It runs: the period in ns, the last rising edge, where the measurement began and its edges, the frequency told.
    Runs { period: u64, last: u64, from: u64, rises: u64, told: u32 },
}

/// What is told, and to whom.
pub(super) type Tell<'a> = &'a mut dyn FnMut(u64, Event);

/// Follows CLK.
#[derive(Debug)]
pub(super) struct Clockwork {
    settings: Settings,
    state: State,
    high: bool,
    /// CLK is told as running or not: it runs, and it stands high.
    on: bool,
    stands_high: bool,
    /// The last edge of CLK.
    edge: u64,
    now: u64,
    waiting: VecDeque<(u64, Event)>,
}

impl Clockwork {
    pub(super) const fn new(settings: Settings) -> Self {
        let (high, on, stands_high) = (false, false, false);
        Self { settings, state: State::Stands(None), high, on, stands_high, edge: 0, now: 0, waiting: VecDeque::new() }
    }

    pub(super) fn see(&mut self, at: u64, pin: Pin, level: Level, tell: Tell<'_>) {
        let at = at.max(self.now);
        self.now = at;
        let high = level != Level::Low;
        self.look(at, tell);
        let event = match pin {
            Pin::Clk => return self.edge(at, high, tell),
            Pin::ClkOn | Pin::ClkStop => {
                if pin == Pin::ClkOn {
                    self.on = high;
                } else {
                    self.stands_high = high;
                }
                Event::Clk(match (self.on, self.stands_high) {
                    (true, _) => Clk::Runs(self.settings.clk_hz),
                    (false, true) => Clk::High,
                    (false, false) => Clk::Low,
                })
            }
            Pin::Vcc => Event::Vcc(high),
            Pin::Rst => Event::Rst(high),
            Pin::Io => Event::Io(level),
            Pin::Detect => return,
        };
        match self.state {
            State::Stands(None) => tell(at, event),
            _ => {
                self.waiting.push_back((at, event));
                if self.waiting.len() > ROOM {
                    self.flush(u64::MAX, tell);
                }
            }
        }
    }

    /// Nothing follows.
    pub(super) fn ends(&mut self, at: u64, tell: Tell<'_>) {
        self.look(at.max(self.now), tell);
        self.flush(u64::MAX, tell);
    }

    /// Whether CLK has stopped by `at`.
    fn look(&mut self, at: u64, tell: Tell<'_>) {
        match self.state {
            State::Stands(Some((since, _, last))) if at.saturating_sub(last) > SLOWEST => {
                // A change of level.
                self.state = State::Stands(None);
                self.flush(since, tell);
                tell(since, Event::Clk(self.level()));
                self.flush(u64::MAX, tell);
            }
            State::Runs { period, last, .. }
                if at.saturating_sub(last) > MISSED * period + self.settings.resolution_ns =>
            {
                self.state = State::Stands(None);
                // Nobody can say when within half a period it stopped: the order of a deactivation is taken to be right.
                let until = self.edge + period / 2 + self.settings.resolution_ns;
                let rst = self.waiting.iter().rev().find(|(at, event)| *event == Event::Rst(false) && *at <= until);
                let stopped = rst.map_or(self.edge, |(at, _)| self.edge.max(*at));
                self.flush(stopped, tell);
                tell(stopped, Event::Clk(self.level()));
                self.flush(u64::MAX, tell);
            }
            _ => {}
        }
    }

    const fn level(&self) -> Clk {
        if self.high { Clk::High } else { Clk::Low }
    }

    /// Tells what waits, up to `until` and including it.
    fn flush(&mut self, until: u64, tell: Tell<'_>) {
        while let Some((at, event)) = self.waiting.front().copied().filter(|(at, _)| *at <= until) {
            self.waiting.pop_front();
            tell(at, event);
        }
    }

    fn edge(&mut self, at: u64, high: bool, tell: Tell<'_>) {
        if high == self.high {
            return;
        }
        (self.high, self.edge) = (high, at);
        match &mut self.state {
            State::Stands(None) if high => self.state = State::Stands(Some((at, 1, at))),
            // It was stopped high, and falls.
            State::Stands(None) => tell(at, Event::Clk(Clk::Low)),
            _ if !high => {}
            State::Stands(Some((since, rises, last))) => {
                (*rises, *last) = (*rises + 1, at);
                let (since, rises) = (*since, *rises);
                if rises >= RISES {
                    let period = ((at - since) / (rises - 1)).max(1);
                    let told = frequency(rises - 1, at - since);
                    self.state = State::Runs { period, last: at, from: at, rises: 0, told };
                    self.flush(since.saturating_sub(1), tell);
                    tell(since, Event::Clk(Clk::Runs(told)));
                    self.flush(u64::MAX, tell);
                }
            }
            State::Runs { period, last, from, rises, told } => {
                (*rises, *last) = (*rises + 1, at);
                let mut new = None;
                if *rises >= MEASURED {
                    let hz = frequency(*rises, at - *from);
                    if hz.abs_diff(*told) > *told / 500 {
                        new = Some(hz);
                        *told = hz;
                    }
                    *period = ((at - *from) / *rises).max(1);
                    (*from, *rises) = (at, 0);
                }
                self.flush(at, tell);
                if let Some(hz) = new {
                    tell(at, Event::Clk(Clk::Runs(hz)));
                }
            }
        }
    }
}

/// So many periods in so many ns, in Hz.
fn frequency(periods: u64, ns: u64) -> u32 {
    u32::try_from(u128::from(periods) * 1_000_000_000 / u128::from(ns.max(1))).unwrap_or(u32::MAX)
}
