//! The rules of production: the graph of stages, progress, orders and reports, who may take a card.

use std::collections::HashSet;

use jiff::civil::{Date, date};
use strum::VariantArray;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::files::{EF05, EF06, Generation, tag};
use qiyong_protocol::card::issue::IssuedCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::records::Record;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::money::Fen;

use crate::configuration::{self, Parameter};
use crate::hsm::Hsm;
use crate::production::bank::is_bank_card;
use crate::production::hand_over::{Claim, Collector, GuardianProof, Holder, Shown};
use crate::production::personalisation::{
    Personalisation, PersonalisationError, card_date, card_name, card_number, expiry,
};
use crate::production::pin::{InitialPin, initial_is_common};
use crate::production::progress::Progress;
use crate::production::refusal::ProductionRefusal as R;
use crate::production::report::{FailedAt, Made, Ordered, Reported};
use crate::production::settings::{Maker, Production, Terms};
use crate::production::stage::{Stage, Step};
use crate::registry;
use crate::store::Store;

const TODAY: Date = date(2026, 3, 2);

fn nanjing() -> Region {
    Region::new("320100").unwrap()
}

/// No dead ends: every stage that is not final leads to a final one, every stage and every step is reached, and nothing
/// leaves a final stage.
#[test]
fn every_stage_leads_to_an_end() {
    let next = |stage: Stage| Step::VARIANTS.iter().filter_map(move |step| stage.after(*step));
    let mut ending: HashSet<_> = Stage::VARIANTS.iter().copied().filter(|stage| stage.is_final()).collect();
    let mut reached = HashSet::from([Stage::BankOpening]);
    for _ in Stage::VARIANTS {
        for stage in Stage::VARIANTS {
            if next(*stage).any(|next| ending.contains(&next)) {
                ending.insert(*stage);
            }
            if reached.contains(stage) {
                reached.extend(next(*stage));
            }
        }
    }
    assert_eq!(ending.len(), Stage::VARIANTS.len());
    assert_eq!(reached.len(), Stage::VARIANTS.len());
    for step in Step::VARIANTS {
        assert!(Stage::VARIANTS.iter().any(|stage| stage.after(*step).is_some()), "{step:?} leads nowhere");
    }
    // Nothing leaves a final stage; an application that went back begins anew when it comes again.
    for stage in Stage::VARIANTS.iter().filter(|stage| stage.is_final()) {
        let again: &[_] = if *stage == Stage::SentBack { &[Step::AskBank] } else { &[] };
        assert_eq!(stage.steps().collect::<Vec<_>>(), again, "{stage:?}");
    }
}

/// Every stage that is not final names who must act, until when and why, and acts that exist and that this role may do.
#[test]
fn every_stage_says_for_whom_it_waits() {
    let terms = settings().terms;
    for stage in Stage::VARIANTS {
        let Some(waiting) = stage.waiting(TODAY, &terms) else {
            assert!(stage.is_final(), "{stage:?}");
            continue;
        };
        assert!(!stage.is_final() && waiting.until.is_some_and(|until| until.0 > TODAY));
        assert!(!waiting.why_en.is_empty() && !waiting.why_zh.is_ascii());
        let acts: Vec<_> = waiting.acts.iter().map(|act| registry::act(act).expect(act)).collect();
        assert!(acts.iter().any(|act| act.roles.contains(&waiting.who)), "{stage:?}");
    }
    for step in Step::VARIANTS {
        assert!(registry::act(step.act()).is_some_and(|act| !act.reads), "{step:?}");
    }
}

/// A card exists between report back and loss, and nobody withdraws an application then.
#[test]
fn a_card_exists_once_it_was_reported_and_until_it_is_lost() {
    for stage in Stage::VARIANTS {
        for step in Step::VARIANTS {
            let Some(next) = stage.after(*step) else { continue };
            let made = matches!(step, Step::ReportMade | Step::ReportInstant);
            assert_eq!(next.has_card(), made || (stage.has_card() && *step != Step::Lose), "{stage:?} {step:?}");
            assert!(*step != Step::GiveUp || !stage.has_card());
        }
    }
}

