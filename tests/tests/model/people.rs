//! The holder, the card and the day of the model: one of each.

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Token;
use qiyong_protocol::rules::decision::{CardRecord, PresentedCard};
use qiyong_sim::card::os::VirtualCard;
use qiyong_tests::sample_card;

/// Tries that the card's PIN has.
pub(crate) const TRIES: u8 = 3;
const INITIAL: &[u8] = b"123456";
const OWN: &[u8] = b"271828";

/// The token of every terminal: their random numbers are none.
pub(crate) const TOKEN: Token = Token([7; 8]);

/// The holder's own PIN, or the initial one.
pub(crate) fn pin(own: bool) -> Pin {
    Pin::new(if own { OWN } else { INITIAL }).expect("six digits")
}

pub(crate) fn new_card() -> NewCard {
    NewCard { pin: Pin::new(INITIAL).expect("six digits"), pin_tries: TRIES, ..sample_card(Generation::V2) }
}

pub(crate) fn virtual_card() -> VirtualCard {
    make_card(&new_card(), &Hsm::test_keys()).expect("a card that can be made")
}

/// The time of the sale with this number.
pub(crate) fn time_of(sale: u8) -> Timestamp {
    Timestamp { date: Date::new(2026, 3, 2).expect("a day"), hour: 9, minute: sale, second: 0 }
}

pub(crate) fn presented() -> PresentedCard {
    let record = record();
    PresentedCard { number: record.number, ident: record.ident, id_number: record.id_number, name: record.name }
}

pub(crate) fn record() -> CardRecord {
    let new = new_card();
    let ident = Hsm::test_keys().issue(&new).expect("a card that can be made").ident;
    new.record(ident)
}

/// The day of the model.
pub(crate) fn today() -> Date {
    Date::new(2026, 3, 2).expect("a day")
}
