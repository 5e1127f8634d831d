//! What can go wrong at a front end, at each moment: each ends as it must, and a card that is still there works again.

use std::cell::Cell;
use std::rc::Rc;

use embassy_futures::block_on;
use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin, OutputPin};
use embedded_hal_async::digital::Wait;
use qiyong_firmware::adapters::{BitUart, Chip, Divider, PinLine, Tda8035, Timing};
use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig, SlotError, VoltageClass};
use qiyong_protocol::card::files::Generation;
use qiyong_sim::pins::{Bench, BenchPin, Front, Happens, Kind, Order, Pin};

use super::rig::{CLK, COSTS, HZ, Pins, Setup, T0, When, card, play};

const MOMENTS: [When; 5] = [When::Activation, When::Answer, When::Exchange, When::Idle, When::Watched];
const HAPPENINGS: [Happens; 4] = [Happens::Removal, Happens::Short, Happens::Heat, Happens::SupplyDrop];

/// Discrete pins, and each chip.
pub(crate) fn fronts() -> impl Iterator<Item = (&'static str, Option<Kind>)> {
    [("discrete pins", None)].into_iter().chain(Kind::ALL.map(|(name, kind)| (name, Some(kind))))
}

pub(crate) fn of_each_front_end(wrong: &mut Vec<String>) {
    println!("{:<14} {:<11} {:<11} {:<14} afterwards", "front end", "what", "when", "the slot says");
    let mut count = 0;
    for (name, kind) in fronts() {
        for what in HAPPENINGS {
            if kind.is_none() && matches!(what, Happens::Heat | Happens::SupplyDrop) {
                // There is no chip that could be hot.
                continue;
            }
            for when in MOMENTS {
                let outcome = play(&Setup { kind, happens: Some((when, what)), ..Setup::of(T0) }).expect("a fast MCU");
                let (present, again) = &outcome.after;
                let error = outcome.error();
                let told = error.map_or("nothing".to_string(), |error| format!("{error:?}"));
                let after = if *present { format!("a card: {again:?}") } else { format!("no card: {again:?}") };
                println!("{name:<14} {:<11} {:<11} {told:<14} {after}", format!("{what:?}"), format!("{when:?}"));
                count += 1;
                let (expected, there) = match (what, kind) {
                    (Happens::Removal, _) => (error == Some(SlotError::Removed), false),
                    // Pins cannot tell a short circuit from a card that is silent.
                    // Before the first command the next class, or a reset, mends it.
                    (_, None) => (error.is_some() || matches!(when, When::Activation | When::Answer), true),
                    (_, Some(_)) => (error == Some(SlotError::ShortCircuit), true),
                };
                let rest = if there { Ok(()) } else { Err(SlotError::Removed) };
                if !expected || *present != there || *again != rest {
                    wrong.push(format!("{name}, {what:?}, {when:?}: {outcome:?}"));
                }
                if !outcome.rules.is_empty() || !outcome.breaches.is_empty() || outcome.clashes > 0 {
                    wrong.push(format!("{name}, {what:?}, {when:?}: {:?} {:?}", outcome.rules, outcome.breaches));
                }
            }
        }
    }
    println!("faults of front ends that ended as they must: {count}");
}

pub(crate) fn classes(wrong: &mut Vec<String>) {
    for (name, kind) in fronts() {
        for (class, mv) in [(VoltageClass::A, 5000), (VoltageClass::B, 3000), (VoltageClass::C, 1800)] {
            let outcome = play(&Setup { kind, classes: (class, &[]), ..Setup::of(T0) }).expect("a fast MCU");
            let has = kind.map_or(class != VoltageClass::C, |kind| kind.has(class));
            let (volts, ended) = (&outcome.volts, &outcome.connected);
            let right = if has {
                !volts.is_empty() && volts.iter().all(|given| *given == mv) && ended.is_ok()
            } else {
                // It is the maker's mistake, and no contact is driven for it.
                volts.is_empty() && *ended == Err(SlotError::NoCommonClass)
            };
            if !right || !outcome.rules.is_empty() || !outcome.breaches.is_empty() {
                wrong.push(format!("{name}, class {class:?}: {outcome:?}"));
            }
        }
        // A card of the first generation works at 5 V only.
        let outcome = play(&Setup { kind, generation: Generation::V1, ..Setup::of(T0) }).expect("a fast MCU");
        if outcome.error().is_some() || outcome.volts.get(..2) != Some(&[3000, 5000]) || !outcome.rules.is_empty() {
            wrong.push(format!("{name}, from class B to class A: {outcome:?}"));
        }
        println!("{name:<14} each class that it has, and the walk from 3 V to 5 V");
    }
}