/// docs/centre.md §6.5.9
#[test]
fn progress_has_explicit_codes_for_both_interfaces() {
    for code in 0..=12 {
        let term = Progress::from_jiangsu(code).unwrap();
        assert_eq!(term.jiangsu(), Some(code));
    }
    assert_eq!(Progress::from_jiangsu(13), None);
    let hunan = ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10"];
    for code in hunan {
        let term = Progress::from_hunan(code).unwrap();
        assert_eq!(term.hunan(), Some(code));
    }
    assert_eq!(Progress::from_hunan("11"), None);
    // What only one of them can say.
    let terms = |known: &dyn Fn(&Progress) -> bool| -> Vec<_> {
        Progress::VARIANTS.iter().copied().filter(|term| !known(term)).collect()
    };
    assert_eq!(
        terms(&|term| term.jiangsu().and_then(Progress::from_jiangsu) == Some(*term)),
        [Progress::OpeningRequested, Progress::OpeningUnderReview, Progress::OpeningFailed, Progress::ProductionFailed]
    );
    assert_eq!(
        terms(&|term| term.hunan().and_then(Progress::from_hunan) == Some(*term)),
        [
            Progress::NotSubmitted,
            Progress::OutletBatch,
            Progress::CityBatch,
            Progress::ProvinceBatch,
            Progress::CityStock,
            Progress::AtOutlet
        ]
    );
    for stage in Stage::VARIANTS {
        assert_eq!(Progress::of(*stage).is_none(), matches!(stage, Stage::Destroyed | Stage::GivenUp));
    }
}

/// Jiangsu's codes never fall on the way from the bank to the holder, except where a card is made again.
#[test]
fn progress_goes_forward() {
    for stage in Stage::VARIANTS {
        for step in Step::VARIANTS {
            let again = matches!(
                step,
                Step::AskBank
                    | Step::SendBack
                    | Step::Batch
                    | Step::Lose
                    | Step::Recall
                    | Step::ReportBankFailed
                    | Step::UnitReturns
            );
            let codes = |stage: Stage| Progress::of(stage).and_then(Progress::jiangsu);
            if let (false, Some(from), Some(to)) = (again, codes(*stage), stage.after(*step).and_then(codes)) {
                assert!(from <= to, "{stage:?} {step:?}");
            }
        }
    }
}

#[test]
fn bank_card_numbers_have_luhns_check_digit() {
    assert!(is_bank_card("6222020000000000000"));
    for other in 0..10 {
        assert_eq!(is_bank_card(&format!("622202000000000000{other}")), other == 0);
    }
    for bad in ["", "0000", "622202000000000000A", "62220200000000000000"] {
        assert!(!is_bank_card(bad), "{bad}");
    }
}

fn order(generation: Generation, serial: u32) -> Personalisation {
    Personalisation {
        number: card_number("A", serial).unwrap(),
        serial,
        area: nanjing(),
        generation,
        protocol: 0,
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: card_name("张三", generation).unwrap(),
        sex: b'1',
        ethnicity: 0x05,
        born: card_date(date(1981, 1, 1)).unwrap(),
        issued: card_date(TODAY).unwrap(),
        expires: card_date(expiry(TODAY, 10)).unwrap(),
        pin: "271828".to_owned().into(),
        pin_tries: 3,
    }
}

/// The record that a card of this generation has for a value, filled up, as READ RECORD gives it.
fn record(card: &IssuedCard, generation: Generation, fid: u16, tag: u8) -> Vec<u8> {
    let (_, spec) = generation.ssse_record(fid, tag).unwrap();
    let (.., value) = card.values.iter().find(|(own, of, _)| (*own, *of) == (fid, tag)).unwrap();
    let mut filled = vec![0; usize::from(spec.len)];
    filled[..value.len()].copy_from_slice(value);
    Record { tag, value: &filled }.encode().unwrap().to_vec()
}

