//! The firmware's card slot on the virtual line: resets, the choice of the class, characters and blocks damaged on
//! their way, endless NULLs, short circuits, the clock stopped, long APDUs, and how much time on the line all this
//! takes.

#[path = "slot/less.rs"]
mod less;
#[path = "slot/times.rs"]
mod times;

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::block_on;
use proptest::prelude::*;
use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_firmware::slot::{CardLine, CardSlot, Clock, ContactSlot, LineError, SlotConfig, SlotError, VoltageClass};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::{AtrBuilder, SpecificBytes, SpecificMode};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_sim::card::contact::{ContactCard, Misbehaviour};
use qiyong_sim::line::{
    Disturbance, Fault, FaultPlan, Faults, Layer, Layered, LineEvent, SharedCard, SimulatedLine, Tracer, VirtualLine,
};
use qiyong_sim::time::{CLOCK_HZ, VirtualTime};
use qiyong_sim::world::efficiency::Efficiency;
use qiyong_tests::{commands_of_all_cases, sample_card};

/// Damages the second character of the first `resets` answers to reset, including its repetitions, and writes down what
/// is powered.
struct Damage {
    resets: u32,
    /// Undamaged characters from the card since RST went high.
    heard: u32,
    log: Rc<RefCell<Vec<&'static str>>>,
}

impl Layer for Damage {
    fn before_character(&mut self, line: &mut impl SimulatedLine) -> Result<(), LineError> {
        if self.heard == 1 && self.resets > 0 {
            line.disturb(Disturbance::Flip(1));
        }
        Ok(())
    }

    fn happened(&mut self, _: &impl SimulatedLine, event: LineEvent) {
        let word = match event {
            LineEvent::Vcc(Some(VoltageClass::A)) => "A",
            LineEvent::Vcc(Some(VoltageClass::B)) => "B",
            LineEvent::Vcc(Some(VoltageClass::C)) => "C",
            LineEvent::Vcc(None) => "off",
            LineEvent::Rst(true) => "reset",
            LineEvent::Rst(false) => {
                // A reset counts if it came to a second character.
                self.resets = self.resets.saturating_sub(u32::from(self.heard > 0));
                self.heard = 0;
                return;
            }
            LineEvent::FromCard(character) if character.parity_ok || self.heard == 0 => {
                self.heard += 1;
                return;
            }
            _ => return,
        };
        self.log.borrow_mut().push(word);
    }
}

/// What a slot with a card of this generation does when so many answers to reset are damaged, and whether a command
/// works.
fn connect(generation: Generation, damaged: u32) -> (Result<(), SlotError>, String) {
    let card = make_card(&sample_card(generation), &Hsm::test_keys()).unwrap();
    let mut line = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
    line.set_card(Some(Rc::new(RefCell::new(ContactCard::new(card)))));
    let log = Rc::new(RefCell::new(Vec::new()));
    let line = Layered::new(line, Damage { resets: damaged, heard: 0, log: log.clone() });
    let mut slot = ContactSlot::new(line, SlotConfig::default());
    let result = block_on(async {
        slot.connect().await?;
        let response = slot.transmit(&commands::select_environment(), &mut [0; 258]).await?.sw;
        assert!(response.is_ok());
        slot.disconnect().await;
        Ok(())
    });
    assert_eq!(slot.line().findings(), []);
    let log = log.borrow().join(" ");
    (result, log)
}

/// Clause 6.2.2; the wire checks the times.
#[test]
fn a_good_card_is_reset_once() {
    assert_eq!(connect(Generation::V2, 0), (Ok(()), "B reset off".into()));
}

/// docs/card.md §4.1; clause 5.1.3.
#[test]
fn a_card_for_5_volts_is_silent_at_3_and_found_at_5() {
    assert_eq!(connect(Generation::V1, 0), (Ok(()), "B reset off A reset off".into()));
}

