//! A terminal gets its master key over its serial line, is moved to another place while it owes a reversal, and is told how often to
//! try: terminal, link and memory are the firmware's own, the centre is the real one, and no terminal here has a test key. What is
//! refused, and the power cut at every byte of a key's write, is tested beside the memory (`firmware/src/storage/keys/tests.rs`).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::{ADMINISTRATOR, ActRequest, Founding};
use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::codes::Region;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::ecr::{Formality, Refused, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::event::Event;
use qiyong_sim::world::interruption::Interruption;
use qiyong_sim::world::till::TillError;
use qiyong_sim::world::visit::{Delivery, Visit};
use qiyong_sim::world::{World, WorldTerminal, terminal_id};
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::sample_card;

const PHARMACY: &str = "P32010000017";
const HOSPITAL: &str = "H32010000561";
const OWN_PIN: &[u8] = b"271828";
const OPENING: u64 = 100_000;
const PRICE: Fen = Fen(3_000);

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::new(text).expect("a code")
}

fn area() -> Region {
    Region::new("320100").expect("six digits")
}

fn act(centre: &mut InProcess, operator: &str, act: &'static str, body: Value) -> Value {
    let operator = centre.operator(area(), operator).expect("it is sound").expect("an operator");
    let request = ActRequest { area: area(), operator: &operator, act, body, key: None };
    centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
}

/// Gives the centre its area, and an officer who registers terminals.
pub(crate) fn found(centre: &mut InProcess) {
    centre.found(&Founding { area: area(), agency: "南京市社会保险管理中心".into() }).expect("an area");
    let officer = json!({"id": "officer", "role": "settlement-officer", "outlet": "32010099", "name": "李"});
    act(centre, ADMINISTRATOR, "operator.add", officer);
}

/// Registers a terminal; returns its key.
pub(crate) fn register(centre: &mut InProcess, institution: &str, terminal: u32) -> X919 {
    let name = String::from_utf8(terminal_id(terminal).0.to_vec()).expect("digits");
    let shown = act(centre, "officer", "terminal.register", json!({"institution": institution, "terminal": name}));
    let mut key = [0; 16];
    hex::decode_to_slice(shown["key"].as_str().expect("shown once"), &mut key).expect("digits");
    X919::new(key)
}

/// A pharmacy and a hospital with a terminal registered at each, one terminal that has no key yet, and a card that is in use.
struct Town {
    world: World<InProcess>,
    card: SharedCard,
    /// What the terminal is, or will be, at the pharmacy and at the hospital.
    setups: [Setup; 2],
}

impl Town {
    fn new() -> (Self, WorldTerminal) {
        let mut centre = InProcess::new().expect("a centre");
        found(&mut centre);
        for place in [PHARMACY, HOSPITAL] {
            centre.add_institution(&Institution::of_region(code(place))).expect("a place");
        }
        let setups = [(PHARMACY, 1), (HOSPITAL, 7)].map(|(place, number)| {
            let key = register(&mut centre, place, number);
            Setup { institution: code(place), terminal: terminal_id(number), key, next_stan: Stan(1) }
        });
        let mut new = sample_card(Generation::V3);
        new.pin = Pin::new(OWN_PIN).expect("digits");
        let record = record_of(&new, centre.hsm()).expect("a card");
        centre.add_card(&CardRecord { account: Fen(OPENING), pin_is_initial: false, ..record }).expect("a new card");
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).expect("a card"))));
        let time = VirtualTime::new("2026-03-02T09:00".parse().expect("a time"));
        let mut world = World::new(time, centre.with_key(setups[0].key.clone()));
        world.traces_line = false;
        let terminal = world.terminal(code(PHARMACY), 1, 1);
        (Self { world, card, setups }, terminal)
    }

    fn sell(&self, terminal: &mut WorldTerminal, operation: &Operation, messages: &[(usize, Delivery)]) -> Report {
        let pins = VecDeque::from([Pin::new(OWN_PIN).expect("digits")]);
        let visit = Visit { pins, messages: messages.iter().copied().collect(), ..Visit::default() };
        let report = terminal.serve(operation, Some(self.card.clone()), visit).expect("it works");
        self.world.events.take();
        report
    }

    fn paid(&self) -> u64 {
        let number = sample_card(Generation::V3).number;
        OPENING - self.world.centre.borrow().card(&number).expect("it is sound").expect("known").account.0
    }
}

