//! Power cuts of the emulated board: QEMU is ended at some moment of a visit, and a new QEMU starts with the contents
//! of the image's storage at that moment. Numbers never go back, the duty to reverse is kept, and the next holder is
//! served.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use object::{Object, ObjectSymbol};
use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::{JournalEntry, test_mac_key};
use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::emulator::holder::{Does, Moment};
use qiyong_lab::emulator::machine::{Cut, Machine};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Ended, Formality, KeyLoad, Refused, State, TEST_TRANSPORT_KEY};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::world::visit::LinkTrouble;
use qiyong_tests::closing::closing_line;
use qiyong_tests::{image, sample_card};

const PLACE: &str = "P32010000017";
const ACCOUNT: u64 = 50_000;
const PRICE: u64 = 100;

/// A board that may lose its power, a centre that does not, and a card.
struct Place {
    machine: Option<Machine>,
    centre: InProcess,
    card: SharedCard,
    /// Visits that the till was told were approved.
    approved: u64,
}

impl Place {
    fn new() -> Self {
        let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let mut centre = InProcess::new().unwrap();
        let code = InstitutionCode::new(PLACE).unwrap();
        centre.add_institution(&Institution::of_region(code)).unwrap();
        let record = record_of(&new, centre.hsm()).unwrap();
        centre.add_card(&CardRecord { account: Fen(ACCOUNT), pin_is_initial: false, ..record }).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        Self { machine: Some(boot(None)), centre, card, approved: 0 }
    }

    fn machine(&mut self) -> &mut Machine {
        self.machine.as_mut().expect("the power is on")
    }

    fn state(&mut self) -> State {
        *self.machine().state().expect("it was set up")
    }

    fn visit(&mut self) -> Result<Ended, EmulatorError> {
        let machine = self.machine.as_mut().expect("the power is on");
        machine.insert_shared(self.card.clone()).unwrap();
        let purchase = Operation::Purchase(Bill::new(Fen(PRICE), Fen(0)).unwrap());
        let time = Timestamp { date: Date::new(2026, 11, 1).unwrap(), hour: 9, minute: 30, second: 0 };
        let mut holder = |moment| match moment {
            Moment::Pin(_) => Does::Keys("123456".to_string().into()),
            Moment::Card | Moment::Transaction => Does::Nothing,
        };
        machine.serve(&mut self.centre, &purchase, time, &mut holder)
    }

    /// A visit that is approved, whatever happened before; returns its number.
    fn good_visit(&mut self) -> Stan {
        let ended = self.visit().unwrap();
        assert_eq!(ended.reason, None);
        self.approved += 1;
        self.machine().remove().unwrap();
        ended.stan.expect("the number of the transaction")
    }

    /// A visit during which the power is cut at this moment, and comes back.
    fn cut_visit(&mut self, moment: Cut) {
        self.machine().cut_at(moment);
        assert!(matches!(self.visit(), Err(EmulatorError::PowerCut)), "{moment:?}");
        let storage = self.machine.take().expect("it was on").power_cut().unwrap();
        self.machine = Some(boot(Some(&storage)));
    }

    /// The centre has charged exactly what the till was told.
    fn check_account(&self) {
        let number = sample_card(Generation::V3).number;
        let account = self.centre.card(&number).unwrap().expect("it is known").account;
        assert_eq!(account, Fen(ACCOUNT - PRICE * self.approved));
    }
}

fn boot(storage: Option<&[u8]>) -> Machine {
    Machine::boot_with(&image(), setup(), storage).unwrap()
}

/// The till has lost the last number; the terminal has not.
fn setup() -> Setup {
    Setup {
        institution: InstitutionCode::new(PLACE).unwrap(),
        terminal: TerminalId(*b"00000001"),
        key: test_mac_key(),
        next_stan: Stan(1),
    }
}