/// A pin on an expander whose bus fails from some moment on.
#[derive(Clone)]
struct OnExpander {
    pin: BenchPin,
    fails: Rc<Cell<bool>>,
}

#[derive(Debug)]
struct NoBus;

impl Error for NoBus {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl OnExpander {
    fn works(&self) -> Result<(), NoBus> {
        if self.fails.get() { Err(NoBus) } else { Ok(()) }
    }
}

impl ErrorType for OnExpander {
    type Error = NoBus;
}

impl OutputPin for OnExpander {
    fn set_low(&mut self) -> Result<(), NoBus> {
        self.works()?;
        let Ok(()) = self.pin.set_low();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), NoBus> {
        self.works()?;
        let Ok(()) = self.pin.set_high();
        Ok(())
    }
}

impl InputPin for OnExpander {
    fn is_high(&mut self) -> Result<bool, NoBus> {
        self.works()?;
        let Ok(high) = self.pin.is_high();
        Ok(high)
    }

    fn is_low(&mut self) -> Result<bool, NoBus> {
        self.is_high().map(|high| !high)
    }
}

impl Wait for OnExpander {
    async fn wait_for_high(&mut self) -> Result<(), NoBus> {
        self.works()?;
        let Ok(()) = self.pin.wait_for_high().await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), NoBus> {
        self.works()?;
        let Ok(()) = self.pin.wait_for_low().await;
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), NoBus> {
        Err(NoBus)
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), NoBus> {
        Err(NoBus)
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), NoBus> {
        Err(NoBus)
    }
}

/// Pins on an expander may fail: a card is not taken for powered then, and works when they do again.
pub(crate) fn of_a_pin(wrong: &mut Vec<String>) {
    let names = [Pin::Cmdvcc, Pin::Rstin, Pin::Select(0), Pin::Select(1)];
    for name in names {
        let bench = Bench::new(HZ, COSTS, Front::Chip(Kind::Tda8035, 16_000_000, Order::Right));
        let fails = Rc::new(Cell::new(false));
        let pin = |other| {
            let fails = if other == name { fails.clone() } else { Rc::default() };
            OnExpander { pin: bench.pin(other), fails }
        };
        let pins = Pins {
            cmdvcc: pin(Pin::Cmdvcc),
            rstin: pin(Pin::Rstin),
            select: (pin(Pin::Select(0)), pin(Pin::Select(1))),
            divide: (pin(Pin::Divide(0)), pin(Pin::Divide(1))),
            off: pin(Pin::Present),
        };
        let chip = Chip::<Tda8035, _, _>::new(pins, Divider::By4, bench.delay());
        let uart = BitUart::new(bench.pin(Pin::Io), bench.counter::<HZ>(), CLK).expect("a fast MCU");
        let line = PinLine::new(chip, uart, bench.delay(), Timing::at::<CLK>(250));
        let mut slot = ContactSlot::new(line, SlotConfig { clock_stop: false, ..SlotConfig::default() });
        bench.insert_in(1000, card(T0, Generation::V3));
        let (failed, mended) = block_on(async {
            slot.wait_for_card(5).await;
            fails.set(true);
            let failed = slot.connect().await.map(drop);
            fails.set(false);
            slot.disconnect().await;
            let mended = slot.connect().await.map(drop);
            slot.disconnect().await;
            (failed, mended)
        });
        println!("an expander that does not drive {name:?}: {failed:?}, and when it does again: {mended:?}");
        let rules = bench.findings();
        if failed != Err(SlotError::ShortCircuit) || mended.is_err() || !rules.is_empty() {
            wrong.push(format!("{name:?}: {failed:?}, {mended:?}, {rules:?}"));
        }
    }
}
