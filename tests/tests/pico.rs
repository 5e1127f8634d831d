//! The image for the Pico in rp2040js, unmodified, with a virtual card at its pins: cards of each convention, protocol and rate are put
//! into use, the referee sees the image's own levels, and two runs are the same to the cycle.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::pico::machine::Machine;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::sample_card;

/// What `cargo xtask firmware` makes.
fn image() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../target/arm/thumbv6m-none-eabi/firmware/qiyong-pico"].iter().collect()
}

/// A purchase at a pharmacy, by a holder who replaces the initial PIN.
struct Purchase {
    ended: Ended,
    elapsed: Duration,
    characters: usize,
    card: SharedCard,
    log: Vec<String>,
}

fn purchase(generation: Generation, protocol: u8, convention: Convention) -> Purchase {
    let institution = InstitutionCode::new("P32010000017").expect("a code");
    let new = NewCard { protocol, convention, ..sample_card(generation) };
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(&new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
    let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
    let card = Rc::new(RefCell::new(card));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = Machine::boot(&image(), &setup).unwrap();
    machine.set_card(Some(card.clone()));
    let mut holder = |moment| match moment {
        Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
        Moment::Pin(Asked::New | Asked::NewAgain) => Does::Keys("271828".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let purchase = Operation::Purchase(Bill::new(Fen(1250), Fen(0)).expect("a bill"));
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    let ended = machine.serve(&mut centre, &purchase, time, &mut holder).unwrap();
    assert_eq!(machine.findings(), [], "{:#?}", machine.log());
    assert_eq!(machine.crooked(), &[] as &[u64], "edges of the image's characters, in tenths of an etu");
    let (elapsed, characters, log) = (machine.elapsed(), machine.characters(), machine.log().to_vec());
    Purchase { ended, elapsed, characters, card, log }
}

/// The cards: how each speaks, and Fi and Di at which it was served.
const CARDS: [(Generation, u8, Convention, (u16, u8)); 4] = [
    (Generation::V3, 0, Convention::Direct, (512, 32)),
    (Generation::V3, 1, Convention::Direct, (512, 32)),
    (Generation::V2, 0, Convention::Inverse, (372, 1)),
    (Generation::V1, 0, Convention::Direct, (372, 1)),
];

#[test]
fn cards_of_each_kind_are_put_into_use_and_the_referee_is_silent() {
    let characters = in_parallel(&CARDS, |(generation, protocol, convention, rate)| {
        let Purchase { ended, characters, card, log, .. } = purchase(*generation, *protocol, *convention);
        assert!(ended.reason.is_none() && ended.effects.activates && ended.pin_changed, "{ended:?}: {log:#?}");
        assert_eq!(ended.balance, Some(Fen(8_750)));
        let card = card.borrow();
        assert_eq!((card.rate(), card.protocol(), card.convention()), (*rate, *protocol, *convention));
        characters
    });
    let all: usize = characters.iter().sum();
    closing_line(&format!("Pico in rp2040js: {} cards put into use, {all} characters on the wire", CARDS.len()));
}

#[test]
fn two_runs_are_the_same_to_the_cycle() {
    let runs = in_parallel(&[(), ()], |()| {
        let Purchase { elapsed, characters, log, .. } = purchase(Generation::V3, 1, Convention::Direct);
        (elapsed, characters, log)
    });
    assert_eq!(runs.first(), runs.last());
}
