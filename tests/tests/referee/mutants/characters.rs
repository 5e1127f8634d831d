//! Faults of rates, spacing, error signals, ATR and PPS.

use qiyong_firmware::slot::LineConfig;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::card::contact::{Habits, PpsHabit};
use qiyong_sim::line::{Disturbance, Hardware};
use qiyong_sim::referee::{Rule, Signal};

use super::super::bent::Call::{Configure, Receive, Send};
use super::super::bent::{Call, Memory, Trouble};
use super::super::rig::{STRAIGHT, Session, Setup, Twist};
use super::{Mutant, t0, t1};

/// The card's next character is damaged once: the first one that the slot awaits after so many that it has sent.
fn damaged(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = matches!(call, Receive(_)) && memory.sent >= 9 && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Flip(1))
}

/// The terminal's second character of its first header is damaged, so often.
fn refused<const TIMES: usize>(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = matches!(call, Send(_)) && memory.sent >= 4 && memory.troubles < TIMES;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Flip(1))
}

/// The card's last character of the ATR is lost.
fn lost(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    (matches!(call, Receive(9600)) && memory.heard == 2).then_some(Disturbance::Lose)
}

fn troubled(setup: Setup, trouble: Trouble) -> Setup {
    Setup { trouble, ..setup }
}

fn with_pps(pps: PpsHabit) -> Setup {
    Setup { habits: Habits { pps, ..Habits::default() }, session: Session::Short, ..t0() }
}

/// T=0 at 512/32 in specific mode: TA1, TD1, TA2.
fn specific(ta2: u8) -> Setup {
    Setup::of(&[0x3B, 0x90, 0x95, 0x10, ta2])
}

/// The configuration after PPS, or that of specific mode.
const fn is_fast(config: &LineConfig) -> bool {
    config.fi != 372
}

fn of_hardware(change: impl FnOnce(&mut Hardware), setup: Setup) -> Setup {
    let mut hardware = Hardware::default();
    change(&mut hardware);
    Setup { hardware, ..setup }
}

fn at_rate(config: LineConfig, fi: u16, di: u8) -> Call {
    Configure(LineConfig { fi, di, ..config })
}

pub(crate) fn mutants() -> Vec<Mutant> {
    // TC1: N = 32.
    let spaced = || Setup::of(&[0x3B, 0x50, 0x96, 0x20]);
    let mut list = rates();
    list.extend(signals());
    list.extend(pps());
    list.extend([
        Mutant::bent("waits 5000 etu for a character of the ATR", Rule::AtrWait, troubled(t0(), lost), |_, call| {
            match call {
                Receive(9600) => vec![Receive(5000)],
                _ => vec![call],
            }
        }),
        Mutant::bent("waits 20,000 etu for it", Rule::AtrLate, troubled(t0(), lost), |_, call| match call {
            Receive(9600) => vec![Receive(20_000)],
            _ => vec![call],
        }),
        Mutant::mishears(
            "goes on with a card whose TCK is wrong",
            Rule::AtrCheck,
            Setup::of(&[0x3B, 0x80, 0x81, 0x31, 0x20, 0x45, 0x54]),
            |memory, byte| if memory.heard == 6 && memory.sent == 0 { byte ^ 1 } else { byte },
        ),
        Mutant::bent("sends one etu early", Rule::Guard, t0(), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { guard_time: config.guard_time - 1, ..config })],
            _ => vec![call],
        }),
        Mutant::bent("ignores N", Rule::Guard, spaced(), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { guard_time: 12, ..config })],
            _ => vec![call],
        }),
        Mutant::bent(
            "takes R for F / D in spite of T=15",
            Rule::Guard,
            // TA1 D1 (2048 / 1), TC1 16, TD1 0, TD2 15 with TA 0x07, and TCK; no PPS, since that rate is slower.
            Setup::of(&super::with_tck(&[0xD0, 0xD1, 0x10, 0x80, 0x1F, 0x07])),
            |_, call| match call {
                Configure(config) => {
                    let guard_time = config.guard_time.min(12 + 16);
                    vec![Configure(LineConfig { guard_time, ..config })]
                }
                _ => vec![call],
            },
        ),
        Mutant::bent(
            "takes N = 255 for 11 etu in T=0",
            Rule::Guard,
            Setup::of(&[0x3B, 0x50, 0x96, 0xFF]),
            |_, call| match call {
                Configure(config) => vec![Configure(LineConfig { guard_time: 11, ..config })],
                _ => vec![call],
            },
        ),
        Mutant::bent("N only between its own characters", Rule::GuardAfterCard, spaced(), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { turnaround: 16, ..config })],
            _ => vec![call],
        }),
        Mutant::bent("PPS without N", Rule::Guard, spaced(), |_, call| match call {
            Configure(config) if !is_fast(&config) => vec![Configure(LineConfig { guard_time: 12, ..config })],
            _ => vec![call],
        }),
        Mutant::bent("answers after 12 etu in T=0", Rule::Turnaround, t0(), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { turnaround: 12, ..config })],
            _ => vec![call],
        }),
        Mutant::bent("a block 16 etu after the card's", Rule::BlockGuard, t1(32), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { turnaround: 16, ..config })],
            Receive(22) => vec![Receive(13)],
            _ => vec![call],
        }),
        Mutant::bent(
            "no block guard time in a chain",
            Rule::BlockGuard,
            Setup { session: Session::Large, ..t1(32) },
            |memory, call| match call {
                Configure(config) => vec![Configure(LineConfig { turnaround: 12, ..config })],
                Receive(22) if memory.last.get(1).is_some_and(|pcb| pcb & 0xA0 == 0x20) => vec![Receive(11)],
                _ => vec![call],
            },
        ),
    ]);
    list
}