fn purchase() -> Operation {
    Operation::Purchase(Bill::new(PRICE, Fen(0)).expect("a bill"))
}

fn settle() -> Operation {
    Operation::Settle(Bill::new(PRICE, Fen(0)).expect("a bill"))
}

/// The messages of a visit from this one on.
fn all_lost(from: usize) -> Vec<(usize, Delivery)> {
    (from..64).map(|number| (number, Delivery::LOST)).collect()
}

/// docs/centre.md §18: the first key comes under the transport key, the next one under that; the till never says one in the clear, and
/// says none after a start.
#[test]
fn a_terminal_gets_its_key_over_its_line_and_keeps_it() {
    let (town, mut terminal) = Town::new();
    let [pharmacy, hospital] = &town.setups;
    let other = X919::new([0x37; 16]);
    let refused = |terminal: &mut WorldTerminal, setup: &Setup, under: &X919| match terminal.load_key(
        Interruption::Never,
        setup.clone(),
        under,
    ) {
        Err(TillError::Refused(why)) => why,
        done => panic!("{done:?}"),
    };
    assert_eq!(refused(&mut terminal, pharmacy, &other), Refused::OtherKey);
    let check = terminal.load_key(Interruption::Never, pharmacy.clone(), &TEST_TRANSPORT_KEY).expect("taken");
    assert_eq!(check, pharmacy.key.check_value());
    assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    for _ in 0..2 {
        terminal = town.world.restart(terminal);
        assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    }
    // Who knows the transport key alone replaces none, at this place or for another.
    for setup in [hospital, &Setup { key: other, ..pharmacy.clone() }] {
        assert_eq!(refused(&mut terminal, setup, &TEST_TRANSPORT_KEY), Refused::OtherKey);
    }
    terminal.load_key(Interruption::Never, pharmacy.clone(), &TEST_TRANSPORT_KEY).expect("the same again");
    assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    assert_eq!(town.paid(), 4 * PRICE.0);
}

/// The centre gave the terminal a new key, which reaches it while a reversal is owed.
#[test]
fn what_is_owed_goes_under_the_new_key_of_the_same_name() {
    let (town, mut terminal) = Town::new();
    let pharmacy = town.setups[0].clone();
    terminal.load_key(Interruption::Never, pharmacy.clone(), &TEST_TRANSPORT_KEY).expect("taken");
    assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    let unheard = [vec![(2, Delivery::UNANSWERED)], all_lost(3)].concat();
    assert_eq!(town.sell(&mut terminal, &purchase(), &unheard).reason, Some(Reason::NoAnswer));
    assert_eq!(town.paid(), 2 * PRICE.0, "the centre has done it");
    let name = json!({"institution": PHARMACY, "terminal": "00000001"});
    let shown = act(&mut town.world.centre.borrow_mut(), "officer", "terminal.rekey", name);
    let mut key = [0; 16];
    hex::decode_to_slice(shown["key"].as_str().expect("shown once"), &mut key).expect("digits");
    let next = Setup { key: X919::new(key), ..pharmacy.clone() };
    terminal.load_key(Interruption::Never, next, &pharmacy.key).expect("taken");
    terminal = town.world.restart(terminal);
    assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    assert_eq!(town.paid(), 2 * PRICE.0, "one was reversed");
}

/// Sells twice at the pharmacy, the second time without an answer; is moved to the hospital, with a power cut in that; sells there.
/// Returns whether the cut came before the key was taken, and how much a visit's key costs.
fn moved(what: Interruption) -> bool {
    let (town, mut terminal) = Town::new();
    let [pharmacy, hospital] = town.setups.clone();
    terminal.load_key(Interruption::Never, pharmacy.clone(), &TEST_TRANSPORT_KEY).expect("taken");
    assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    let unheard = [vec![(2, Delivery::UNANSWERED)], all_lost(3)].concat();
    assert_eq!(town.sell(&mut terminal, &purchase(), &unheard).reason, Some(Reason::NoAnswer));
    assert!(terminal.duties().reversal);
    let cut = match terminal.load_key(what, hospital.clone(), &pharmacy.key) {
        Ok(check) => {
            assert_eq!(check, hospital.key.check_value());
            false
        }
        Err(TillError::PowerCut) => true,
        Err(error) => panic!("{what:?}: {error}"),
    };
    // Whether it was cut or not, the power fails now; and the till says it once more if it was not told that it was done.
    terminal = town.world.restart(terminal);
    if cut {
        terminal.load_key(Interruption::Never, hospital.clone(), &pharmacy.key).expect("taken now");
        terminal = town.world.restart(terminal);
    }
    assert!(terminal.duties().reversal, "{what:?}");
    let report = town.sell(&mut terminal, &settle(), &[]);
    assert_eq!((report.outcome, report.reason), (Outcome::Approved, None), "{what:?}");
    assert!(terminal.duties().is_none(), "{what:?}");
    assert_eq!(town.paid(), 2 * PRICE.0, "{what:?}: one at each place, and the reversed one at none");
    let centre = town.world.centre.borrow();
    let journal = centre.journal().expect("it is sound");
    let reversed = journal.iter().filter(|entry| entry.reversed && entry.institution == code(PHARMACY)).count();
    assert_eq!(reversed, 1, "{what:?}");
    cut
}

