//! The emulated board's RAM, when a visit is over and the board waits for the next holder.

use std::cell::RefCell;
use std::rc::Rc;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::emulator::holder::{Does, Moment};
use qiyong_lab::emulator::machine::Machine;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::image;
use qiyong_tests::secrets::{Secret, search};

use super::{NEW_PIN, PIN, WRONG, card, card_keys, holder, pins};

const PLACE: &str = "P32010000017";

/// A board, a centre, and a card.
fn board(generation: Generation, protocol: u8) -> (Machine, InProcess, SharedCard) {
    let new = card(generation, protocol);
    let institution = InstitutionCode::new(PLACE).expect("a code");
    let mut centre = InProcess::new().expect("a centre");
    centre.add_institution(&Institution::of_region(institution)).expect("a new place");
    let record = record_of(&new, centre.hsm()).expect("a card");
    centre.add_card(&CardRecord { account: Fen(50_000), ..record }).expect("a new card");
    let made = make_card(&new, centre.hsm()).expect("a card");
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let machine = Machine::boot(&image(), setup).expect("the image");
    (machine, centre, Rc::new(RefCell::new(ContactCard::new(made))))
}

fn visit(machine: &mut Machine, centre: &mut InProcess, card: &SharedCard, keyed: &[&str], then: fn() -> Does) -> bool {
    machine.insert_shared(card.clone()).expect("the slot is free");
    let mut keyed = keyed.iter();
    let mut holder = |moment| match moment {
        Moment::Pin(_) => keyed.next().map_or_else(then, |pin| Does::Keys((*pin).to_string().into())),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    let purchase = Operation::Purchase(Bill::new(Fen(3_580), Fen(0)).expect("a price"));
    let ended = machine.serve(centre, &purchase, time, &mut holder).expect("it works");
    machine.remove().expect("it is there");
    ended.reason.is_none()
}

/// What ends a visit at the next question for a PIN.
fn pulls() -> Does {
    Does::PullsCard
}

fn cancels() -> Does {
    Does::Cancels
}

#[test]
fn no_pin_is_left_in_the_boards_ram_after_a_visit() {
    println!("{:<44} {:>7}  found", "after", "bytes");
    for (generation, protocol) in [(Generation::V3, 0), (Generation::V3, 1), (Generation::V2, 0)] {
        let (mut machine, mut centre, shared) = board(generation, protocol);
        let mut secrets = pins();
        secrets.extend(card_keys(&card(generation, protocol)));
        secrets.push(holder());
        // Where it must be, so that it shows that the search finds something: the link needs it.
        secrets.push(Secret::bytes("master key", test_mac_key().with_odd_parity().expose()));
        for (what, keyed, then, done) in [
            ("a card torn out at the PIN", &[][..], pulls as fn() -> Does, false),
            ("a card torn out after a wrong PIN", &[WRONG], pulls, false),
            ("a cancel after a wrong PIN", &[WRONG], cancels, false),
            ("a card torn out at the new PIN", &[PIN, NEW_PIN], pulls, false),
            ("a cancel at the new PIN", &[PIN, NEW_PIN], cancels, false),
            ("a PIN was replaced", &[WRONG, PIN, NEW_PIN, NEW_PIN], cancels, true),
            ("a sale", &[NEW_PIN], cancels, true),
            ("a PIN was blocked", &[WRONG, WRONG, WRONG], cancels, false),
        ] {
            assert_eq!(visit(&mut machine, &mut centre, &shared, keyed, then), done, "{what}");
            let ram = machine.ram().expect("it is there");
            let names: Vec<_> = search(&ram, &secrets).into_iter().map(|found| found.name).collect();
            println!("{:<44} {:>7}  {names:?}", format!("{generation:?} over T={protocol}, {what}"), ram.len());
            assert!(names.contains(&"master key"), "the search finds nothing");
            // The holder's number is not wiped: docs/limits.md says so.
            let leaks: Vec<_> = names.iter().filter(|name| !["master key", "ID number"].contains(name)).collect();
            assert!(leaks.is_empty(), "{what} leaves {leaks:?}");
        }
        // The same RAM with a PIN of each form somewhere in it.
        let ram = machine.ram().expect("it is there");
        for (at, (form, planted)) in pins()[0].forms().enumerate() {
            let mut ram = ram.clone();
            ram.splice(at * 9_999..at * 9_999 + planted.len(), planted.iter().copied());
            assert!(search(&ram, &pins()).iter().any(|found| found.form == form), "{form} is not found");
        }
    }
}