/// Clause 6.2.3.
#[test]
fn a_damaged_answer_is_asked_for_again_by_a_warm_reset() {
    assert_eq!(connect(Generation::V2, 1), (Ok(()), "B reset reset off".into()));
}

/// Clause 6.2.4.
#[test]
fn damaged_twice_the_next_class_is_tried() {
    assert_eq!(connect(Generation::V2, 2), (Ok(()), "B reset reset off A reset off".into()));
}

#[test]
fn damaged_always_the_cause_is_named_and_power_is_off() {
    // The last "off" is that of connect itself: powering down two times is harmless.
    assert_eq!(connect(Generation::V2, 9), (Err(SlotError::Parity), "B reset reset off A reset reset off off".into()));
}

/// Gives the card another answer to reset when it is reset with power on.
struct WarmAtr {
    card: SharedCard,
    atr: Vec<u8>,
    powered: bool,
}

impl Layer for WarmAtr {
    fn happened(&mut self, _: &impl SimulatedLine, event: LineEvent) {
        match event {
            LineEvent::Vcc(class) => self.powered = class.is_some(),
            LineEvent::Rst(true) => {}
            LineEvent::Rst(false) if self.powered => self.card.borrow_mut().card.atr.clone_from(&self.atr),
            _ => {}
        }
    }
}

/// Clause 6.3.1: a card in specific mode, at a rate that the slot cannot use, is asked to change by a warm reset, if
/// its TA2 says that it can.
#[test]
fn a_card_that_insists_on_a_rate_is_reset_if_it_can_change() {
    let insists = |can_change| {
        let mode = SpecificMode { protocol: 0, can_change, implicit: false };
        // 512/64: eight cycles per etu.
        AtrBuilder::new(Convention::Direct).ta1(0x97).specific_mode(mode).build().unwrap().to_vec()
    };
    let negotiable = AtrBuilder::new(Convention::Direct).ta1(0x96).build().unwrap().to_vec();
    for (cold, expected) in [(insists(true), Ok(negotiable.clone())), (insists(false), Err(SlotError::Rate))] {
        let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
        card.atr = cold;
        let card = Rc::new(RefCell::new(ContactCard::new(card)));
        let mut line = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
        line.set_card(Some(card.clone()));
        let layer = WarmAtr { card, atr: negotiable.clone(), powered: false };
        let mut slot = ContactSlot::new(Layered::new(line, layer), SlotConfig::default());
        assert_eq!(block_on(slot.connect()).map(<[u8]>::to_vec), expected);
        if expected.is_ok() {
            let response =
                block_on(slot.transmit(&commands::select_environment(), &mut [0; 258])).map(|answer| answer.sw);
            assert_eq!(response, Ok(StatusWord::OK));
            assert_eq!(slot.line().rate(), (512, 32));
        }
        assert_eq!(slot.line().findings(), []);
    }
}

#[test]
fn a_warm_reset_takes_rights_away_and_leaves_power_on() {
    for t1 in [None, Some(T1 { ifsc: 100, crc: false })] {
        let mut rig = Rig::over(t1);
        assert_eq!(block_on(rig.slot.warm_reset()), Err(SlotError::NotConnected));
        rig.connect().unwrap();
        let secured = [
            commands::select_environment(),
            Command::new(0, 0xA4, 0, 0).with_data(&[0xDF, 0x01]).expecting(256),
            commands::select_file(&[0xEF, 0x05]),
            commands::read_record(1, 2),
        ];
        let status = |rig: &mut Rig| rig.send(&secured).pop().map(|result| result.map(|(_, sw)| sw));
        assert_eq!(status(&mut rig), Some(Ok(StatusWord::SECURITY_NOT_SATISFIED)));
        assert_eq!(rig.send(&[commands::verify(&[0x12, 0x34, 0x56])])[0], Ok((vec![], StatusWord::OK)));
        assert_eq!(status(&mut rig), Some(Ok(StatusWord::OK)));
        rig.events.borrow_mut().clear();
        block_on(rig.slot.warm_reset()).unwrap();
        assert!(!rig.events.borrow().iter().any(|event| matches!(event.2, LineEvent::Vcc(_))));
        assert_eq!(status(&mut rig), Some(Ok(StatusWord::SECURITY_NOT_SATISFIED)));
        rig.assert_no_finding();
    }
}

