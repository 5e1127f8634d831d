//! What a line showed, as the edges of its pins: what a logic analyser would have seen.

use qiyong_sim::doctor::{Diagnosis, Doctor, Level, Pin, Settings};
use qiyong_sim::referee::{Clk, Seen};

/// An edge: ns, pin, level.
pub(crate) type Edge = (u64, Pin, Level);

/// ns in a tick of the line's time.
const TICK: u64 = 250;
/// Between changes in the same tick, in ns: their order must show.
const APART: u64 = 1;

/// The edges of what was seen, with CLK as a pin that is high while it runs.
pub(crate) fn edges(seen: &[(u64, Seen)]) -> Vec<Edge> {
    let mut seen = seen.to_vec();
    // A character is shown when it is over, with the time of its beginning.
    seen.sort_by_key(|(at, _)| *at);
    let resets: Vec<u64> = seen.iter().filter(|(_, seen)| *seen == Seen::Rst(false)).map(|(at, _)| at * TICK).collect();
    let (mut edges, mut hz, mut free) = (Vec::new(), 4_000_000, 0);
    for (tick, seen) in seen {
        let at = (tick * TICK).max(free);
        let contact = match seen {
            Seen::Vcc(mv) => (Pin::Vcc, mv > 0),
            Seen::Powered => (Pin::Vcc, true),
            Seen::Rst(high) => (Pin::Rst, high),
            Seen::Io(released) => (Pin::Io, released),
            Seen::Clk(clk) => {
                if let Clk::Runs(now) = clk {
                    hz = now;
                }
                (Pin::ClkOn, matches!(clk, Clk::Runs(_)))
            }
            Seen::Card(touches) => (Pin::Detect, touches),
            Seen::Collapse => continue,
            Seen::Character(character) | Seen::Hidden(character) => {
                let tenths = |tenths: u64| {
                    let cycles = u128::from(tenths) * u128::from(character.rate.f) * 1_000_000_000;
                    let per = 10 * u128::from(character.rate.d) * u128::from(hz);
                    tick * TICK + u64::try_from(cycles / per).expect("a time")
                };
                let first = edges.len();
                edges.push((tenths(0), Pin::Io, Level::Low));
                for moment in 0..9 {
                    let high = character.moments >> moment & 1 == 1;
                    edges.push((tenths(10 + 10 * moment), Pin::Io, if high { Level::High } else { Level::Low }));
                }
                edges.push((tenths(100), Pin::Io, Level::High));
                if let Some(signal) = character.signal {
                    edges.push((tenths(signal.from.into()), Pin::Io, Level::Low));
                    edges.push((tenths(signal.to.into()), Pin::Io, Level::High));
                }
                // A reset cuts it short.
                let reset = resets.iter().find(|reset| **reset > tenths(0)).copied().unwrap_or(u64::MAX);
                let end = tenths(character.signal.map_or(100, |signal| signal.to.into()));
                if end > reset {
                    edges.retain({
                        let mut number = 0;
                        move |(at, ..)| {
                            number += 1;
                            number <= first || *at < reset
                        }
                    });
                    edges.push((reset, Pin::Io, Level::High));
                }
                continue;
            }
        };
        edges.push((at, contact.0, if contact.1 { Level::High } else { Level::Low }));
        free = at + APART;
    }
    edges.sort_by_key(|(at, ..)| *at);
    edges.dedup_by(|second, first| (second.1, second.2) == (first.1, first.2));
    edges
}

/// The same with CLK's own edges, at 4 MHz.
pub(crate) fn with_clk(edges: &[Edge]) -> Vec<Edge> {
    let (mut all, mut since) = (Vec::new(), None);
    for (at, pin, level) in edges {
        if *pin != Pin::ClkOn {
            all.push((*at, *pin, *level));
            continue;
        }
        if let Some(from) = since.take() {
            let periods = (at - from) / TICK;
            all.extend((0..periods).flat_map(|period| {
                let rise = from + period * TICK;
                [(rise, Pin::Clk, Level::High), (rise + TICK / 2, Pin::Clk, Level::Low)]
            }));
        }
        since = (*level == Level::High).then_some(*at);
    }
    all.sort_by_key(|(at, ..)| *at);
    all
}

/// What the doctor says to edges, sampled every `resolution_ns`.
pub(crate) fn examined(edges: &[Edge], resolution_ns: u64, clk_hz: u32) -> Diagnosis {
    let mut doctor = Doctor::new(Settings { clk_hz, resolution_ns });
    for (at, pin, level) in edges {
        doctor.see(at / resolution_ns * resolution_ns, *pin, *level);
    }
    doctor.ends(edges.last().map_or(0, |(at, ..)| at + 1_000_000))
}