#[test]
fn a_personalised_card_reads_as_it_was_ordered() {
    let hsm = Hsm::test_keys();
    for generation in Generation::ALL {
        let order = order(generation, 77);
        let (new, card) = order.issue(&hsm).unwrap();
        let read = |fid, tag| record(&card, generation, fid, tag);
        let number: [u8; 9] = Record::expect(&read(EF05, tag::CARD_NUMBER), tag::CARD_NUMBER).unwrap();
        assert_eq!(CardNumber::new_checked(&number), Ok(order.number));
        let ident: [u8; 16] = Record::expect(&read(EF05, tag::IDENT_CODE), tag::IDENT_CODE).unwrap();
        assert_eq!(IdentCode::new(ident), Ok(card.ident));
        let version: [u8; 4] = Record::expect(&read(EF05, tag::VERSION), tag::VERSION).unwrap();
        assert_eq!(Generation::from_version(&version), Some(generation));
        let id_number: [u8; 18] = Record::expect(&read(EF06, tag::ID_NUMBER), tag::ID_NUMBER).unwrap();
        assert_eq!(IdNumber::new(&id_number), Ok(order.id_number));
        let name: [u8; 30] = Record::expect(&read(EF06, tag::NAME), tag::NAME).unwrap();
        assert_eq!(Name::from_records(&name, &[]), Some(order.name.clone()));
        let day = |tag| Record::expect::<4>(&read(EF05, tag), tag).unwrap();
        assert_eq!((day(tag::ISSUED), day(tag::EXPIRES)), ([0x20, 0x26, 0x03, 0x02], [0x20, 0x36, 0x03, 0x02]));
        let born: [u8; 4] = Record::expect(&read(EF06, tag::BIRTH_DATE), tag::BIRTH_DATE).unwrap();
        assert_eq!(born, [0x19, 0x81, 0x01, 0x01]);
        assert_eq!(Record::expect::<1>(&read(EF06, tag::SEX), tag::SEX), Ok([b'1']));
        assert_eq!(Record::expect::<1>(&read(EF06, tag::ETHNICITY), tag::ETHNICITY), Ok([0x05]));
        assert!(new.pin == Pin::new(b"271828").unwrap());
        // The same order makes the same card, and another serial number another.
        assert_eq!(order.issue(&hsm).unwrap().1.ident, card.ident);
        assert_ne!(self::order(generation, 78).issue(&hsm).unwrap().1.ident, card.ident);
    }
}

/// What the register knows of a holder whose number says nothing is on the card all the same.
#[test]
fn a_holder_without_a_citizens_number_has_sex_and_birth_date_on_the_card() {
    let mut order = order(Generation::V3, 5);
    order.id_number = IdNumber::new(b"USA0000000X1234567").unwrap();
    order.sex = b'2';
    order.born = card_date(date(1990, 12, 31)).unwrap();
    let (_, card) = order.issue(&Hsm::test_keys()).unwrap();
    assert_eq!(record(&card, Generation::V3, EF06, tag::SEX), [tag::SEX, 1, b'2']);
    assert_eq!(record(&card, Generation::V3, EF06, tag::BIRTH_DATE), [tag::BIRTH_DATE, 4, 0x19, 0x90, 0x12, 0x31]);
}

#[test]
fn what_no_card_can_hold_is_refused() {
    let mut order = order(Generation::V3, 5);
    order.pin = "12".to_owned().into();
    assert_eq!(order.issue(&Hsm::test_keys()).unwrap_err(), PersonalisationError::Pin);
    for bad in ["", "张\n三", &"张".repeat(26)] {
        assert_eq!(card_name(bad, Generation::V3).unwrap_err(), PersonalisationError::Name, "{bad:?}");
    }
    assert_eq!(card_name(&"张".repeat(16), Generation::V1).unwrap_err(), PersonalisationError::Name);
    assert!(card_name(&"张".repeat(16), Generation::V2).is_ok());
    assert_eq!(format!("{order:?}"), format!("personalisation of card {}", order.number));
}

