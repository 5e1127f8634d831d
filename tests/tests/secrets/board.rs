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
use qiyong_protocol::ecr::Setup;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
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

fn visit(machine: &mut Machine, centre: &mut InProcess, card: &SharedCard, keyed: &[&str]) -> bool {
    machine.insert_shared(card.clone()).expect("the slot is free");
    let mut keyed = keyed.iter();
    let mut holder = |moment| match moment {
        Moment::Pin(_) => keyed.next().map_or(Does::PullsCard, |pin| Does::Keys((*pin).to_string().into())),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    let purchase = Operation::Purchase(Bill::new(Fen(3_580), Fen(0)).expect("a price"));
    let ended = machine.serve(centre, &purchase, time, &mut holder).expect("it works");
    machine.remove().expect("it is there");
    ended.reason.is_none()
}

#[test]
fn no_pin_is_left_in_the_boards_ram_after_a_visit() {
    for (generation, protocol) in [(Generation::V3, 0), (Generation::V3, 1), (Generation::V2, 0)] {
        let (mut machine, mut centre, shared) = board(generation, protocol);
        let mut secrets = pins();
        secrets.extend(card_keys(&card(generation, protocol)));
        secrets.push(holder());
        secrets.push(Secret::bytes("the terminal's master key", test_mac_key().expose()));
        for (what, keyed, done) in [
            ("torn out while a PIN is keyed", &[WRONG][..], false),
            ("torn out while a new PIN is keyed", &[PIN, NEW_PIN], false),
            ("a new PIN", &[WRONG, PIN, NEW_PIN, NEW_PIN], true),
            ("a PIN", &[NEW_PIN], true),
        ] {
            assert_eq!(visit(&mut machine, &mut centre, &shared, keyed), done, "{what}");
            let ram = machine.ram().expect("it is there");
            println!("{generation:?} T={protocol} {what}: {} bytes, {:?}", ram.len(), search(&ram, &secrets));
        }
    }
}