type Events = Rc<RefCell<Vec<(u64, (u16, u8), LineEvent)>>>;

/// A slot with a card; its line can be disturbed, and its events are written down.
struct Rig {
    slot: ContactSlot<Layered<Layered<VirtualLine, Faults>, Tracer>>,
    plan: FaultPlan,
    events: Events,
    time: VirtualTime,
}

/// What a card's answer to reset says about T=1.
#[derive(Clone, Copy, Debug)]
struct T1 {
    ifsc: u8,
    crc: bool,
}

impl Rig {
    fn new(card: ContactCard) -> Self {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let mut wire = VirtualLine::new(time.clone());
        wire.set_card(Some(Rc::new(RefCell::new(card))));
        let plan = FaultPlan::default();
        let events = Events::default();
        let sink = events.clone();
        let tracer = Tracer::new(move |cycle, rate, event| sink.borrow_mut().push((cycle, rate, event)));
        let line = Layered::new(Layered::new(wire, Faults(plan.clone())), tracer);
        Self { slot: ContactSlot::new(line, SlotConfig::default()), plan, events, time }
    }

    /// The sample card of generation 2 with this ATR.
    fn with_atr(atr: &AtrBuilder<'_>) -> Self {
        let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
        card.atr = atr.build().unwrap().to_vec();
        Self::new(ContactCard::new(card))
    }

    /// A card at 512/32 cycles per etu that speaks T=0, or T=1 with these parameters.
    fn over(t1: Option<T1>) -> Self {
        let atr = AtrBuilder::new(Convention::Direct).ta1(0x96);
        Self::with_atr(&match t1 {
            None => atr,
            Some(T1 { ifsc, crc }) => atr.t1(SpecificBytes { ta: Some(ifsc), tb: Some(0x45), tc: Some(crc.into()) }),
        })
    }

    fn send(&mut self, commands: &[Command<'_>]) -> Vec<Result<(Vec<u8>, StatusWord), SlotError>> {
        let mut one = |command: &Command<'_>| {
            // The time allowed is that for as much as the buffer has room for.
            let mut buffer = vec![0; command.ne + 2];
            let response = block_on(self.slot.transmit(command, &mut buffer))?;
            Ok((response.data.to_vec(), response.sw))
        };
        commands.iter().map(&mut one).collect()
    }

    fn connect(&mut self) -> Result<(), SlotError> {
        block_on(self.slot.connect()).map(|_| ())
    }

    fn characters(&self) -> u64 {
        let character =
            |event: &&(u64, (u16, u8), LineEvent)| matches!(event.2, LineEvent::ToCard(_) | LineEvent::FromCard(_));
        self.events.borrow().iter().filter(character).count() as u64
    }

    /// Error signals on the line so far.
    fn signals(&self) -> usize {
        let signalled = |event: &&(u64, (u16, u8), LineEvent)| match event.2 {
            LineEvent::ToCard(character) | LineEvent::FromCard(character) => character.signalled,
            _ => false,
        };
        self.events.borrow().iter().filter(signalled).count()
    }

    fn assert_no_finding(&mut self) {
        assert_eq!(self.slot.line().findings(), []);
    }
}

