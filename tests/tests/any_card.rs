//! Any card in the terminal: habits, answers to reset, faults and records by chance. Sound cards are served; with any
//! other the visit ends, in bounded virtual time, and no card makes the terminal break a rule of the card line.
//!
//! Single kinds of cards are in the scenarios `rule-card-*` and `refused-card-unreadable-*`.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use proptest::prelude::*;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::iso7816::atr::{Atr, AtrBuilder, SpecificBytes, Tck};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_protocol::iso7816::t1::IfsAnswer;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Outcome;
use qiyong_sim::card::contact::{ContactCard, Habits, Misbehaviour, PpsHabit, WtxHabit};
use qiyong_sim::card::file::Files;
use qiyong_sim::referee::Finding;
use qiyong_sim::scenario::centre::Centre;
use qiyong_sim::time::{CLOCK_HZ, VirtualTime};
use qiyong_sim::world::World;
use qiyong_sim::world::visit::Visit;
use qiyong_tests::sample_card;

/// More than any visit may take, in seconds of virtual time: each command has a budget of about 20 s, and the first one
/// that fails decides.
const VISIT_SECONDS: u64 = 600;

/// What is drawn for a card.
#[derive(Clone, Debug)]
struct AnyCard {
    generation: Generation,
    atr: Option<Vec<u8>>,
    habits: Habits,
    misbehaviour: Option<Misbehaviour>,
    files: Files,
}

/// One purchase with this card; returns the report, what the referee found, and the seconds that it took.
fn visit(drawn: &AnyCard) -> (Report, Vec<Finding>, u64) {
    let code = InstitutionCode::new("P32010000017").unwrap();
    let mut centre = InProcess::lent().unwrap();
    centre.add_institution(&Institution::of_region(code)).unwrap();
    let new = NewCard { protocol: 0, ..sample_card(drawn.generation) };
    let record = record_of(&new, centre.hsm()).unwrap();
    centre.add_card(&CardRecord { account: Fen(50_000), pin_is_initial: false, ..record }).unwrap();
    let mut made = make_card(&new, centre.hsm()).unwrap();
    let historical = Atr::new(&made.atr).historical().to_vec();
    if let Some(atr) = &drawn.atr {
        // The keys follow from the historical bytes, so a sound card keeps those of its maker.
        made.atr = with_historical(atr, &historical);
    }
    made.habits = drawn.habits;
    made.write_files(&drawn.files).unwrap();
    let pins = VecDeque::from([made.pin.value.clone()]);
    let mut card = ContactCard::new(made);
    card.misbehaviour = drawn.misbehaviour;
    let world = World::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()), centre);
    let mut terminal = world.terminal(code, 1, 1);
    let operation = Operation::Purchase(Bill::new(Fen(3_000), Fen(0)).unwrap());
    let visit = Visit { pins, ..Visit::default() };
    let report = terminal.serve(&operation, Some(Rc::new(RefCell::new(card))), visit).expect("a till that is answered");
    (report, terminal.findings().to_vec(), world.time.cycles() / CLOCK_HZ)
}

/// A valid ATR whose K is 13 gets these historical bytes and their TCK; anything else stays as it is.
fn with_historical(atr: &[u8], historical: &[u8]) -> Vec<u8> {
    let view = Atr::new(atr);
    let has_tck = !matches!(view.tck(), Tck::Absent);
    if view.check().is_err() || view.historical().len() != historical.len() {
        return atr.to_vec();
    }
    let end = atr.len() - historical.len() - usize::from(has_tck);
    let mut bytes = [&atr[..end], historical].concat();
    if has_tck {
        bytes.push(bytes.iter().skip(1).fold(0, |xor, byte| xor ^ byte));
    }
    bytes
}

prop_compose! {
    /// An ATR that a sound card may have: any convention, N, WI, rate, T=1 parameters and classes.
    fn sound_atr()(
        inverse: bool,
        // None; 512/32; 512/8; 372/4; 512/64, which the terminal cannot do.
        ta1 in prop::option::of(prop::sample::select(vec![0x96, 0x94, 0x13, 0x97, 0x11])),
        n in prop::sample::select(vec![0u8, 1, 7, 32, 254, 255]),
        t1 in prop::option::of((1u8..=254, 0u8..=5, 2u8..=13, any::<bool>())),
        classes in prop::option::of(prop::sample::select(vec![0x03u8, 0x07, 0xC7])),
    ) -> Vec<u8> {
        // A card that wanted its characters further apart than CWT allows could not be served by anybody.
        let n = match t1 {
            Some((_, _, cwi, _)) if n < 255 && 12 + u32::from(n) > 11 + (1 << cwi) => 0,
            _ => n,
        };
        let mut atr = AtrBuilder::new(if inverse { Convention::Inverse } else { Convention::Direct }).tc1(n);
        if let Some(ta1) = ta1 {
            atr = atr.ta1(ta1);
        }
        if let Some((ifsc, bwi, cwi, crc)) = t1 {
            let specific = SpecificBytes { ta: Some(ifsc), tb: Some(bwi << 4 | cwi), tc: Some(crc.into()) };
            atr = atr.t1(specific);
        }
        if let Some(classes) = classes {
            atr = atr.t15(SpecificBytes { ta: Some(classes), tb: None, tc: None });
        }
        atr.historical(&[0; 13]).build().unwrap().to_vec()
    }
}

