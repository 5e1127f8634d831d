//! Boards whose wires are wrong, and cards that are: what a sound board's pins showed, bent. Time runs from 0.

use qiyong_sim::card::contact::Misbehaviour;
use qiyong_sim::doctor::{Level, Pin};
use qiyong_sim::line::Disturbance;
use qiyong_sim::referee::{By, Seen};

use super::bent::{Call, Memory};
use super::mutants::{t0, t1};
use super::pins::{Edge, edges, with_clk};
use super::rig::{STRAIGHT, Session, Setup, play_and_keep};

/// A fault: what it is, what the doctor calls it, at which pin, at about which time in ns, and the edges.
pub(crate) struct Bent {
    pub(crate) fault: &'static str,
    pub(crate) name: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) at: std::ops::RangeInclusive<u64>,
    pub(crate) edges: Vec<Edge>,
}

/// Without those of a pin.
fn without(edges: &[Edge], pin: Pin) -> Vec<Edge> {
    edges.iter().copied().filter(|(_, other, _)| *other != pin).collect()
}

fn high(mut edges: Vec<Edge>, pin: Pin) -> Vec<Edge> {
    edges.insert(0, (0, pin, Level::High));
    edges
}

fn turned(level: Level) -> Level {
    match level {
        Level::Low => Level::High,
        Level::High => Level::Low,
        Level::Hidden => Level::Hidden,
    }
}

/// When RST rises, and when VCC falls.
fn reset(edges: &[Edge]) -> u64 {
    edges.iter().find(|(_, pin, level)| (*pin, *level) == (Pin::Rst, Level::High)).expect("a reset").0
}

/// A card that does this from the terminal's so many-th character on.
fn troubled(setup: Setup, trouble: fn(&mut Memory, &Call) -> Option<Disturbance>) -> Vec<Edge> {
    edges(&play_and_keep(&Setup { session: Session::Short, trouble, ..setup }, STRAIGHT).seen)
}

/// What goes wrong when the slot first waits for a character after so many of its own and so many of the card's.
fn once(memory: &mut Memory, call: &Call, (sent, heard): (usize, usize), what: Disturbance) -> Option<Disturbance> {
    let due = matches!(call, Call::Receive(_)) && (memory.sent, memory.heard) == (sent, heard) && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(what)
}

fn misbehaves(setup: Setup, misbehaviour: Misbehaviour) -> Vec<Edge> {
    let setup = Setup { session: Session::Short, misbehaviour: Some(misbehaviour), ..setup };
    edges(&play_and_keep(&setup, STRAIGHT).seen)
}