fn rates() -> Vec<Mutant> {
    vec![
        Mutant::bent("asks at 512 cycles per etu", Rule::RateDefault, t0(), |memory, call| {
            match (call, memory.config) {
                (Send(bytes), Some(config)) if memory.sent == 0 => vec![at_rate(config, 512, 1), Send(bytes)],
                (call, _) => vec![call],
            }
        }),
        Mutant::bent("half the agreed rate", Rule::RateAgreed, t0(), |_, call| match call {
            Configure(config) if is_fast(&config) => vec![at_rate(config, config.fi, config.di / 2)],
            _ => vec![call],
        }),
        Mutant::bent("the default rate in spite of PPS", Rule::RateAgreed, t0(), |_, call| match call {
            Configure(config) => vec![at_rate(config, 372, 1)],
            _ => vec![call],
        }),
        Mutant::bent(
            "the new rate though the card named none",
            Rule::RateAgreed,
            with_pps(PpsHabit::NoPps1),
            |memory, call| match call {
                Configure(config) if memory.sent > 0 => vec![at_rate(config, 512, 32)],
                _ => vec![call],
            },
        ),
        Mutant::bent("the default rate in specific mode", Rule::RateSpecific, specific(0x80), |_, call| match call {
            Configure(config) => vec![at_rate(config, 372, 1)],
            _ => vec![call],
        }),
        Mutant {
            name: "takes implicit F and D for 372 and 1",
            rule: Rule::RateImplicit,
            setup: specific(0x90),
            twist: Twist {
                bend: |_, call| match call {
                    Configure(config) => vec![at_rate(config, 372, 1)],
                    _ => vec![call],
                },
                mishear: |memory, byte| if memory.heard == 4 && memory.sent == 0 { byte & !0x10 } else { byte },
                ..STRAIGHT
            },
        },
    ]
}

