//! A slot with a card, behind any front end, and what is done with it.

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::block_on;
use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use qiyong_firmware::adapters::{
    BitUart, CardFrontEnd, Chip, ChipPins, Contacts, Divider, Family, Ncn8025, PinLine, St8034, Tda8035, Timing,
    TooSlow,
};
use qiyong_firmware::slot::{CardSlot, ContactSlot, LineConfig, SlotConfig, SlotError, VoltageClass};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Key, Scheme};
use qiyong_protocol::card::pin::Pin as HolderPin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::os::{PinState, VirtualCard};
use qiyong_sim::line::SharedCard;
use qiyong_sim::pins::{Bench, BenchCounter, Breach, Costs, Front, Happens, Kind, Order, Pin};
use qiyong_sim::referee::Rule;

use super::bent::{BentDelay, BentPin, BentUart, LookBend, PinBend};

/// The MCU's clock, CLK, and the clock of a chip, of which CLK is a quarter.
pub(crate) const HZ: u32 = 64_000_000;
pub(crate) const CLK: u32 = 4_000_000;
const CHIP_CLOCK: u32 = 16_000_000;
/// Inverse convention, T=0, 372/1.
pub(crate) const INVERSE: &[u8] = &[0x3F, 0x00];
/// T=0, 372/1.
pub(crate) const T0: &[u8] = &[0x3B, 0x00];
/// T=1, IFSC 32, CWI 5, BWI 4, an LRC; 372/1.
pub(crate) const T1: &[u8] = &[0x3B, 0x80, 0x81, 0x31, 0x20, 0x45, 0x55];

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// While the contacts are activated.
    Activation,
    /// In the middle of the answer to reset.
    Answer,
    /// In the middle of an exchange.
    Exchange,
    /// While the card has power and nobody looks.
    Idle,
    /// While the card has power and its removal is waited for.
    Watched,
}

/// The terminal, the card, and what goes wrong.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) atr: &'static [u8],
    pub(crate) generation: Generation,
    /// `None`: discrete pins.
    pub(crate) kind: Option<Kind>,
    pub(crate) order: Order,
    pub(crate) costs: Costs,
    /// What the UART takes CLK for.
    pub(crate) clk_hz: u32,
    pub(crate) classes: (VoltageClass, &'static [VoltageClass]),
    /// Etu by which the card's answers come later.
    pub(crate) delay: u32,
    pub(crate) flips: Vec<(u64, u16)>,
    pub(crate) happens: Option<(When, Happens)>,
    /// Cycles that another task takes each time.
    pub(crate) busy: u64,
    pub(crate) pins: PinBend,
    pub(crate) look: LookBend,
    /// What a delay makes of its ns.
    pub(crate) delays: fn(u32) -> u32,
    pub(crate) config: fn(LineConfig) -> LineConfig,
}

/// 20 cycles to look at a pin or to drive it: registers and a call.
pub(crate) const COSTS: Costs = Costs { read: 6, write: 6, count: 4, poll: 20 };

impl Setup {
    pub(crate) fn of(atr: &'static [u8]) -> Self {
        Self {
            atr,
            generation: Generation::V3,
            kind: None,
            order: Order::Right,
            costs: COSTS,
            clk_hz: CLK,
            classes: (VoltageClass::B, &[VoltageClass::A]),
            delay: 0,
            flips: Vec::new(),
            happens: None,
            busy: 0,
            pins: |_, _, high| Some(high),
            look: |_, _, high| high,
            delays: |ns| ns,
            config: |config| config,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) connected: Result<Vec<u8>, SlotError>,
    pub(crate) answers: Vec<Result<(Vec<u8>, u16), SlotError>>,
    /// After what happened: whether there is a card, and how connecting to it again ended.
    pub(crate) after: (bool, Result<(), SlotError>),
    pub(crate) rules: Vec<Rule>,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) worst_edge: u64,
    pub(crate) clashes: u32,
    pub(crate) characters: u64,
    pub(crate) signals: u32,
    pub(crate) volts: Vec<u16>,
    pub(crate) min_cycles_per_etu: u16,
    /// Fi and Di at the end.
    pub(crate) rate: (u16, u8),
}