/// Clause 7.3, in both directions: if any character arrives damaged, up to three times in a row, it is repeated, and
/// the responses are those of an undisturbed line; a fourth time is too many. A fault of the line that can be repaired
/// costs the card nothing (docs/design.md §1, invariant 6).
#[test]
fn in_t0_every_character_is_repeated_until_it_is_right() {
    let mut plain = Rig::over(None);
    plain.connect().unwrap();
    let expected = plain.send(&commands_of_all_cases());
    assert!(expected.iter().all(Result::is_ok), "{expected:?}");
    let characters = plain.characters();
    assert!(characters > 150, "{characters}");
    // TS, the first character, has no error signal.
    for at in 1..characters {
        for times in [1, 3] {
            let mut rig = Rig::over(None);
            let flip = |n| Fault { at: at + n, what: Disturbance::Flip(1 << (at % 9)) };
            rig.plan.begin((0..times).map(flip).collect(), None);
            rig.connect().unwrap();
            assert_eq!(rig.send(&commands_of_all_cases()), expected, "character {at}, {times} times");
            assert_eq!(rig.signals(), times as usize, "character {at}");
            rig.assert_no_finding();
        }
        let mut rig = Rig::over(None);
        rig.plan.begin((0..4).map(|n| Fault { at: at + n, what: Disturbance::Flip(1) }).collect(), None);
        // During the answer to reset, a warm reset helps; during PPS, and until something was understood at the new rate, a
        // cold one does.
        if rig.connect().is_ok() && rig.characters() <= at {
            let header_and_first_procedure_byte = rig.characters() + 6;
            let failed = rig.send(&commands_of_all_cases()).into_iter().find_map(Result::err);
            let expected = match failed {
                Some(SlotError::NotAccepted) => Some(SlotError::NotAccepted),
                _ => Some(SlotError::Parity).filter(|_| at >= header_and_first_procedure_byte),
            };
            assert_eq!(failed, expected, "character {at}");
        }
        rig.assert_no_finding();
    }
}

/// Rules 7.1 to 7.3 of T=1 on the line: whatever happens to one character, the responses and the card's state are the
/// same.
#[test]
fn in_t1_whatever_happens_to_one_character_is_mended() {
    let t1 = Some(T1 { ifsc: 32, crc: true });
    let mut plain = Rig::over(t1);
    plain.connect().unwrap();
    let before = plain.characters();
    let expected = plain.send(&commands_of_all_cases());
    assert!(expected.iter().all(Result::is_ok), "{expected:?}");
    for at in before..plain.characters() {
        for what in [
            Disturbance::Flip(1 << (at % 9)),
            Disturbance::Flip(0b11),
            Disturbance::Lose,
            Disturbance::Double,
            Disturbance::Late(30),
            Disturbance::Late(60),
            Disturbance::Early(4),
        ] {
            let mut rig = Rig::over(t1);
            rig.plan.begin(vec![Fault { at, what }], None);
            rig.connect().unwrap();
            assert_eq!(rig.send(&commands_of_all_cases()), expected, "character {at}: {what:?}");
            rig.assert_no_finding();
        }
    }
}

/// Faults far enough apart for the standard's means to repair them. An LRC does not detect every lost or doubled
/// character (after the loss of LEN, the rest may be a valid block), so these faults are for a CRC.
fn mendable(t1: Option<T1>) -> impl Strategy<Value = Vec<Fault>> {
    let crc = t1.is_some_and(|t1| t1.crc);
    let what = move |kind: u8, bit: u8, etu: u32| match kind % 8 {
        0 if crc => Disturbance::Lose,
        1 if crc => Disturbance::Double,
        2 if crc => Disturbance::Flip(0b11 << (bit % 8)),
        3 => Disturbance::Late(etu % 30),
        4 => Disturbance::Early(etu % 8),
        _ => Disturbance::Flip(1 << (bit % 9)),
    };
    let one = (any::<(u8, u8, u32)>().prop_map(move |(kind, bit, etu)| what(kind, bit, etu)), 1u64..=3, 0u64..400);
    prop::collection::vec(one, 0..6).prop_map(move |faults| {
        // In T=0 a character is damaged up to three times. In T=1 one block is damaged, and the next one only after
        // this block is through. Damage that parity does not detect may turn the answer to reset into another valid
        // one: T=1's faults come after it.
        let mut at = if t1.is_some() { 40 } else { 1 };
        let mut all = Vec::new();
        for (what, times, gap) in faults {
            let times = if t1.is_some() || !matches!(what, Disturbance::Flip(_)) { 1 } else { times };
            at += gap;
            all.extend((0..times).map(|n| Fault { at: at + n, what }));
            at += if t1.is_some() { 300 } else { times + 1 };
        }
        all
    })
}