#[test]
fn card_numbers_are_valid_and_differ_until_none_is_left() {
    let mut seen = HashSet::new();
    for serial in (0..5_000).chain([u32::MAX]) {
        let number = card_number("A", serial).unwrap();
        assert!(number.has_valid_check() && seen.insert(number));
    }
    assert_eq!(card_number("A", 1).unwrap().as_str().get(..8), Some("A0000001"));
    assert_eq!(card_number("ABC", 36u32.pow(5) - 1).unwrap().as_str().get(..8), Some("ABCZZZZZ"));
    assert_eq!(card_number("ABC", 36u32.pow(5)), None);
    assert_eq!(card_number("ABCDEFGHI", 1), None);
    assert_eq!(card_number("a", 1), None);
    assert_eq!(expiry(date(2024, 2, 29), 10), date(2034, 2, 28));
}

#[test]
fn initial_pins_are_fixed_or_drawn() {
    let never = |_: &mut [u8]| Err("no random numbers");
    assert_eq!(InitialPin::Fixed("123456".into()).draw(never).unwrap().as_str(), "123456");
    assert_eq!(InitialPin::Random(6).draw(never).unwrap_err(), "no random numbers");
    for length in 4..=16 {
        for byte in [0, 1, 0x7F, 0xFF] {
            let pin = InitialPin::Random(length)
                .draw(|bytes| {
                    bytes.fill(byte);
                    Ok::<_, ()>(())
                })
                .unwrap();
            assert!(pin.len() == usize::from(length) && Pin::new(pin.as_bytes()).is_some(), "{length} {byte}");
        }
    }
    assert_eq!(format!("{:?}", InitialPin::Fixed("123456".into())), "***");
}

fn settings() -> Production {
    let named = |code: &str| Maker { code: code.into(), name: "某单位".into() };
    Production {
        generation: "v3".into(),
        protocol: 0,
        number_prefix: "A".into(),
        validity_years: 10,
        initial_pin: InitialPin::Random(6),
        pin_tries: 3,
        makers: vec![named("8651")],
        terms: Terms { bank: 5, repair: 5, batch: 5, make: 20, transport: 5, collect: 90, distribute: 10 },
    }
}

/// A terminal may take another PIN for the holder's own only where everybody knows each initial one that the card may have.
#[test]
fn an_initial_pin_is_common_if_all_that_its_area_ever_had_are() {
    let card = CardRecord {
        number: CardNumber::new(b"X00000019").unwrap(),
        ident: IdentCode::from_parts(nanjing(), [1, 2, 3, 4], [5, 6, 7, 8]),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
        document: None,
        area: nanjing(),
        expires: qiyong_protocol::card::date::Date::new(2036, 1, 1).unwrap(),
        status: CardStatus::Inactive,
        social: false,
        financial: false,
        pin_is_initial: true,
        account: Fen(0),
        insured: true,
    };
    let said = |pins: &[InitialPin]| {
        let store = Store::in_memory(&Hsm::test_keys()).unwrap();
        for (day, pin) in (1..).zip(pins) {
            let settings = Production { initial_pin: pin.clone(), ..settings() };
            let json = serde_json::to_string(&settings).unwrap();
            configuration::keep(&store, nanjing(), Production::NAME, date(2026, 1, day), &json).unwrap();
        }
        initial_is_common(&store, &card).unwrap()
    };
    let fixed = |pin: &str| InitialPin::Fixed(pin.into());
    for (pins, common) in [
        (vec![], false),
        (vec![fixed("123456")], true),
        // The last six characters of the number of the holder, and of the card.
        (vec![fixed("011110"), fixed("000000")], true),
        (vec![fixed("135790")], false),
        (vec![InitialPin::Random(6)], false),
        (vec![InitialPin::Random(6), fixed("123456")], false),
        (vec![fixed("123456"), InitialPin::Random(8)], false),
    ] {
        assert_eq!(said(&pins), common, "case {}", pins.len());
    }
}