/// docs/centre.md §18: what is owed under the old name is paid under the old name and key, wherever the power fails when the terminal is
/// given the new ones.
#[test]
fn a_terminal_that_was_moved_clears_what_it_owes_under_its_old_name_and_key() {
    assert!(!moved(Interruption::Never));
    let moments: Vec<_> = (0..400).step_by(3).map(Interruption::PowerAtMoment).collect();
    let bytes: Vec<_> = (0..200).map(Interruption::PowerAtByte).collect();
    let cuts = in_parallel(&[moments, bytes].concat(), |what| moved(*what));
    let (cases, cut) = (cuts.len(), cuts.iter().filter(|cut| **cut).count());
    assert!(cut > 150 && cut < cases, "{cut} of {cases}");
    closing_line(&format!(
        "keys: moved while a reversal is owed, {cut} power cuts while the new key was taken, all cleared"
    ));
}

/// docs/centre.md §18: how often and how long a terminal tries is its area's to say.
#[test]
fn an_area_says_how_often_and_how_long_a_terminal_tries() {
    let policy = json!({"tries": 5, "rounds": 2, "wait": 20, "pause": 10});
    let usual = json!({"tries": 3, "rounds": 8, "wait": 60, "pause": 0});
    for (set, policy) in [(None, usual), (Some(policy.clone()), policy)] {
        let (town, mut terminal) = Town::new();
        if let Some(value) = set {
            let body = json!({
                "name": "terminal.policy", "since": "2026-03-02", "value": value,
            });
            act(&mut town.world.centre.borrow_mut(), ADMINISTRATOR, "parameter.set", body);
        }
        let number = |name: &str| policy[name].as_u64().expect("a number");
        terminal.load_key(Interruption::Never, town.setups[0].clone(), &TEST_TRANSPORT_KEY).expect("taken");
        assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
        let unheard = [vec![(2, Delivery::UNANSWERED)], all_lost(3)].concat();
        assert_eq!(town.sell(&mut terminal, &purchase(), &unheard).reason, Some(Reason::NoAnswer));
        let echo = |terminal: &mut WorldTerminal| {
            let visit = Visit { messages: all_lost(0).into_iter().collect(), ..Visit::default() };
            let before = town.world.time.elapsed();
            let report = terminal.attend_with(Formality::Echo, &visit).expect("it works");
            assert_eq!(report.reason, Some(Reason::NoAnswer));
            let asked = town.world.events.take();
            let is_reversal =
                |event: &Event| matches!(event, Event::Message { asked, .. } if asked.starts_with("reverse"));
            let tries = asked.iter().filter(|(_, event)| is_reversal(event)).count() as u64;
            (tries, town.world.time.elapsed().saturating_sub(before))
        };
        // The first round was in the visit. What was laid down outlives a start: the sign-in comes after what is owed.
        for _ in 1..number("rounds") - 1 {
            terminal = town.world.restart(terminal);
            let (tries, took) = echo(&mut terminal);
            assert_eq!(tries, number("tries"));
            let least = Duration::from_secs(tries * number("wait") + (tries - 1) * number("pause"));
            assert!(took >= least && took < least + Duration::from_secs(5), "{took:?}");
            assert_eq!(terminal.duties().parked, 0);
        }
        terminal = town.world.restart(terminal);
        echo(&mut terminal);
        assert_eq!(terminal.duties().parked, 1, "{policy}");
        assert_eq!(town.sell(&mut terminal, &purchase(), &[]).outcome, Outcome::Approved);
    }
}