impl Outcome {
    /// The first error, if there was one.
    pub(crate) fn error(&self) -> Option<SlotError> {
        let answer = || self.answers.iter().find_map(|answer| answer.as_ref().err().copied());
        self.connected.as_ref().err().copied().or_else(answer)
    }
}

pub(crate) fn card(atr: &[u8], generation: Generation) -> SharedCard {
    let key = || Key::new(Algorithm::TripleDes, *b"no key of a card");
    let keys = CardKeys { irk: key(), puk: key(), stk: key(), external: Default::default() };
    let pin = PinState { value: HolderPin::new(b"123456").expect("a PIN"), tries: 3, left: 3 };
    let card = VirtualCard::blank(generation, atr.to_vec(), keys, pin, Scheme::default(), 7);
    Rc::new(RefCell::new(ContactCard::new(card)))
}

/// A mark of each case's commands: select, read, challenge, a wrong PIN, one that no card has.
fn commands() -> Vec<Command<'static>> {
    vec![
        commands::select_environment(),
        commands::select_file(&[0xEF, 0x05]),
        commands::read_record(1, 16),
        commands::read_record(7, 8),
        commands::get_challenge(),
        commands::verify(&[0x65, 0x43, 0x21]),
        Command::new(0, 0x16, 0, 0),
    ]
}

pub(crate) fn play(setup: &Setup) -> Result<Outcome, TooSlow> {
    match setup.kind {
        None => discrete(setup),
        Some(Kind::Tda8035) => chip::<Tda8035>(setup, Kind::Tda8035),
        Some(Kind::Ncn8025) => chip::<Ncn8025>(setup, Kind::Ncn8025),
        Some(Kind::St8034) => chip::<St8034>(setup, Kind::St8034),
    }
}

fn pin(setup: &Setup, bench: &Bench, name: Pin) -> BentPin {
    BentPin { pin: bench.pin(name), bench: bench.clone(), name, bend: setup.pins, look: setup.look }
}

fn discrete(setup: &Setup) -> Result<Outcome, TooSlow> {
    let bench = Bench::new(HZ, setup.costs, Front::Pins(CLK));
    let pin = |name| pin(setup, &bench, name);
    let contacts = Contacts {
        vcc: pin(Pin::Vcc),
        five_volts: pin(Pin::FiveVolts),
        rst: pin(Pin::Rst),
        clk: pin(Pin::Clk),
        clk_level: pin(Pin::ClkLevel),
        io: pin(Pin::Io),
        present: pin(Pin::Present),
    };
    with(setup, &bench, contacts, Timing::at::<CLK>(1000))
}

/// The pins of a chip.
pub(crate) type Pins<P> = ChipPins<P, P, P, P, P, P, P>;

fn chip<K: Family>(setup: &Setup, kind: Kind) -> Result<Outcome, TooSlow> {
    let bench = Bench::new(HZ, setup.costs, Front::Chip(kind, CHIP_CLOCK, setup.order));
    let pin = |name| pin(setup, &bench, name);
    let pins = Pins {
        cmdvcc: pin(Pin::Cmdvcc),
        rstin: pin(Pin::Rstin),
        select: (pin(Pin::Select(0)), pin(Pin::Select(1))),
        divide: (pin(Pin::Divide(0)), pin(Pin::Divide(1))),
        off: pin(Pin::Present),
    };
    let chip = Chip::<K, _, _>::new(pins, Divider::By4, BentDelay(bench.delay(), setup.delays));
    let settles = Chip::<K, Pins<BentPin>, BentDelay>::SETTLES_US;
    with(setup, &bench, chip, Timing::at::<CLK>(settles))
}