#[test]
fn every_fault_of_the_production_parameter_is_named() {
    assert_eq!(settings().problem(), None);
    let faults: [(fn(&mut Production), &str); 11] = [
        (|s| s.generation = "v4".into(), "generation"),
        (|s| s.protocol = 2, "protocol"),
        (|s| s.number_prefix.clear(), "number_prefix"),
        (|s| s.number_prefix = "a".into(), "number_prefix"),
        (|s| s.validity_years = 0, "validity_years"),
        (|s| s.pin_tries = 16, "pin_tries"),
        (|s| s.makers.clear(), "makers"),
        (|s| s.makers[0].code = "865".into(), "makers"),
        (|s| s.terms.make = 0, "terms"),
        (|s| s.initial_pin = InitialPin::Random(3), "pin"),
        (|s| s.initial_pin = InitialPin::Fixed("12345a".into()), "pin"),
    ];
    for (fault, named) in faults {
        let mut settings = settings();
        fault(&mut settings);
        let problem = settings.problem().unwrap();
        assert!(problem.contains(named), "{problem}");
    }
}

fn made() -> (Made, Ordered) {
    let (_, card) = order(Generation::V3, 77).issue(&Hsm::test_keys()).unwrap();
    let number = card_number("A", 77).unwrap();
    let (issued, expires) = (TODAY, expiry(TODAY, 10));
    let bank_card = Some("6222020000000000000".to_owned());
    let ordered =
        Ordered { number, issued, expires, area: nanjing(), generation: Generation::V3, bank_card: bank_card.clone() };
    let made =
        Made { number, issued, expires, ident: card.ident, atr: card.atr.to_vec(), bank_card, box_position: None };
    (made, ordered)
}

#[test]
fn a_report_must_agree_with_the_order() {
    let (made, ordered) = made();
    let check = |made: &Made| made.check(&ordered, &Hsm::test_keys());
    assert_eq!(check(&made), Ok(()));
    let with = |change: &dyn Fn(&mut Made)| {
        let mut other = made.clone();
        change(&mut other);
        check(&other).unwrap_err()
    };
    assert_eq!(with(&|m| m.number = card_number("A", 78).unwrap()), R::ReportDiffers { field: "card_number" });
    assert_eq!(with(&|m| m.issued = date(2026, 3, 3)), R::ReportDiffers { field: "issued" });
    assert_eq!(with(&|m| m.expires = date(2036, 3, 3)), R::ReportDiffers { field: "expires" });
    assert_eq!(with(&|m| m.bank_card = None), R::ReportDiffers { field: "bank_card" });
    assert_eq!(with(&|m| m.atr.clear()), R::ReportAtr);
    assert_eq!(with(&|m| m.atr = vec![0x3B, 0x00]), R::ReportAtr);
    // Any other ident code: one wrong bit, another area, another card's ATR, another centre's keys.
    for at in (0..3).chain(8..16) {
        let mut bytes = *made.ident.as_bytes();
        bytes[at] ^= 1;
        if let Ok(ident) = IdentCode::new(bytes) {
            assert_eq!(with(&|m| m.ident = ident), R::ReportIdent, "byte {at}");
        }
    }
    let (_, other) = order(Generation::V3, 78).issue(&Hsm::test_keys()).unwrap();
    assert_eq!(with(&|m| m.atr = other.atr.to_vec()), R::ReportIdent);
    let reason = |reason: &str| Reported::Failed { at: FailedAt::Production, reason: reason.into() }.check_reason();
    assert_eq!(reason("芯片损坏"), Ok(()));
    assert_eq!(reason(""), Err(R::ReportReason));
    assert_eq!(reason(&"x".repeat(51)), Err(R::ReportReason));
}

fn shown(number: &str) -> Shown {
    Shown { kind: "id-card".into(), number: number.into(), expires: Some(TODAY), original: true }
}

fn claim(collector: Collector) -> Claim {
    let holder = "111111198101011110";
    let own = if collector == Collector::Holder { holder } else { "34052419800101001X" };
    Claim {
        collector,
        own: shown(own),
        holders: Some(shown(holder)),
        authority: Some("2026-17".into()),
        proof: Some(GuardianProof::HouseholdRegister),
        unit: Some("913200000000000000".into()),
        licence: Some("2026-18".into()),
        phone: "025-12345".into(),
    }
}

