//! Cards that cannot do what they offer: the slot asks them for less, remembers it for the visit, and gives up
//! where it would have to guess.

use hex_literal::hex;
use qiyong_firmware::slot::LineConfig;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::character::Received;
use qiyong_sim::card::contact::PpsHabit;

use super::*;

/// What of the card's answers does not arrive until its next reset.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unheard {
    /// Nothing is missing.
    Nothing,
    /// All after PPS, at the new rate.
    AtTheNewRate,
    /// All after an S(IFS request).
    AfterSIfs,
    /// Both.
    Both,
}

struct Deaf {
    unheard: Unheard,
    /// The characters to the card since the answer to reset.
    sent: Vec<u8>,
}

impl Layer for Deaf {
    fn before_character(&mut self, line: &mut impl SimulatedLine) -> Result<(), LineError> {
        let rate = matches!(self.unheard, Unheard::AtTheNewRate | Unheard::Both) && line.rate() != (372, 1);
        let after_pps = if self.sent.starts_with(&[0xFF]) { 4 } else { 0 };
        let ifs = matches!(self.unheard, Unheard::AfterSIfs | Unheard::Both)
            && self.sent.get(after_pps..).is_some_and(|block| block.starts_with(&[0x00, 0xC1]));
        if rate || ifs {
            line.disturb(Disturbance::Silence);
        }
        Ok(())
    }

    fn happened(&mut self, _: &impl SimulatedLine, event: LineEvent) {
        match event {
            LineEvent::Rst(_) => self.sent.clear(),
            LineEvent::ToCard(character) => self.sent.push(character.byte),
            _ => {}
        }
    }
}

struct Bench {
    slot: ContactSlot<Layered<Layered<VirtualLine, Deaf>, Tracer>>,
    events: Events,
}

impl Bench {
    fn new(atr: &[u8], pps: PpsHabit, unheard: Unheard, config: SlotConfig) -> Self {
        let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
        card.atr = atr.to_vec();
        let mut card = ContactCard::new(card);
        card.card.habits.pps = pps;
        let card = Rc::new(RefCell::new(card));
        let mut wire = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
        wire.set_card(Some(card.clone()));
        let events = Events::default();
        let sink = events.clone();
        let tracer = Tracer::new(move |cycle, rate, event| sink.borrow_mut().push((cycle, rate, event)));
        let line = Layered::new(Layered::new(wire, Deaf { unheard, sent: Vec::new() }), tracer);
        Self { slot: ContactSlot::new(line, config), events }
    }

    /// What the slot asked the card for, in order: `reset` for RST going high, `P` for a PPS request, `S` for S(IFS request).
    fn asked(&mut self) -> String {
        let mut words = String::new();
        let (mut sent, mut pps) = (0, false);
        for (_, _, event) in self.events.borrow_mut().drain(..) {
            match event {
                LineEvent::Rst(true) => {
                    words.push_str(" reset");
                    (sent, pps) = (0, false);
                }
                LineEvent::Vcc(None) => words.push_str(" off"),
                LineEvent::ToCard(character) => {
                    if sent == 0 && character.byte == 0xFF {
                        pps = true;
                        words.push_str(" P");
                    } else if character.byte == 0xC1 && sent == if pps { 5 } else { 1 } {
                        words.push_str(" S");
                    }
                    sent += 1;
                }
                _ => {}
            }
        }
        words.trim_start().into()
    }

    fn works(&mut self) {
        let mut buffer = [0; 258];
        let response = block_on(self.slot.transmit(&commands::get_challenge(), &mut buffer));
        assert_eq!(response.map(|response| (response.data.len(), response.sw)), Ok((8, StatusWord::OK)));
    }

    fn reset_again(&mut self) -> String {
        block_on(self.slot.warm_reset()).unwrap();
        self.works();
        self.asked()
    }
}

const T0: [u8; 3] = hex!("3B1096");
const T1: [u8; 7] = hex!("3B9096812145E3");