/// The kind of a command in a random session; the card answers each in the same way on two lines.
#[derive(Clone, Debug)]
struct Asked {
    header: [u8; 4],
    data: Vec<u8>,
    ne: usize,
}

fn asked() -> impl Strategy<Value = Asked> {
    let sensible = prop::sample::select(commands_of_all_cases()).prop_map(|command| Asked {
        header: [command.cla, command.ins, command.p1, command.p2],
        data: command.data.to_vec(),
        ne: command.ne,
    });
    // INS that T=0 cannot carry are left out. For INS where T=0 cannot distinguish data from a length, the norm's form
    // is used.
    let ins = prop::sample::select(vec![0x16u8, 0x20, 0x82, 0x84, 0x88, 0xA4, 0xB0, 0xB2, 0xD6, 0xDC, 0x55]);
    let any = (ins, any::<(u8, u8)>(), prop::collection::vec(any::<u8>(), 0..60), 0usize..=256).prop_map(
        |(ins, (p1, p2), data, ne)| {
            let data = if commands::takes_data(ins) { data } else { Vec::new() };
            Asked { header: [0, ins, p1, p2], data, ne }
        },
    );
    prop_oneof![2 => sensible, 1 => any]
}

fn as_commands(asked: &[Asked]) -> Vec<Command<'_>> {
    asked
        .iter()
        .map(|asked| {
            let [cla, ins, p1, p2] = asked.header;
            Command::new(cla, ins, p1, p2).with_data(&asked.data).expecting(asked.ne)
        })
        .collect()
}

fn t1() -> impl Strategy<Value = Option<T1>> {
    let any = (prop_oneof![1u8..=8, 1u8..=254, Just(254)], any::<bool>());
    prop::option::weighted(0.6, any.prop_map(|(ifsc, crc)| T1 { ifsc, crc }))
}

/// How many random sessions of each kind are played: 300, or as many as `QIYONG_SESSIONS` says.
fn sessions() -> u32 {
    std::env::var("QIYONG_SESSIONS").map_or(300, |count| count.parse().expect("a number"))
}

/// A protocol, and faults that it can repair.
fn disturbed() -> impl Strategy<Value = (Option<T1>, Vec<Fault>)> {
    t1().prop_flat_map(|t1| (Just(t1), mendable(t1)))
}