fn signals() -> Vec<Mutant> {
    vec![
        Mutant::bent("signals nothing", Rule::SignalDue, troubled(t0(), damaged), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { error_signal: false, ..config })],
            _ => vec![call],
        }),
        Mutant::bent("signals what was right", Rule::SignalNotDue, t0(), |memory, call| match (call, memory.config) {
            (Receive(within), Some(config)) if memory.sent >= 9 => vec![
                Configure(LineConfig { convention: Convention::Inverse, ..config }),
                Receive(within),
                Configure(config),
            ],
            (call, _) => vec![call],
        }),
        Mutant::bent("signals in T=1", Rule::SignalInT1, troubled(t1(32), damaged), |_, call| match call {
            Configure(config) => vec![Configure(LineConfig { error_signal: true, ..config })],
            _ => vec![call],
        }),
        Mutant::hardware("signals at 9.5 etu", Rule::SignalTime, {
            of_hardware(|hardware| hardware.signal = Signal { from: 95, to: 105 }, troubled(t0(), damaged))
        }),
        Mutant::hardware("signals for half an etu", Rule::SignalLength, {
            of_hardware(|hardware| hardware.signal = Signal { from: 105, to: 110 }, troubled(t0(), damaged))
        }),
        Mutant::bent(
            "does not look for the card's signal",
            Rule::RepeatsRefused,
            troubled(t0(), refused::<1>),
            |_, call| match call {
                Configure(config) => vec![Configure(LineConfig { error_signal: false, ..config })],
                _ => vec![call],
            },
        ),
        Mutant::hardware("repeats after 12 etu", Rule::RepetitionPause, {
            of_hardware(|hardware| hardware.repetition = 12, troubled(t0(), refused::<1>))
        }),
        Mutant {
            name: "repeats four times",
            rule: Rule::Repetitions,
            setup: troubled(t0(), |_, call| match call {
                Send(bytes) if bytes.len() == 5 => Some(Disturbance::Flip(1)),
                _ => None,
            }),
            twist: Twist { stubborn: 4, ..STRAIGHT },
        },
    ]
}

fn pps() -> Vec<Mutant> {
    vec![
        // TA2 heard as TB2, which says nothing, after the first reset.
        Mutant {
            name: "PPS in specific mode",
            rule: Rule::PpsSpecific,
            setup: specific(0x80),
            twist: Twist {
                bend: |memory, call| {
                    memory.count += usize::from(call == Call::Rst(true));
                    vec![call]
                },
                mishear: |memory, byte| if memory.heard == 3 && memory.count == 1 { 0x20 } else { byte },
                ..STRAIGHT
            },
        },
        Mutant::bent("a PPS request with a wrong PCK", Rule::PpsBytes, t0(), |memory, call| match call {
            Send(mut bytes) if memory.sent == 0 && bytes[0] == 0xFF => {
                bytes[3] ^= 1;
                vec![Send(bytes)]
            }
            _ => vec![call],
        }),
        Mutant::bent("asks for twice the D of TA1", Rule::PpsOffered, t0(), |memory, call| match call {
            Send(bytes) if memory.sent == 0 && bytes[0] == 0xFF => vec![Send(vec![0xFF, 0x10, 0x97, 0x78])],
            _ => vec![call],
        }),
        Mutant::bent("asks for a protocol that is not offered", Rule::PpsOffered, t0(), |memory, call| match call {
            Send(bytes) if memory.sent == 0 && bytes[0] == 0xFF => vec![Send(vec![0xFF, 0x11, 0x96, 0x78])],
            _ => vec![call],
        }),
        Mutant::bent("goes on before the PPS response", Rule::PpsTurn, t0(), |memory, call| match call {
            Send(bytes) if memory.sent == 0 && bytes[0] == 0xFF => vec![Send(bytes), Send(vec![0x00])],
            _ => vec![call],
        }),
        Mutant::mishears(
            "goes on after a PPS that failed",
            Rule::PpsFailed,
            with_pps(PpsHabit::WrongPck),
            |memory, byte| {
                if memory.sent == 4 && memory.heard == 6 { byte ^ 0x80 } else { byte }
            },
        ),
        Mutant::bent("waits 5000 etu for a PPS response", Rule::PpsWait, with_pps(PpsHabit::Silent), |memory, call| {
            match call {
                Receive(9600) if memory.sent > 0 => vec![Receive(5000)],
                _ => vec![call],
            }
        }),
        Mutant::bent("waits 20,000 etu for it", Rule::PpsLate, with_pps(PpsHabit::Silent), |memory, call| match call {
            Receive(9600) if memory.sent > 0 => vec![Receive(20_000)],
            _ => vec![call],
        }),
    ]
}