#[test]
fn after_a_power_cut_numbers_go_on_and_what_was_not_answered_is_reversed() {
    let mut place = Place::new();
    let mut last = place.good_visit();
    assert_eq!(last, Stan(1));
    // In the ATR, while the card is read, while the PIN is verified, and after each message. The terminal has signed in
    // before; the last of these messages is the transaction: only the centre knows that it was carried out.
    let reading = [0, 1, 20, 150, 250].map(Cut::Characters);
    let asking = [1, 2, 3].map(Cut::Messages);
    for (cuts, moment) in (1..).zip(reading.into_iter().chain(asking)) {
        place.cut_visit(moment);
        let state = place.state();
        assert_eq!((state.starts, state.crashes), (1 + cuts, 0));
        let counters = place.machine().counters().unwrap().expect("what it keeps can be read");
        assert_eq!((counters.next_stan, counters.reversal_due), (state.next_stan.0, state.reversal_due));
        assert_eq!((counters.starts, counters.crashes), (state.starts, state.crashes));
        let transacted = moment == Cut::Messages(3);
        assert_eq!(state.reversal_due, transacted, "{moment:?}");
        let next = Stan(if transacted { last.0 + 2 } else { last.0 + 1 });
        assert_eq!(state.next_stan, next, "{moment:?}");
        last = place.good_visit();
        assert_eq!(last, next, "{moment:?}");
        place.check_account();
    }
}

#[test]
fn the_duty_to_reverse_outlives_one_power_cut_after_the_other() {
    let mut place = Place::new();
    place.cut_visit(Cut::Messages(4));
    // Now the reversal is the first message: the centre has received it, and the board does not know this.
    for _ in 0..3 {
        assert!(place.state().reversal_due);
        place.cut_visit(Cut::Messages(1));
    }
    assert_eq!(place.good_visit(), Stan(2));
    place.check_account();
    let storage = place.machine.take().expect("it is on").power_cut().unwrap();
    place.machine = Some(boot(Some(&storage)));
    assert!(!place.state().reversal_due);
    assert_eq!(place.good_visit(), Stan(3));
    place.check_account();
}

/// The holder has seen that it is paid; the centre's word on the confirmation is lost with the power.
#[test]
fn a_sale_that_was_shown_and_not_confirmed_is_confirmed_after_the_power_cut() {
    let mut place = Place::new();
    place.cut_visit(Cut::Messages(5));
    place.approved += 1;
    for _ in 0..2 {
        let state = place.state();
        assert_eq!((state.confirmation_due, state.reversal_due, state.parked), (true, false, 0));
        let counters = place.machine().counters().unwrap().expect("what it keeps can be read");
        assert!(counters.confirmation_due && !counters.reversal_due);
        // It is the first message; the power fails again before the answer is there.
        place.cut_visit(Cut::Messages(1));
    }
    assert_eq!(place.good_visit(), Stan(2));
    place.check_account();
    let storage = place.machine.take().expect("it is on").power_cut().unwrap();
    place.machine = Some(boot(Some(&storage)));
    assert!(!place.state().confirmation_due && !place.state().reversal_due);
    assert_eq!(place.good_visit(), Stan(3));
    place.check_account();
}

/// A day at the board, with lost answers and confirmations, and power cuts anywhere: at its end both have the same totals.
#[test]
fn a_day_of_fifty_sales_with_faults_settles() {
    let mut place = Place::new();
    let (mut sales, mut cuts, mut losses) = (0_usize, 0_usize, 0_usize);
    while sales < 50 {
        match sales + cuts + losses {
            at if at % 7 == 3 => {
                place.machine().trouble_link(LinkTrouble::AnswerLost);
                assert_eq!(place.visit().unwrap().reason, Some(Reason::NoAnswer));
                place.machine().remove().unwrap();
                losses += 1;
            }
            at if at % 7 == 5 => {
                let moment = if cuts % 2 == 0 { Cut::Messages(1 + cuts % 4) } else { Cut::Characters(40 * cuts) };
                place.cut_visit(moment);
                cuts += 1;
            }
            _ => {
                place.good_visit();
                sales += 1;
            }
        }
    }
    let time = Timestamp { date: Date::new(2026, 11, 1).unwrap(), hour: 20, minute: 0, second: 0 };
    let machine = place.machine.as_mut().expect("the power is on");
    let ended = machine.attend(&mut place.centre, Formality::SettleBatch, time).unwrap();
    assert_eq!(ended.reason, None);
    assert_eq!(place.centre.pending().unwrap(), 0);
    let journal = place.centre.journal().unwrap();
    let stands = |entry: &&JournalEntry| entry.outcome == Outcome::Approved && entry.stan.is_some() && !entry.reversed;
    let standing = journal.iter().filter(stands).count();
    // A cut after the card and the receipt were noted hides the end from the till alone.
    assert!(standing >= sales && standing <= sales + cuts, "{standing} of {sales}");
    let number = sample_card(Generation::V3).number;
    let account = place.centre.card(&number).unwrap().expect("it is known").account;
    assert_eq!(account, Fen(ACCOUNT - PRICE * standing as u64));
    closing_line(&format!(
        "emulated board: {sales} sales, {losses} lost answers and {cuts} power cuts in a day; it settles"
    ));
}