pub(crate) fn all() -> Vec<Bent> {
    let played = play_and_keep(&Setup { session: Session::Short, ..t0() }, STRAIGHT).seen;
    let sound = edges(&played);
    // The first procedure byte, after a PPS request and a header.
    let characters = played.iter().filter_map(|(at, seen)| match seen {
        Seen::Character(character) => Some((*at, character.by)),
        _ => None,
    });
    let mut sent = 0;
    let procedure = characters.into_iter().find(|(_, by)| {
        sent += usize::from(*by == By::Terminal);
        *by == By::Card && sent == 9
    });
    let procedure = procedure.expect("a procedure byte").0 * 250;
    let rst = reset(&sound);
    let ends = sound.last().expect("edges").0;
    let bent = |fault, name, pin, at, edges| Bent { fault, name, pin, at, edges };
    let real = with_clk(&sound);
    let map = |edges: &[Edge], with: &dyn Fn(Edge) -> Edge| edges.iter().map(|edge| with(*edge)).collect::<Vec<_>>();
    let swap = |a: Pin, b: Pin| {
        move |(at, pin, level): Edge| {
            let pin = if pin == a {
                b
            } else if pin == b {
                a
            } else {
                pin
            };
            (at, pin, level)
        }
    };
    // The pull-up is missing: high while the terminal drives the line, up to 10 µs after VCC.
    let mut floats = without(&sound, Pin::Io);
    floats.extend([(2, Pin::Io, Level::High), (10_000, Pin::Io, Level::Low)]);
    floats.sort_by_key(|(at, ..)| *at);
    let answer = sound.iter().find(|(at, pin, level)| *at > rst && (*pin, *level) == (Pin::Io, Level::Low));
    let answer = answer.expect("an answer").0;
    let late = |(at, pin, level): Edge| {
        let io = pin == Pin::Io && at > answer && (pin, level) == (Pin::Io, Level::High);
        (if io { at + 35_000 } else { at }, pin, level)
    };
    let mut slow = map(&sound, &late);
    slow.sort_by_key(|(at, ..)| *at);
    // The clock stops after the second character of the answer.
    let stop = answer + 23 * 93_000;
    let mut stops = sound.clone();
    stops.retain(|(at, ..)| *at < stop);
    stops.extend([(stop, Pin::ClkOn, Level::Low), (stop + 100_000_000, Pin::Rst, Level::Low)]);
    stops.extend([(stop + 100_000_001, Pin::Io, Level::Low), (stop + 100_000_002, Pin::Vcc, Level::Low)]);
    // Noise of a microsecond.
    let mut noisy = sound.clone();
    noisy.retain(|(at, ..)| *at < answer);
    noisy.extend((0..90).map(|edge: u64| {
        let level = if edge.is_multiple_of(2) { Level::Low } else { Level::High };
        (answer + edge * 1_000 + edge * edge * 17, Pin::Io, level)
    }));
    noisy.extend([(answer + 99_000_000, Pin::Rst, Level::Low), (answer + 99_000_001, Pin::ClkOn, Level::Low)]);
    noisy.extend([(answer + 99_000_002, Pin::Io, Level::Low), (answer + 99_000_003, Pin::Vcc, Level::Low)]);
    let spread = |by: u64| map(&sound, &|(at, pin, level)| (at * by / 1000, pin, level));
    let near = |at: u64| at.saturating_sub(100_000)..=at + 1_200_000;
    vec![
        bent("VCC is not connected", "vcc-never", "VCC", 0..=0, without(&sound, Pin::Vcc)),
        bent("nothing is connected", "vcc-never", "VCC", 0..=0, vec![(0, Pin::Io, Level::Low)]),
        bent("RST is not connected", "rst-stuck-low", "RST", 0..=10, without(&sound, Pin::Rst)),
        bent("RST is tied high", "rst-stuck-high", "RST", 0..=10, high(without(&sound, Pin::Rst), Pin::Rst)),
        bent("CLK is not connected", "clk-stuck-low", "CLK", near(rst), without(&real, Pin::Clk)),
        bent("CLK is tied high", "clk-stuck-high", "CLK", near(rst), high(without(&real, Pin::Clk), Pin::Clk)),
        bent("RST and CLK are exchanged", "rst-clk-swapped", "RST", 0..=100_000, map(&real, &swap(Pin::Rst, Pin::Clk))),
        bent("RST and CLK are exchanged, CLK seen as on and off", "rst-clk-swapped", "RST", 0..=100_000, {
            map(&sound, &swap(Pin::Rst, Pin::ClkOn))
        }),
        bent("I/O is short to ground", "io-stuck-low", "I/O", 0..=10, without(&sound, Pin::Io)),
        bent("I/O is not connected, and pulled up", "io-stuck-high", "I/O", near(rst), {
            high(without(&sound, Pin::Io), Pin::Io)
        }),
        bent("I/O has no pull-up", "io-no-pull-up", "I/O", 10_000..=10_000, floats),
        bent("I/O is turned over", "io-inverted", "I/O", near(answer), {
            map(&sound, &|(at, pin, level)| (at, pin, if pin == Pin::Io { turned(level) } else { level }))
        }),
        bent("I/O's pull-up is weak: 35 µs", "io-rises-slowly", "I/O", near(answer), slow),
        bent("I/O rings", "io-garbled", "I/O", near(answer), noisy),
        bent("no card", "mute", "I/O", rst..=30_000_000, misbehaves(t0(), Misbehaviour::Mute)),
        bent("the card detect is turned over", "detect-inverted", "CD", 0..=10, {
            map(&sound, &|(at, pin, level)| (at, pin, if pin == Pin::Detect { Level::Low } else { level }))
        }),
        bent(
            "CLK of 6 MHz",
            "reset-clock",
            "CLK",
            0..=100_000,
            with_clk(&spread(1000)).into_iter().map(fast).collect(),
        ),
        bent("CLK of 0.5 MHz", "reset-clock", "CLK", 0..=1_000_000, {
            with_clk(&sound).into_iter().map(|(at, pin, level)| (at * 8, pin, level)).collect()
        }),
        bent("CLK stops within the answer to reset", "clk-in-atr", "CLK", near(stop), stops),
        bent("CLK is stopped high in the deactivation", "clk-low", "CLK", ends - 200_000..=ends, {
            let mut edges = real.clone();
            let last = edges.iter().rposition(|(_, pin, _)| *pin == Pin::Clk).expect("CLK");
            edges.remove(last);
            edges
        }),
        bent("the answer to reset comes after 44,000 cycles", "atr-too-late", "I/O", near(answer + 10_900_000), {
            map(&sound, &|(at, pin, level)| (if at >= answer { at + 10_900_000 } else { at }, pin, level))
        }),
        bent("the answer to reset comes at once", "atr-early", "RST", near(answer), {
            map(&sound, &|(at, pin, level)| (if at >= answer { at - 90_000 } else { at }, pin, level))
        }),
        bent("a character of the answer is lost for good", "atr-cut", "I/O", 0..=u64::MAX, {
            troubled(t0(), |memory, call| once(memory, call, (0, 2), Disturbance::Silence))
        }),
        bent("rubbish instead of an answer", "ts-unknown", "I/O", near(answer), {
            misbehaves(t0(), Misbehaviour::RubbishAtr)
        }),
        bent("the card falls silent in T=0", "card-silent", "I/O", 0..=u64::MAX, {
            troubled(t0(), |memory, call| once(memory, call, (9, 7), Disturbance::Silence))
        }),
        bent("the card answers a fifth after WT", "card-late", "I/O", 0..=u64::MAX, {
            map(&sound, &|(at, pin, level)| (if at >= procedure { at + 1_351_680_000 } else { at }, pin, level))
        }),
        bent("the card's numbers are wrong in T=1", "block-number", "I/O", 0..=u64::MAX, {
            misbehaves(t1(32), Misbehaviour::WrongNumbers)
        }),
        bent("a character of the card is damaged in T=1", "block-edc", "I/O", 0..=u64::MAX, {
            troubled(t1(32), |memory, call| match call {
                Call::Receive(_) if memory.sent > 4 && memory.troubles < 12 => {
                    memory.troubles += 1;
                    (memory.troubles == 12).then_some(Disturbance::Flip(0b11))
                }
                _ => None,
            })
        }),
    ]
}

/// One edge of a session at 6 MHz.
fn fast((at, pin, level): Edge) -> Edge {
    (at * 2 / 3, pin, level)
}