fn with(setup: &Setup, bench: &Bench, front: impl CardFrontEnd, timing: Timing) -> Result<Outcome, TooSlow> {
    let counter: BenchCounter<HZ> = bench.counter();
    let uart = BitUart::new(pin(setup, bench, Pin::Io), counter, setup.clk_hz)?;
    let min_cycles_per_etu = uart.min_cycles_per_etu();
    let line = PinLine::new(front, BentUart(uart, setup.config), bench.delay(), timing);
    let config = SlotConfig {
        first_class: setup.classes.0,
        more_classes: setup.classes.1,
        min_cycles_per_etu,
        clock_stop: setup.kind.is_none(),
        ..SlotConfig::default()
    };
    let mut slot = ContactSlot::new(line, config);
    for (character, moments) in &setup.flips {
        bench.flips(*character, *moments);
    }
    let card = card(setup.atr, setup.generation);
    card.borrow_mut().card.habits.response_delay = setup.delay;
    bench.insert_in(2_000, card.clone());
    let session = session(setup, bench, &mut slot);
    let (connected, answers, after) = match setup.busy {
        0 => block_on(session),
        cycles => match block_on(select(session, bench.busy(cycles))) {
            Either::First(done) => done,
            Either::Second(()) => unreachable!("a task that never ends"),
        },
    };
    let mut rules: Vec<Rule> = bench.findings().iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let ((worst_edge, clashes), (characters, signals)) = (bench.worst_edge(), bench.characters());
    Ok(Outcome {
        connected,
        answers,
        after,
        rules,
        breaches: bench.breaches(),
        worst_edge,
        clashes,
        characters,
        signals,
        volts: bench.volts(),
        min_cycles_per_etu,
        rate: card.borrow().rate(),
    })
}

type Answers = Vec<Result<(Vec<u8>, u16), SlotError>>;
type Played = (Result<Vec<u8>, SlotError>, Answers, (bool, Result<(), SlotError>));

async fn session(setup: &Setup, bench: &Bench, slot: &mut impl Slot) -> Played {
    let happens = |when: When, us: u64| {
        if let Some((moment, what)) = setup.happens
            && moment == when
        {
            bench.happens_in(us, what);
        }
    };
    let mut delay = bench.delay();
    assert!(slot.wait_for_card(5).await, "a card is put in");
    if setup.kind.is_none() {
        // A switch without a chip: the holder lets go of the card.
        delay.delay_ms(10).await;
    }
    happens(When::Activation, 150);
    happens(When::Answer, 2_500);
    let connected = slot.connect().await.map(<[u8]>::to_vec);
    let mut answers = Vec::new();
    if connected.is_ok() {
        happens(When::Exchange, 30_000);
        for command in commands() {
            let mut buffer = [0; 4098];
            let answer = slot.transmit(&command, &mut buffer).await;
            answers.push(answer.map(|response| (response.data.to_vec(), response.sw.0)));
            if answers.last().is_some_and(Result::is_err) {
                break;
            }
        }
        if answers.iter().all(Result::is_ok) {
            slot.rest().await;
            happens(When::Idle, 1_000);
            happens(When::Watched, 1_000);
            match setup.happens {
                Some((When::Watched, _)) => {
                    let _ = select(slot.removal(), delay.delay_ms(40)).await;
                }
                _ => delay.delay_ms(40).await,
            }
            let mut buffer = [0; 258];
            let answer = slot.transmit(&commands::select_environment(), &mut buffer).await;
            answers.push(answer.map(|response| (response.data.to_vec(), response.sw.0)));
            if answers.iter().all(Result::is_ok) {
                let warm = slot.reset().await;
                answers.push(warm.map(|()| (Vec::new(), 0x9000)));
            }
        }
    }
    slot.disconnect().await;
    delay.delay_ms(30).await;
    let present = slot.has_card();
    let again = slot.connect().await.map(drop);
    slot.disconnect().await;
    delay.delay_ms(5).await;
    (connected, answers, (present, again))
}

/// What a session needs of a slot besides a slot's own.
trait Slot: CardSlot {
    async fn reset(&mut self) -> Result<(), SlotError>;
    fn has_card(&mut self) -> bool;
}

impl<L: qiyong_firmware::slot::CardLine> Slot for ContactSlot<L> {
    async fn reset(&mut self) -> Result<(), SlotError> {
        self.warm_reset().await.map(drop)
    }

    fn has_card(&mut self) -> bool {
        self.line().present()
    }
}