fn any_pps() -> impl Strategy<Value = PpsHabit> {
    prop_oneof![
        Just(PpsHabit::AsAsked),
        Just(PpsHabit::NoPps1),
        any::<u8>().prop_map(PpsHabit::Pps1),
        Just(PpsHabit::Protocol),
        Just(PpsHabit::WrongPck),
        Just(PpsHabit::Silent),
        Just(PpsHabit::Unusable),
        Just(PpsHabit::UnusableOnce),
    ]
}

fn any_procedure() -> impl Strategy<Value = AckStyle> {
    prop::sample::select(vec![AckStyle::All, AckStyle::EachByte, AckStyle::Mixed, AckStyle::WhenEmpty])
}

fn any_ifs() -> impl Strategy<Value = IfsAnswer> {
    prop_oneof![Just(IfsAnswer::AsAsked), Just(IfsAnswer::Nothing), any::<u8>().prop_map(IfsAnswer::Other)]
}

prop_compose! {
    /// Any habits; those of a sound card stay within its waiting times.
    fn habits(sound: bool)(
        pps in any_pps(),
        procedure in any_procedure(),
        ifs in any_ifs(),
        wtx in prop::option::of((1u8..=3, 1u8..=255, any::<bool>())),
        delay in if sound { 0u32..=200 } else { 0u32..=200_000 },
        implicit in prop::option::of(prop::sample::select(vec![0x11, 0x13, 0x96])),
    ) -> Habits {
        let wtx = wtx.map(|(times, multiplier, uses)| {
            let multiplier = if sound { multiplier % 3 + 1 } else { multiplier };
            WtxHabit { times, multiplier, uses }
        });
        Habits { pps, procedure, ifs, wtx, response_delay: delay, implicit }
    }
}

prop_compose! {
    fn any_generation()(index in 0usize..3) -> Generation {
        Generation::ALL[index]
    }
}

fn sound_card() -> impl Strategy<Value = AnyCard> {
    (any_generation(), prop::option::of(sound_atr()), habits(true)).prop_map(|(generation, atr, habits)| AnyCard {
        generation,
        atr,
        habits,
        misbehaviour: None,
        files: Files::new(),
    })
}

/// Bytes by chance, or a sound ATR with one byte changed or cut off.
fn any_atr() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..=64),
        prop::collection::vec(any::<u8>(), 1..=33).prop_map(|rest| [&[0x3B][..], &rest].concat()),
        sound_atr(),
        (sound_atr(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut atr, at, byte)| {
            let at = at.index(atr.len());
            atr[at] = byte;
            atr
        }),
        (sound_atr(), any::<prop::sample::Index>()).prop_map(|(mut atr, len)| {
            atr.truncate(1 + len.index(atr.len()));
            atr
        }),
    ]
}

/// Bytes by chance in records that the terminal reads.
fn any_records() -> impl Strategy<Value = Files> {
    let record = |len: usize| {
        prop_oneof![
            prop::collection::vec(any::<u8>(), len),
            Just(vec![0x00; len]),
            Just(vec![0x20; len]),
            Just(vec![0xFF; len]),
        ]
    };
    let places = [("SSSE/EF05", "03", 4), ("SSSE/EF05", "06", 4), ("SSSE/EF05", "07", 9), ("SSSE/EF06", "08", 18)];
    let name = ("SSSE/EF06", "09", 30);
    let places = places.into_iter().chain([name, ("SSSE/EF05", "01", 16)]);
    let all: Vec<_> = places.map(|(file, tag, len)| record(len).prop_map(move |value| (file, tag, value))).collect();
    prop::option::of(prop::sample::select((0..all.len()).collect::<Vec<_>>())).prop_flat_map(move |which| match which {
        None => Just(Files::new()).boxed(),
        Some(index) => all[index]
            .clone()
            .prop_map(|(file, tag, value)| {
                let text = format!("hex:{}", hex::encode_upper(value));
                Files::from([(file.to_string(), BTreeMap::from([(tag.to_string(), text)]))])
            })
            .boxed(),
    })
}

fn any_card() -> impl Strategy<Value = AnyCard> {
    let fault = prop::option::weighted(0.2, prop::sample::select(Misbehaviour::ALL.to_vec()));
    (any_generation(), prop::option::of(any_atr()), habits(false), fault, any_records()).prop_map(
        |(generation, atr, habits, misbehaviour, files)| AnyCard { generation, atr, habits, misbehaviour, files },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a sound card does in its own way, the sale goes through.
    #[test]
    fn sound_cards_of_any_kind_are_served(drawn in sound_card()) {
        let (report, findings, seconds) = visit(&drawn);
        prop_assert_eq!((report.outcome, report.effects.activates), (Outcome::Approved, true), "{:?}", report);
        prop_assert_eq!(findings, []);
        prop_assert!(seconds < VISIT_SECONDS, "{seconds} s");
    }

    /// With any other card the visit ends, with a reason.
    #[test]
    fn no_card_makes_the_terminal_panic_or_hang(drawn in any_card()) {
        let (report, _, seconds) = visit(&drawn);
        prop_assert_eq!(report.outcome == Outcome::Approved, report.reason.is_none(), "{:?}", report);
        prop_assert!(seconds < VISIT_SECONDS, "{seconds} s: {report:?}");
    }
}