fn holder(minor: bool) -> Holder {
    Holder {
        document: ("id-card".into(), "111111198101011110".into()),
        // A minor's last day, and the first day of age.
        born: if minor { date(2010, 3, 3) } else { date(2010, 3, 2) },
        guardian: Some(("id-card".into(), "34052419800101001x".into())),
        unit: Some("913200000000000000".into()),
    }
}

/// docs/centre.md §6.5.12, collection.
#[test]
fn each_collector_takes_the_card_and_each_missing_thing_is_named() {
    let check = |claim: &Claim, minor| claim.check(&holder(minor), 16, TODAY);
    for collector in Collector::VARIANTS {
        assert_eq!(check(&claim(*collector), *collector == Collector::Guardian), Ok(()), "{collector:?}");
    }
    for collector in [Collector::Holder, Collector::Agent, Collector::UnitAgent] {
        assert_eq!(check(&claim(collector), true), Err(R::GuardianNeeded { below: 16 }));
    }
    assert_eq!(check(&claim(Collector::Guardian), false), Err(R::HolderIsOfAge { below: 16 }));
    let with = |collector, change: &dyn Fn(&mut Claim)| {
        let mut claim = claim(collector);
        change(&mut claim);
        check(&claim, collector == Collector::Guardian).unwrap_err()
    };
    let yesterday = date(2026, 3, 1);
    for phone in ["", "123", "12345x", "123456789012345678901"] {
        assert_eq!(with(Collector::Holder, &|c| c.phone = phone.into()), R::CollectorPhone);
    }
    for collector in Collector::VARIANTS {
        assert_eq!(with(*collector, &|c| c.own.original = false), R::NoOriginal { field: "document" });
        assert_eq!(
            with(*collector, &|c| c.own.expires = Some(yesterday)),
            R::CollectorDocumentExpired { field: "document", last: yesterday }
        );
    }
    let another = |field| R::DocumentOfAnother { field };
    assert_eq!(with(Collector::Holder, &|c| c.own = shown("34052419800101001X")), another("document"));
    assert_eq!(with(Collector::Holder, &|c| c.own.kind = "passport".into()), another("document"));
    let agent = |change: &dyn Fn(&mut Claim)| with(Collector::Agent, change);
    assert_eq!(agent(&|c| c.holders = None), R::HolderDocumentMissing);
    assert_eq!(agent(&|c| c.holders = Some(shown("34052419800101001X"))), another("holder_document"));
    assert_eq!(agent(&|c| c.holders.as_mut().unwrap().original = false), R::NoOriginal { field: "holder_document" });
    assert_eq!(
        agent(&|c| c.holders.as_mut().unwrap().expires = Some(yesterday)),
        R::CollectorDocumentExpired { field: "holder_document", last: yesterday }
    );
    assert_eq!(agent(&|c| c.own = shown("111111198101011110")), R::AgentIsHolder);
    assert_eq!(agent(&|c| c.authority = None), R::AuthorityMissing);
    let guardian = |change: &dyn Fn(&mut Claim)| with(Collector::Guardian, change);
    assert_eq!(guardian(&|c| c.own = shown("11010519491231002X")), R::OtherGuardian);
    assert_eq!(guardian(&|c| c.proof = None), R::GuardianProofMissing);
    let unit = |change: &dyn Fn(&mut Claim)| with(Collector::UnitAgent, change);
    assert_eq!(unit(&|c| c.unit = Some("other".into())), R::OtherUnit);
    assert_eq!(unit(&|c| c.unit = None), R::OtherUnit);
    assert_eq!(unit(&|c| c.licence = None), R::LicenceMissing);
    assert_eq!(unit(&|c| c.authority = None), R::AuthorityMissing);
    // A person who applied alone is served by no unit.
    let alone = Holder { unit: None, ..holder(false) };
    assert_eq!(Claim { unit: None, ..claim(Collector::UnitAgent) }.check(&alone, 16, TODAY), Err(R::OtherUnit));
}