/// Any faults, even those that no standard can repair.
fn anything() -> impl Strategy<Value = Vec<Fault>> {
    let what = prop_oneof![
        4 => (1u16..512).prop_map(Disturbance::Flip),
        2 => Just(Disturbance::Lose),
        2 => Just(Disturbance::Double),
        1 => (0u32..20_000).prop_map(Disturbance::Late),
        1 => (0u32..40).prop_map(Disturbance::Early),
        1 => Just(Disturbance::Silence),
        1 => Just(Disturbance::ShortCircuit),
        1 => Just(Disturbance::Pull),
        1 => prop::sample::select(Misbehaviour::ALL.to_vec()).prop_map(Disturbance::Misbehave),
    ];
    prop::collection::vec((0u64..500, what).prop_map(|(at, what)| Fault { at, what }), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: sessions(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Random commands, IFSC and faults that the standard can repair, over T=0 and T=1: the responses are those of the
    /// same card on an undisturbed line.
    #[test]
    fn what_can_be_mended_is_mended((t1, faults) in disturbed(), asked in prop::collection::vec(asked(), 1..8)) {
        let commands = as_commands(&asked);
        let mut plain = Rig::over(t1);
        prop_assert_eq!(plain.connect(), Ok(()));
        let mut rig = Rig::over(t1);
        rig.plan.begin(faults, None);
        prop_assert_eq!(rig.connect(), Ok(()));
        prop_assert_eq!(rig.send(&commands), plain.send(&commands));
        rig.assert_no_finding();
    }

    /// With other faults: an error within the budget, or the response; and after the next reset the card works.
    #[test]
    fn what_cannot_be_mended_ends_with_a_reason_in_time(
        t1 in t1(),
        faults in anything(),
        asked in prop::collection::vec(asked(), 1..5),
    ) {
        let commands = as_commands(&asked);
        let mut plain = Rig::over(t1);
        prop_assert_eq!(plain.connect(), Ok(()));
        let mut rig = Rig::over(t1);
        rig.plan.begin(faults, None);
        // Damage that no check of an answer to reset detects may turn it into one with other waiting times.
        let sound = block_on(plain.slot.connect()).unwrap().to_vec();
        let connected = block_on(rig.slot.connect()).map(<[u8]>::to_vec);
        if let Ok(atr) = connected {
            for command in &commands {
                let before = rig.time.cycles();
                let failed = rig.send(&[*command]).into_iter().any(|result| result.is_err());
                // 20 s, and for T=1 the time of its rules for a silent card.
                let seconds = (rig.time.cycles() - before) / CLOCK_HZ;
                prop_assert!(seconds <= 45 || atr != sound, "{} s", seconds);
                if failed {
                    break;
                }
            }
        }
        block_on(rig.slot.disconnect());
        // The same card again, undisturbed: whatever was on the line, its state is right.
        rig.plan.begin(Vec::new(), None);
        if rig.slot.line().present() {
            prop_assert_eq!(rig.connect(), Ok(()));
            prop_assert!(rig.send(&[commands::select_environment()])[0].is_ok());
        }
        rig.assert_no_finding();
    }
}

#[test]
fn storms_end_with_a_reason() {
    for (kind, t1) in [
        (Misbehaviour::NullForever, None),
        (Misbehaviour::GetResponseForever, None),
        (Misbehaviour::WrongLengthForever, None),
        (Misbehaviour::ExtensionForever, Some(T1 { ifsc: 32, crc: false })),
        (Misbehaviour::WrongNumbers, Some(T1 { ifsc: 32, crc: false })),
    ] {
        let mut rig = Rig::over(t1);
        rig.connect().unwrap();
        let at = rig.characters();
        rig.plan.begin(vec![Fault { at: 0, what: Disturbance::Misbehave(kind) }], None);
        let before = rig.time.cycles();
        let result = rig.send(&[commands::read_record(1, 16)]).remove(0);
        assert!(matches!(result, Err(SlotError::T0(_) | SlotError::T1(_))), "{kind:?}: {result:?}");
        assert!((rig.time.cycles() - before) / CLOCK_HZ <= 45, "{kind:?}");
        assert!(rig.characters() - at < 5_000, "{kind:?}: {} characters", rig.characters() - at);
    }
}

#[test]
fn a_short_circuit_takes_the_card_off_power_and_is_named() {
    let mut rig = Rig::over(None);
    rig.connect().unwrap();
    rig.plan.begin(vec![Fault { at: 3, what: Disturbance::ShortCircuit }], None);
    assert_eq!(rig.send(&[commands::select_environment()]), [Err(SlotError::ShortCircuit)]);
    let last = rig.events.borrow().last().unwrap().2;
    assert_eq!(last, LineEvent::Vcc(None));
    assert_eq!(rig.send(&[commands::select_environment()]), [Err(SlotError::NotConnected)]);
    rig.connect().unwrap();
    assert!(rig.send(&[commands::select_environment()])[0].is_ok());
    rig.assert_no_finding();
}

/// Clause 6.3.2: 1860 cycles before and 700 after, in the state that the card names; the wire checks the times.
#[test]
fn the_clock_of_a_resting_card_is_stopped_as_it_allows() {
    for (x, state) in [(0x40, Some(Clock::Low)), (0x80, Some(Clock::High)), (0xC0, Some(Clock::Low)), (0x00, None)] {
        let global = SpecificBytes { ta: Some(x | 0x07), tb: None, tc: None };
        let mut rig = Rig::with_atr(&AtrBuilder::new(Convention::Direct).t0(None).t15(global));
        rig.connect().unwrap();
        for _ in 0..2 {
            rig.events.borrow_mut().clear();
            block_on(rig.slot.rest());
            block_on(rig.slot.rest());
            assert!(rig.send(&[commands::select_environment()])[0].is_ok(), "{x:02X}");
            let clocks: Vec<_> = rig
                .events
                .borrow()
                .iter()
                .filter_map(|event| match event.2 {
                    LineEvent::Clk(clock) => Some(clock),
                    _ => None,
                })
                .collect();
            let expected: Vec<_> = state.into_iter().flat_map(|state| [state, Clock::Running]).collect();
            assert_eq!(clocks, expected, "{x:02X}");
        }
        block_on(rig.slot.rest());
        block_on(rig.slot.disconnect());
        rig.assert_no_finding();
    }
}

#[test]
fn extended_apdus_pass_in_both_protocols() {
    // DF01 EF16 has 296 bytes that everybody may read; the card's historical bytes say that it takes extended lengths.
    let historical = [0x80, 0x73, 0xC0, 0x01, 0x40];
    let t1 = SpecificBytes { ta: Some(254), tb: Some(0x45), tc: None };
    let atr = AtrBuilder::new(Convention::Direct).historical(&historical);
    let data = [0x55; 300];
    for (atr, chunk) in [(atr.t1(t1), 296), (atr, 256)] {
        let mut rig = Rig::with_atr(&atr);
        rig.connect().unwrap();
        let aid = commands::application_aid(0);
        let responses = rig.send(&[
            Command::new(0, 0xA4, 4, 0).with_data(&aid).expecting(256),
            commands::select_file(&[0xEF, 0x16]),
            Command::new(0, 0xB0, 0, 0).expecting(4096),
            // Nobody may write there without a key; the answer shows that the card has understood the command.
            Command::new(0, 0xD6, 0, 0).with_data(&data),
        ]);
        let responses: Vec<_> = responses.into_iter().map(Result::unwrap).collect();
        assert_eq!((responses[2].0.len(), responses[2].1), (chunk, StatusWord::OK));
        assert_eq!(responses[3].1, StatusWord::SECURITY_NOT_SATISFIED);
        rig.assert_no_finding();
    }
    let mut rig = Rig::over(None);
    rig.connect().unwrap();
    let refused = rig.send(&[Command::new(0, 0xD6, 0, 0).with_data(&data)]).remove(0);
    assert!(matches!(refused, Err(SlotError::T0(_))), "a card that says nothing of it gets no ENVELOPE: {refused:?}");
}

/// The terminal loses no time: a session takes as long on the line as the standard demands for its characters. This is
/// in etu of clause 7.1, with the guard times of clauses 8.3, 10.2 and 11.2.
#[test]
fn a_session_takes_what_its_characters_need() {
    for t1 in [None, Some(T1 { ifsc: 254, crc: false })] {
        let mut rig = Rig::over(t1);
        rig.connect().unwrap();
        rig.send(&commands_of_all_cases());
        let efficiency = Efficiency::of(rig.events.borrow().iter().copied());
        assert_eq!(efficiency.characters, rig.characters());
        assert!((1.0..1.005).contains(&efficiency.ratio()), "{t1:?}: {efficiency:?}, {}", efficiency.ratio());
    }
}
