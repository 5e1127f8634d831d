//! The image for the Pico in rp2040js, unmodified, with a virtual card at its pins: cards of each convention, protocol and rate are put
//! into use, the referee sees the image's own levels, and two runs are the same to the cycle. `scenarios` are those of the
//! other benches; `mutants` are images that the referee must convict; `usb` has the till at the USB port, and `uf2` flashes without a probe.

mod mutants;
mod panel;
mod random;
mod scenarios;
mod uf2;
mod usb;
mod watchdog;
mod waveform;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::board::Board;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::pico::machine::{Machine, Start};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::iso7816::atr::{Atr, Tck};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::{pico_image, sample_card};

/// The three places, and what is done there.
const PHARMACY: &str = "P32010000017";
const PLACES: [&str; 3] = [PHARMACY, "H32010000021", "B32010000001"];

/// A visit in which a card is put into use, by a holder who replaces the initial PIN.
struct Activation {
    ended: Ended,
    elapsed: Duration,
    characters: usize,
    card: SharedCard,
    log: Vec<String>,
}

/// `ta1` and `cwi`, if given, make another answer to reset of the card's: so fast, with so short a waiting time in T=1.
fn activation(place: &str, new: &NewCard, fast: Option<(u8, u8)>) -> Activation {
    activation_as(Start::default(), place, new, fast)
}

/// The same on a board that is started in this way.
fn activation_as(how: Start<'_>, place: &str, new: &NewCard, fast: Option<(u8, u8)>) -> Activation {
    let institution = InstitutionCode::new(place).expect("a code");
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
    let mut card = make_card(new, centre.hsm()).expect("a card that can be made");
    if let Some((ta1, cwi)) = fast {
        card.atr = atr(&card.atr, new.protocol, ta1, cwi);
    }
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = Machine::boot_as(&pico_image(false), how, &setup).unwrap();
    machine.set_card(Some(card.clone()));
    let mut holder = |moment| match moment {
        Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
        Moment::Pin(Asked::New | Asked::NewAgain) => Does::Keys("271828".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let bill = Bill::new(Fen(1250), Fen(0)).expect("a bill");
    let operation = match institution.channel() {
        Channel::Pharmacy => Operation::Purchase(bill),
        Channel::Hospital => Operation::Settle(bill),
        Channel::Bank => Operation::Apply { document: Some(document(new)) },
    };
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    let ended = machine.serve(&mut centre, &operation, time, &mut holder).unwrap();
    assert_eq!(machine.findings(), [], "{:#?}", machine.log());
    assert_eq!(machine.crooked(), &[] as &[u64], "edges of the image's characters, in tenths of an etu");
    let (elapsed, characters, log) = (machine.elapsed(), machine.characters(), machine.log().to_vec());
    Activation { ended, elapsed, characters, card, log }
}

/// The holder's document.
fn document(new: &NewCard) -> Document {
    Document {
        kind: DocumentKind::IdCard,
        number: DocumentNumber::new(new.id_number.as_bytes()).expect("a number"),
        name: new.holder.clone(),
        valid_until: Validity::LongTerm,
    }
}

/// The answer to reset with the historical bytes of another, of a card that speaks this protocol at TA1.
fn atr(other: &[u8], protocol: u8, ta1: u8, cwi: u8) -> Vec<u8> {
    let count = usize::from(other[1] & 0x0F);
    let end = other.len() - usize::from(Atr::new(other).tck() != Tck::Absent);
    let history = &other[end - count..end];
    if protocol == 0 {
        return [&[0x3B, 0x10 | count as u8, ta1], history].concat();
    }
    let mut bytes = [&[0x3B, 0x90 | count as u8, ta1, 0x81, 0x31, 0xFE, 0x40 | cwi], history].concat();
    bytes.push(bytes[1..].iter().fold(0, |check, byte| check ^ byte));
    bytes
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
        let new = NewCard { protocol: *protocol, convention: *convention, ..sample_card(*generation) };
        let Activation { ended, characters, card, log, .. } = activation(PHARMACY, &new, None);
        assert!(ended.reason.is_none() && ended.effects.activates && ended.pin_changed, "{ended:?}: {log:#?}");
        assert_eq!(ended.balance, Some(Fen(8_750)));
        let card = card.borrow();
        assert_eq!((card.rate(), card.protocol(), card.convention()), (*rate, *protocol, *convention));
        characters
    });
    let all: usize = characters.iter().sum();
    closing_line(&format!("Pico in rp2040js: {} cards put into use, {all} characters on the wire", CARDS.len()));
}

/// The fastest TA1 that the board does: 512/32, sixteen cycles of CLK an etu; and others on the way there, with their F and D.
const FASTEST: (u8, (u16, u8)) = (0x96, (512, 32));
const RATES: [(u8, (u16, u8)); 2] = [(0x94, (512, 8)), (0x95, (512, 16))];

/// Every generation over either protocol, at every place, at the fastest rate; and a card of the third at the others. In T=1
/// the cards allow the least waiting time between two characters that there is: 12 etu, as much as the guard time.
#[test]
fn cards_are_put_into_use_at_the_fastest_rate_that_the_board_does() {
    let mut cases = Vec::new();
    for protocol in [0, 1] {
        for generation in Generation::ALL {
            PLACES.iter().for_each(|place| cases.push((*place, generation, protocol, FASTEST)));
        }
        RATES.iter().for_each(|rate| cases.push((PHARMACY, Generation::V3, protocol, *rate)));
    }
    in_parallel(&cases, |(place, generation, protocol, (ta1, rate))| {
        let new = NewCard { protocol: *protocol, convention: Convention::Direct, ..sample_card(*generation) };
        let Activation { ended, card, log, .. } = activation(place, &new, Some((*ta1, 0)));
        assert!(
            ended.reason.is_none() && ended.effects.activates,
            "{place} {generation:?} T={protocol} TA1={ta1:02X}: {ended:?}: {log:#?}"
        );
        assert_eq!((card.borrow().rate(), card.borrow().protocol()), (*rate, *protocol));
    });
    let all = cases.len();
    closing_line(&format!("Pico in rp2040js: {all} cards put into use at up to 512/32, 16 cycles an etu, CWT 12 etu"));
}

#[test]
fn two_runs_are_the_same_to_the_cycle() {
    let runs = in_parallel(&[(), ()], |()| {
        let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let Activation { elapsed, characters, log, .. } = activation(PHARMACY, &new, None);
        (elapsed, characters, log)
    });
    assert_eq!(runs.first(), runs.last());
}