/// Clause 9: not asked again, whatever resets follow, until the visit is over.
#[test]
fn what_failed_is_not_asked_for_again_in_this_visit() {
    let cases: [(&[u8], PpsHabit, Unheard, &str, &str); 9] = [
        (&T0, PpsHabit::AsAsked, Unheard::Nothing, "reset P", "reset P"),
        (&T1, PpsHabit::AsAsked, Unheard::Nothing, "reset P S", "reset P S"),
        (&T0, PpsHabit::Silent, Unheard::Nothing, "reset P off reset", "reset"),
        (&T0, PpsHabit::WrongPck, Unheard::Nothing, "reset P off reset", "reset"),
        (&T1, PpsHabit::Silent, Unheard::Nothing, "reset P off reset S", "reset S"),
        (&T0, PpsHabit::AsAsked, Unheard::AtTheNewRate, "reset P off reset", "reset"),
        // Rule 7.4.1: three attempts.
        (&T1, PpsHabit::AsAsked, Unheard::AtTheNewRate, "reset P S off reset S", "reset S"),
        (&hex!("3B8081214565"), PpsHabit::AsAsked, Unheard::AfterSIfs, "reset S off reset", "reset"),
        (&T1, PpsHabit::AsAsked, Unheard::Both, "reset P S off reset S off reset", "reset"),
    ];
    for (atr, pps, unheard, first, then) in cases {
        let mut bench = Bench::new(atr, pps, unheard, SlotConfig::default());
        block_on(bench.slot.connect()).unwrap_or_else(|error| panic!("{atr:02X?} {pps:?} {unheard:?}: {error:?}"));
        // A rate that is of no use shows at the first command.
        bench.works();
        assert_eq!(bench.asked(), first, "{atr:02X?} {pps:?} {unheard:?}");
        assert_eq!(bench.reset_again(), then, "{atr:02X?} {pps:?} {unheard:?}");
        // Connected to anew within the visit.
        block_on(bench.slot.connect()).unwrap();
        bench.works();
        assert_eq!(bench.asked(), format!("off {then}"), "{atr:02X?} {pps:?} {unheard:?}");
        // After the visit another card may be in the slot.
        block_on(bench.slot.disconnect());
        block_on(bench.slot.connect()).unwrap();
        bench.works();
        assert_eq!(bench.asked(), format!("off {first}"), "{atr:02X?} {pps:?} {unheard:?}: another card");
        assert_eq!(bench.slot.line().findings(), []);
    }
}

/// Clause 10.3.3: data go out only after the card's acknowledgement. So a command that the card may have carried out is not
/// sent twice: once something was understood at the new rate, silence ends the exchange.
#[test]
fn a_rate_that_has_proved_itself_is_not_given_up() {
    let mut rig = Rig::over(None);
    rig.connect().unwrap();
    assert!(rig.send(&[commands::select_environment()])[0].is_ok());
    rig.plan.begin(vec![Fault { at: 0, what: Disturbance::Silence }], None);
    rig.events.borrow_mut().clear();
    let failed = rig.send(&[commands::get_challenge()]).remove(0);
    assert!(matches!(failed, Err(SlotError::T0(_))), "{failed:?}");
    assert!(!rig.events.borrow().iter().any(|event| event.2 == LineEvent::Rst(true)));
    // Neither by an acknowledgement only.
    let mut rig = Rig::over(None);
    rig.connect().unwrap();
    rig.plan.begin(vec![Fault { at: 6, what: Disturbance::Silence }], None);
    let failed = rig.send(&[commands::select_environment()]).remove(0);
    assert!(matches!(failed, Err(SlotError::T0(_))), "{failed:?}");
}

/// Clauses 6.3.1 and 8.3: F and D that the ATR does not name are not guessed.
#[test]
fn an_implicit_rate_is_that_of_the_slots_maker_or_none() {
    let mode = |can_change, implicit| {
        let mode = SpecificMode { protocol: 0, can_change, implicit };
        AtrBuilder::new(Convention::Direct).ta1(0x96).specific_mode(mode).build().unwrap().to_vec()
    };
    let known = SlotConfig { implicit_rate: Some((512, 32)), ..SlotConfig::default() };
    let too_fast = SlotConfig { implicit_rate: Some((512, 64)), ..SlotConfig::default() };
    for (config, implicit, expected) in [
        (SlotConfig::default(), false, Ok((512, 32))),
        (SlotConfig::default(), true, Err(SlotError::RateImplicit)),
        (known, true, Ok((512, 32))),
        (too_fast, true, Err(SlotError::Rate)),
    ] {
        let mut bench = Bench::new(&mode(false, implicit), PpsHabit::AsAsked, Unheard::Nothing, config);
        let connected = block_on(bench.slot.connect()).map(|_| ());
        assert_eq!(connected.map(|()| bench.slot.line().rate()), expected);
        assert_eq!(bench.asked(), if expected.is_ok() { "reset" } else { "reset off" });
    }
    // TA1 70: the code of Fi is reserved.
    let reserved = SpecificMode { protocol: 0, can_change: false, implicit: false };
    let atr = AtrBuilder::new(Convention::Direct).ta1(0x70).specific_mode(reserved).build().unwrap();
    let mut bench = Bench::new(&atr, PpsHabit::AsAsked, Unheard::Nothing, SlotConfig::default());
    assert_eq!(block_on(bench.slot.connect()), Err(SlotError::RateReserved));
    // A card that says so is reset first, since it may change.
    let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
    card.atr = mode(true, true);
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let mut line = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
    line.set_card(Some(card.clone()));
    let layer = WarmAtr { card, atr: T0.to_vec(), powered: false };
    let mut slot = ContactSlot::new(Layered::new(line, layer), SlotConfig::default());
    assert_eq!(block_on(slot.connect()).map(<[u8]>::to_vec), Ok(T0.to_vec()));
    assert_eq!(slot.line().rate(), (512, 32));
}

