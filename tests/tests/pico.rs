//! The image for the Pico in rp2040js: a pharmacy puts a card into use, and the referee watches the image's own pins.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::pico::machine::Machine;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Setup;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_tests::sample_card;

#[test]
fn a_pharmacy_activates_a_card() {
    let elf = PathBuf::from(std::env::var("PICO").unwrap_or_default());
    for (generation, protocol, convention) in [
        (Generation::V3, 0, Convention::Direct),
        (Generation::V3, 1, Convention::Direct),
        (Generation::V2, 0, Convention::Inverse),
    ] {
        let institution = InstitutionCode::new("P32010000017").expect("a code");
        let new = NewCard { protocol, convention, ..sample_card(generation) };
        let mut centre = InProcess::new().unwrap();
        centre.add_institution(&Institution::of_region(institution)).unwrap();
        let record = record_of(&new, centre.hsm()).expect("a card that can be made");
        centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
        let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
        let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
        let begun = std::time::Instant::now();
        let mut machine = Machine::boot(&elf, setup).unwrap();
        println!("booted {:?} {:?}", machine.elapsed(), begun.elapsed());
        machine.set_card(Some(Rc::new(RefCell::new(card))));
        let mut holder = |moment| match moment {
            Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
            Moment::Pin(Asked::New | Asked::NewAgain) => Does::Keys("271828".to_string().into()),
            Moment::Card | Moment::Transaction => Does::Nothing,
        };
        let purchase = Operation::Purchase(Bill::new(Fen(1250), Fen(0)).expect("a bill"));
        let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
        let ended = machine.serve(&mut centre, &purchase, time, &mut holder);
        println!("{:#?}", machine.log());
        println!("{:?} {:?} {} characters", machine.elapsed(), begun.elapsed(), machine.characters());
        println!("{:?} {:?}", machine.findings(), machine.crooked());
        println!("{ended:?}");
    }
}