#[test]
fn a_fault_is_counted_and_kept_and_the_next_holder_is_served() {
    let bytes = fs::read(image()).unwrap();
    let elf = object::File::parse(bytes.as_slice()).unwrap();
    // The pointers by which the clock's interrupt wakes the task: if either of them is wrong, the image crashes.
    let waker = elf.symbols().find(|symbol| symbol.name().is_ok_and(|name| name.contains("4time4TASK"))).unwrap();
    let mut place = Place::new();
    assert_eq!(place.good_visit(), Stan(1));
    for crashes in 1..=2 {
        place.machine().kill_by(waker.address(), 0xFFFF_FFF1).unwrap();
        place.machine().set_up(setup()).unwrap();
        let state = place.state();
        assert_eq!((state.starts, state.crashes, state.next_stan), (1 + crashes, crashes, Stan(1 + crashes)));
        let log = place.machine().log().to_vec();
        assert!(log.iter().any(|line| line.contains("last crash: kind 2")), "{log:?}");
        assert_eq!(place.good_visit(), Stan(1 + crashes));
        place.check_account();
    }
}

#[test]
fn a_storage_full_of_garbage_is_taken_for_none() {
    let length = boot(None).power_cut().unwrap().len();
    let garbage: Vec<u8> = (0..length).map(|at| (at * 31 + at / 251) as u8).collect();
    let mut place = Place::new();
    place.machine = Some(boot(Some(&garbage)));
    assert_eq!(place.good_visit(), Stan(1));
    let storage = place.machine.take().expect("it is on").power_cut().unwrap();
    place.machine = Some(boot(Some(&storage)));
    assert_eq!(place.state().next_stan, Stan(2));
    let short = Machine::boot_with(&image(), setup(), Some(&[0; 16])).err().map(|error| error.to_string());
    assert!(short.is_some_and(|why| why.contains("another size")));
}

/// docs/centre.md §18: the board is given keys over its serial line, keeps them over a power cut, and clears what it owes under its old
/// name and key after it was moved.
#[test]
fn a_board_is_moved_with_a_key_over_its_line_while_it_owes_a_reversal() {
    let mut place = Place::new();
    crate::keys::found(&mut place.centre);
    let new = Setup {
        terminal: TerminalId(*b"00000002"),
        key: crate::keys::register(&mut place.centre, PLACE, 2),
        ..setup()
    };
    assert_eq!(place.good_visit(), Stan(1));
    assert_eq!(place.state().key, Some(test_mac_key().check_value()));
    // The centre has carried out the sale, and the board does not know it.
    place.cut_visit(Cut::Messages(3));
    assert!(place.state().reversal_due);

    let (right, other) = (new.sealed(&test_mac_key()), X919::new([0x37; 16]));
    let wrong_check = KeyLoad { check: [1, 2, 3], ..right.clone() }.proved(&test_mac_key());
    for (load, why) in [
        (new.sealed(&other), Refused::OtherKey),
        (new.sealed(&TEST_TRANSPORT_KEY), Refused::OtherKey),
        (wrong_check, Refused::CheckValue),
    ] {
        let said = place.machine().load_key(load);
        assert!(matches!(said, Err(EmulatorError::Refused(refused)) if refused == why), "{said:?}");
    }
    for _ in 0..2 {
        assert_eq!(place.machine().load_key(right.clone()).unwrap(), new.key.check_value());
    }
    let storage = place.machine.take().expect("it is on").power_cut().unwrap();
    place.machine = Some(Machine::boot_with(&image(), new.clone(), Some(&storage)).unwrap());
    assert_eq!((place.state().key, place.state().reversal_due), (Some(new.key.check_value()), true));
    // Under the old name and key the reversal, under the new ones the sale.
    assert_eq!(place.good_visit(), Stan(1));
    place.check_account();
    let journal = place.centre.journal().unwrap();
    let of = |name: &str| journal.iter().filter(|entry| entry.terminal == name && entry.reversed).count();
    assert_eq!((of("00000001"), of("00000002")), (1, 0));
    let keys = [test_mac_key(), new.key].map(|key| key.with_odd_parity());
    let log = place.machine().log().join("\n");
    for key in keys {
        assert!(!log.contains(&hex::encode_upper(&key.expose()[..4])), "no key is logged");
    }
}
