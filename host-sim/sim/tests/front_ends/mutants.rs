//! The deliberate faults of UART, driver and chip: each is caught by what names it, and the same session without it by nothing.

use embedded_hal::digital::OutputPin;
use qiyong_firmware::slot::{LineConfig, SlotError};
use qiyong_sim::pins::{Breach, Happens, Kind, Order, Pin};
use qiyong_sim::referee::Rule;

use super::characters::EDGE_MAX;
use super::rig::{CLK, Outcome, Setup, T0, T1, When, play};

/// An etu of 372 cycles, in cycles of the MCU.
const ETU: u64 = 372 * 16;

/// What catches it.
#[derive(Clone, Copy, Debug)]
enum By {
    Rule(Rule),
    Breach(Breach),
    /// An edge of the terminal is not in its place.
    Edge,
    /// The slot ends with this, and without the fault with another word.
    Word(SlotError),
    /// A voltage that the slot did not want.
    Volts,
}

struct Mutant {
    name: &'static str,
    by: By,
    base: Setup,
    twist: fn(&mut Setup),
}

impl By {
    fn catches(self, found: &Outcome, straight: &Outcome) -> bool {
        match self {
            Self::Rule(rule) => found.rules.contains(&rule),
            Self::Breach(breach) => found.breaches.contains(&breach),
            Self::Edge => found.worst_edge > EDGE_MAX,
            Self::Word(word) => found.error() == Some(word) && straight.error() != Some(word),
            Self::Volts => found.volts.first() != straight.volts.first(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Rule(rule) => format!("{} ({})", rule.name(), rule.clause()),
            Self::Breach(breach) => format!("{breach:?}"),
            Self::Edge => "an edge off by more than 0.2 etu (7.1)".to_string(),
            Self::Word(word) => format!("the slot says {word:?}"),
            Self::Volts => "another voltage".to_string(),
        }
    }
}

fn with(name: &'static str, by: By, base: Setup, twist: fn(&mut Setup)) -> Mutant {
    Mutant { name, by, base, twist }
}

/// One character is damaged on its way.
fn damaged(atr: &'static [u8], at: u64) -> Setup {
    Setup { flips: vec![(at, 0b100)], ..Setup::of(atr) }
}

fn of_chip(kind: Kind) -> Setup {
    Setup { kind: Some(kind), ..Setup::of(T0) }
}

fn happens(kind: Kind, what: Happens) -> Setup {
    Setup { happens: Some((When::Watched, what)), ..of_chip(kind) }
}

fn uart() -> Vec<Mutant> {
    const FAST: &[u8] = &[0x3B, 0x10, 0x94];
    vec![
        with("CLK is 3 % faster than the UART takes it for", By::Edge, Setup::of(T0), |setup| {
            setup.clk_hz = CLK / 100 * 97
        }),
        with("an etu stays 372 cycles after PPS", By::Edge, Setup::of(FAST), |setup| {
            setup.config =
                |config| LineConfig { fi: if config.di > 1 { 372 } else { config.fi }, di: config.di, ..config };
        }),
        with("guard time one etu short", By::Rule(Rule::Guard), Setup::of(T0), |setup| {
            setup.config = |config| LineConfig { guard_time: config.guard_time - 1, ..config };
        }),
        with("turnaround of 12 etu in T=0", By::Rule(Rule::Turnaround), Setup::of(T0), |setup| {
            setup.config = |config| LineConfig { turnaround: 12, ..config };
        }),
        with("turnaround of 16 etu in T=1", By::Rule(Rule::BlockGuard), Setup::of(T1), |setup| {
            setup.config = |config| LineConfig { turnaround: 16, ..config };
        }),
        with("no error signal", By::Rule(Rule::SignalDue), damaged(T0, 1), |setup| {
            setup.pins =
                |bench, pin, high| if pin == Pin::Io && !high && bench.card_has_sent() { None } else { Some(high) };
        }),
        with("the error signal half an etu late", By::Rule(Rule::SignalTime), damaged(T0, 1), |setup| {
            setup.pins = |bench, pin, high| {
                if pin == Pin::Io && !high && bench.card_has_sent() {
                    bench.spend(ETU / 2);
                }
                Some(high)
            };
        }),
        with("the error signal two and a half etu long", By::Rule(Rule::SignalLength), damaged(T0, 1), |setup| {
            setup.pins = |bench, pin, high| {
                if pin == Pin::Io && high && bench.card_has_sent() {
                    bench.spend(ETU);
                }
                Some(high)
            };
        }),
        with("an error signal in T=1", By::Rule(Rule::SignalInT1), damaged(T1, 14), |setup| {
            setup.config = |config| LineConfig { error_signal: true, ..config };
        }),
        with("an error signal to a damaged TS", By::Rule(Rule::SignalNotDue), damaged(T0, 0), |setup| {
            setup.config = |config| LineConfig { error_signal: true, ..config };
        }),
        with("the card's error signal is not looked for", By::Rule(Rule::RepeatsRefused), damaged(T0, 3), |setup| {
            setup.look = |bench, pin, high| high || (pin == Pin::Io && !bench.card_has_sent());
        }),
    ]
}

fn pins() -> Vec<Mutant> {
    vec![
        with("pins: CLK before VCC", By::Rule(Rule::ClkAfterVcc), Setup::of(T0), |setup| {
            setup.pins = |bench, pin, high| {
                if pin == Pin::Vcc && high {
                    let Ok(()) = bench.pin(Pin::Clk).set_high();
                }
                Some(high)
            };
        }),
        with("pins: RST stays high", By::Rule(Rule::RstFirst), Setup::of(T0), |setup| {
            setup.pins = |_, pin, high| if pin == Pin::Rst && !high { None } else { Some(high) };
        }),
        with("pins: VCC goes first", By::Rule(Rule::VccLast), Setup::of(T0), |setup| {
            setup.pins = |bench, pin, high| {
                if pin == Pin::Rst && !high {
                    let Ok(()) = bench.pin(Pin::Vcc).set_low();
                }
                Some(high)
            };
        }),
    ]
}

fn chips() -> Vec<Mutant> {
    let order = |name, rule, twist| with(name, By::Rule(rule), of_chip(Kind::Tda8035), twist);
    vec![
        order("chip: CLK before VCC", Rule::ClkAfterVcc, |setup| setup.order = Order::ClkFirst),
        order("chip: I/O before VCC", Rule::IoAfterVcc, |setup| setup.order = Order::IoFirst),
        order("chip: CLK before I/O", Rule::IoBeforeClk, |setup| setup.order = Order::ClkBeforeIo),
        order("chip: a voltage of no class", Rule::KnownVoltage, |setup| setup.order = Order::WrongVoltage),
        with(
            "chip: RST falls after CLK has stopped",
            By::Rule(Rule::RstFirst),
            happens(Kind::Tda8035, Happens::Heat),
            |setup| setup.order = Order::RstLate,
        ),
        order("chip: I/O goes before CLK", Rule::ClkBeforeIo, |setup| setup.order = Order::IoEarly),
        order("chip: CLK stops high", Rule::ClkLow, |setup| setup.order = Order::ClkHigh),
        order("chip: VCC before CLK and I/O", Rule::VccLast, |setup| setup.order = Order::VccEarly),
    ]
}

fn drivers() -> Vec<Mutant> {
    let short = || happens(Kind::Tda8035, Happens::Short);
    vec![
        with("driver: CMDVCC rises as soon as OFF falls", By::Breach(Breach::CmdvccTooSoon), short(), |setup| {
            setup.delays = |ns| if ns == 160_000 { 0 } else { ns };
        }),
        with("driver: OFF is read before CMDVCC has risen", By::Word(SlotError::Removed), short(), |setup| {
            setup.pins = |_, pin, high| if pin == Pin::Cmdvcc && high { None } else { Some(high) };
        }),
        with(
            "driver: OFF is read once where the switch bounces",
            By::Word(SlotError::ShortCircuit),
            happens(Kind::St8034, Happens::Removal),
            |setup| setup.delays = |ns| if ns == 10_000_000 { 0 } else { ns },
        ),
        with(
            "driver: power while the switch bounces",
            By::Breach(Breach::ActivatedWhileBouncing),
            of_chip(Kind::St8034),
            |setup| setup.delays = |ns| if ns == 20_000_000 { 0 } else { ns },
        ),
        with("driver: RSTIN stays high", By::Breach(Breach::RstinAtActivation), of_chip(Kind::Ncn8025), |setup| {
            setup.pins = |_, pin, high| if pin == Pin::Rstin && !high { None } else { Some(high) };
        }),
        with(
            "driver: the voltage is selected after CMDVCC",
            By::Breach(Breach::SelectedWhileActive),
            of_chip(Kind::Tda8035),
            |setup| {
                setup.pins = |bench, pin, high| {
                    if pin == Pin::Select(1) {
                        let Ok(()) = bench.pin(Pin::Cmdvcc).set_low();
                    }
                    Some(high)
                };
            },
        ),
        with("driver: VSEL0 and VSEL1 are swapped", By::Volts, of_chip(Kind::Tda8035), |setup| {
            setup.pins = |bench, pin, high| match pin {
                Pin::Select(index) => {
                    let Ok(()) = bench.pin(Pin::Select(1 - index)).set_state(high.into());
                    None
                }
                _ => Some(high),
            };
        }),
    ]
}

pub(crate) fn each_is_caught(wrong: &mut Vec<String>) {
    let mutants: Vec<Mutant> = [uart(), pins(), chips(), drivers()].into_iter().flatten().collect();
    println!("{:<50} {:<40} caught", "mutant", "by");
    let mut caught = 0;
    for Mutant { name, by, base, twist } in &mutants {
        let straight = play(base).expect("a fast MCU");
        if !straight.rules.is_empty() || !straight.breaches.is_empty() || straight.worst_edge > EDGE_MAX {
            wrong.push(format!("{name}: {straight:?} without the fault"));
        }
        let mut setup = base.clone();
        twist(&mut setup);
        let found = play(&setup).expect("a fast MCU");
        let hit = by.catches(&found, &straight);
        caught += usize::from(hit);
        println!("{name:<50} {:<40} {}", by.name(), if hit { "yes" } else { "NO" });
        if !hit {
            wrong.push(format!(
                "{name}: {:?} {:?} {:?}, edge {}",
                found.error(),
                found.rules,
                found.breaches,
                found.worst_edge
            ));
        }
    }
    println!("mutants caught: {caught} of {}", mutants.len());
}