/// Clauses 8.1 and 8.2.5: whatever happens to one character of an answer to reset, another reset brings the right one, but
/// for one case: without TCK, a character that arrives twice shows that the line does what T=0 cannot detect. Then the card is
/// not used until it is connected to again.
#[test]
fn an_answer_to_reset_is_asked_for_again_unless_a_character_of_it_came_twice_in_t0() {
    // A card of the second generation (docs/card.md §3.4), and one with TCK.
    let plain = hex!("3B6D000000814E43238697159900BF7C7A");
    let checked = hex!("3B9F96801F4300814E43238697159900BF7C7A1122");
    let checked = [&checked[..], &[checked[1..].iter().fold(0, |sum, byte| sum ^ byte)]].concat();
    for (atr, has_tck) in [(&plain[..], false), (&checked, true)] {
        let mut unfit = 0;
        for at in 0..atr.len() as u64 {
            let flip = Disturbance::Flip(1 << (at % 9));
            for what in [Disturbance::Double, Disturbance::Lose, Disturbance::Late(10_000), flip] {
                let mut rig = times::wearing(atr, PpsHabit::AsAsked);
                rig.plan.begin(vec![Fault { at, what }], None);
                let mut connected = block_on(rig.slot.connect()).map(<[u8]>::to_vec);
                if what == Disturbance::Double && !has_tck && at > 0 {
                    assert!(matches!(connected, Err(SlotError::Atr(AtrError::TooLong { .. }))), "{at}: {connected:?}");
                    let resets = rig.events.borrow().iter().filter(|event| event.2 == LineEvent::Rst(true)).count();
                    assert_eq!(resets, 1, "{at}");
                    unfit += 1;
                    connected = block_on(rig.slot.connect()).map(<[u8]>::to_vec);
                }
                assert_eq!(connected, Ok(atr.to_vec()), "{what:?} at {at}");
                assert!(rig.send(&[commands::select_environment()])[0].is_ok(), "{what:?} at {at}");
                rig.assert_no_finding();
            }
        }
        assert_eq!(unfit, if has_tck { 0 } else { atr.len() - 1 });
    }
}

/// Clause 8.3: the code 0 of Fi means a clock of 4 MHz at most; clause 5.2.3: 1 to 5 MHz until the card has answered.
#[test]
fn a_clock_that_the_card_cannot_take_is_refused() {
    struct At(VirtualLine, u32);
    let cases: [(&[u8], u32, Result<(), SlotError>); 6] = [
        (&hex!("3B1001"), 4_000_000, Ok(())),
        (&hex!("3B1001"), 4_000_001, Err(SlotError::Clock { max_khz: 4000 })),
        (&hex!("3B1011"), 5_000_000, Ok(())),
        (&hex!("3B1091"), 5_000_001, Err(SlotError::Clock { max_khz: 5000 })),
        (&hex!("3B00"), 999_999, Err(SlotError::Clock { max_khz: 5000 })),
        (&hex!("3B00"), 1_000_000, Ok(())),
    ];
    impl CardLine for At {
        async fn wait_for_card(&mut self, seconds: u16) -> bool {
            self.0.wait_for_card(seconds).await
        }
        async fn removal(&mut self) {
            self.0.removal().await;
        }
        fn present(&mut self) -> bool {
            self.0.present()
        }
        async fn set_vcc(&mut self, class: Option<VoltageClass>) {
            self.0.set_vcc(class).await;
        }
        fn set_rst(&mut self, high: bool) {
            self.0.set_rst(high);
        }
        fn set_clk(&mut self, clock: Clock) {
            self.0.set_clk(clock);
        }
        fn set_io(&mut self, released: bool) {
            self.0.set_io(released);
        }
        fn configure(&mut self, config: &LineConfig) {
            self.0.configure(config);
        }
        fn clk_hz(&self) -> u32 {
            self.1
        }
        async fn wait(&mut self, cycles: u32) {
            self.0.wait(cycles).await;
        }
        async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
            self.0.send(bytes).await
        }
        async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
            self.0.receive(within).await
        }
    }
    for (atr, clk_hz, expected) in cases {
        let mut card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
        card.atr = atr.to_vec();
        let mut wire = VirtualLine::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()));
        wire.set_card(Some(Rc::new(RefCell::new(ContactCard::new(card)))));
        let mut slot = ContactSlot::new(At(wire, clk_hz), SlotConfig::default());
        assert_eq!(block_on(slot.connect()).map(|_| ()), expected, "{atr:02X?} at {clk_hz} Hz");
    }
}
