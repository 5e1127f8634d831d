//! Characters out of a pin and a count: at every rate that is claimed, damaged, on an MCU that is too slow, and beside another task.

use qiyong_firmware::adapters::TooSlow;
use qiyong_sim::pins::Costs;

use super::rig::{COSTS, INVERSE, Outcome, Setup, T0, T1, play};

/// The most by which an edge may be off, in thousandths of an etu (clause 7.1).
pub(crate) const EDGE_MAX: u64 = 200;
/// ATRs with a TA1: T=0 and T=1 at 372/4, 512/8, 372/12, 512/16, and 512/32, the fastest that the bench's MCU claims.
const FASTER: [(&[u8], &[u8]); 5] = [
    (&[0x3B, 0x10, 0x13], &[0x3B, 0x90, 0x13, 0x81, 0x31, 0x20, 0x45, 0x56]),
    (&[0x3B, 0x10, 0x94], &[0x3B, 0x90, 0x94, 0x81, 0x31, 0x20, 0x45, 0xD1]),
    (&[0x3B, 0x10, 0x18], &[0x3B, 0x90, 0x18, 0x81, 0x31, 0x20, 0x45, 0x5D]),
    (&[0x3B, 0x10, 0x95], &[0x3B, 0x90, 0x95, 0x81, 0x31, 0x20, 0x45, 0xD0]),
    (&[0x3B, 0x10, 0x96], &[0x3B, 0x90, 0x96, 0x81, 0x31, 0x20, 0x45, 0xD3]),
];
/// So many characters lie between two that are damaged in turn.
const STRIDE: usize = 9;

/// What is wrong with a session that should be sound.
pub(crate) fn unsound(name: &str, outcome: &Outcome) -> Option<String> {
    let sound = outcome.error().is_none()
        && outcome.rules.is_empty()
        && outcome.breaches.is_empty()
        && outcome.clashes == 0
        && outcome.worst_edge <= EDGE_MAX;
    (!sound).then(|| {
        let Outcome { rules, breaches, clashes, worst_edge, .. } = outcome;
        format!("{name}: {:?} {rules:?} {breaches:?}, {clashes} clashes, edge {worst_edge}", outcome.error())
    })
}

pub(crate) fn at_every_rate(wrong: &mut Vec<String>) {
    println!("characters by one pin and a count of cycles: MCU 64 MHz, CLK 4 MHz");
    println!(
        "{:<16} {:>8} {:>15} {:>11} {:>20} {:>9}",
        "protocol", "rate", "cycles an etu", "characters", "worst edge, etu", "findings"
    );
    let slow = [("T=0", T0), ("T=0, inverse", INVERSE), ("T=1", T1)];
    let fast = FASTER.iter().flat_map(|(t0, t1)| [("T=0", *t0), ("T=1", *t1)]);
    for (name, atr) in slow.into_iter().chain(fast) {
        let outcome = play(&Setup::of(atr)).expect("a fast MCU");
        let (f, d) = outcome.rate;
        let cycles = f64::from(f) / f64::from(d);
        println!(
            "{name:<16} {:>8} {cycles:>15.2} {:>11} {:>20.3} {:>9}",
            format!("{f}/{d}"),
            outcome.characters,
            outcome.worst_edge as f64 / 1000.0,
            outcome.rules.len()
        );
        wrong.extend(unsound(&format!("{name} {f}/{d}"), &outcome));
        let ta1 = atr.get(2).filter(|_| atr.get(1).is_some_and(|t0| t0 & 0x10 != 0));
        if ta1.is_some() == ((f, d) == (372, 1)) {
            wrong.push(format!("{name}: {f}/{d} is not the rate that its ATR offers"));
        }
        if usize::from(outcome.min_cycles_per_etu) > 16 {
            wrong.push(format!("the MCU claims {} cycles an etu", outcome.min_cycles_per_etu));
        }
    }
}

pub(crate) fn damaged(wrong: &mut Vec<String>) {
    for (name, atr) in [("T=0", T0), ("T=0, inverse", INVERSE), ("T=1", T1)] {
        let plain = play(&Setup::of(atr)).expect("a fast MCU");
        // TS has no error signal, and in T=1 the answer to reset has none either way round.
        let first = if atr == T1 { atr.len() } else { 1 };
        // The second half of the session is a reset and a new session.
        let last = usize::try_from(plain.characters).expect("few") / 2;
        let mut count = 0;
        for at in (first..last).step_by(STRIDE) {
            let setup = Setup { flips: vec![(at as u64, 1 << (at % 9))], ..Setup::of(atr) };
            let outcome = play(&setup).expect("a fast MCU");
            count += 1;
            wrong.extend(unsound(&format!("{name}, character {at}"), &outcome));
            // A challenge is another each time that it is asked for.
            let same = outcome.answers.len() == plain.answers.len()
                && outcome.answers.iter().zip(&plain.answers).all(|(one, other)| {
                    matches!((one, other), (Ok((a, sw)), Ok((b, other))) if sw == other && (a == b || a.len() == 8))
                });
            if !same {
                wrong.push(format!("{name}, character {at}: {:?}, not {:?}", outcome.answers, plain.answers));
            }
            if atr != T1 && outcome.signals != 1 {
                wrong.push(format!("{name}, character {at}: {} error signals", outcome.signals));
            }
        }
        println!("{name:<16} damaged in {count} places, one a session: each was mended");
    }
}

pub(crate) fn too_slow(wrong: &mut Vec<String>) {
    // Every look takes a quarter of an etu of 372 cycles.
    let slow = Costs { read: 600, write: 600, count: 300, poll: 20 };
    match play(&Setup { costs: slow, ..Setup::of(T0) }) {
        Err(error @ TooSlow { .. }) => println!("too slow an MCU: {error}"),
        Ok(outcome) => wrong.push(format!("an MCU that is too slow is not refused: {outcome:?}")),
    }
    // A twentieth: enough after a reset, and for nothing more.
    let just = Costs { read: 120, write: 120, count: 60, poll: 20 };
    let outcome = play(&Setup { costs: just, ..Setup::of(FASTER[0].0) }).expect("fast enough");
    println!("a slow MCU: {} cycles an etu at least, so {:?}", outcome.min_cycles_per_etu, outcome.rate);
    wrong.extend(unsound("a slow MCU", &outcome));
    if outcome.rate != (372, 1) {
        wrong.push(format!("a slow MCU agreed to {:?}", outcome.rate));
    }
}

pub(crate) fn beside_another_task(wrong: &mut Vec<String>) {
    // A card that answers late, when the UART has begun to yield.
    let slow_card = || Setup { delay: 60, ..Setup::of(T0) };
    let plain = play(&slow_card()).expect("a fast MCU");
    for (busy, fits) in [(300, true), (1200, true), (6000, false), (30_000, false)] {
        let outcome = play(&Setup { busy, costs: COSTS, ..slow_card() }).expect("a fast MCU");
        let etu = busy as f64 / (372.0 * 16.0);
        let ended = outcome.error().map_or("sound".to_string(), |error| format!("{error:?}"));
        println!("another task that takes {etu:.2} etu at a time: {ended}");
        if fits {
            wrong.extend(unsound(&format!("{busy} cycles"), &outcome));
        }
        // However it ends, no answer is a wrong one.
        let answers = outcome.answers.iter().zip(&plain.answers);
        for (one, other) in answers {
            if let (Ok((a, sw)), Ok((b, other))) = (one, other)
                && (sw != other || a != b && a.len() != 8)
            {
                wrong.push(format!("{busy} cycles: {a:02X?} {sw:04X}, not {b:02X?} {other:04X}"));
            }
        }
    }
}
