//! The card centre as a decider: what it decides, and what a terminal reads when it has no time.

use qiyong_centre::clock::SetClock;
use qiyong_centre::{Centre, test_mac_key};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::centre::message::{MESSAGE_MAX, Sent, read_answer, write_request};
use qiyong_protocol::centre::{Answer, Batch, Body, Original, Request, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::Institution;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::toy::request as without_mac;
use crate::decider::{Decider, Refuse, Refused};

fn write(batch: Batch, body: Body<'_>) -> (Sent, Vec<u8>) {
    let date = Date::new(2026, 3, 2).unwrap();
    let time = Timestamp { date, hour: 9, minute: 0, second: 0 };
    let institution = InstitutionCode::new("P32010000017").unwrap();
    let request = Request { institution, terminal: TerminalId(*b"TILL0001"), batch, time, body };
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = write_request(&request, Stan(7), &test_mac_key(), &mut buffer).unwrap();
    (sent, bytes.to_vec())
}

fn sign_in() -> (Sent, Vec<u8>) {
    write(Batch::NONE, Body::SignIn { token: Token(*b"a token!") })
}

#[test]
fn it_decides_about_each_message_of_a_batch() {
    let mut centre = Centre::in_memory().unwrap();
    centre.set_clock(Box::new(SetClock::new("2026-03-02T09:00:00".parse().unwrap())));
    let institution = InstitutionCode::new("P32010000017").unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let (sent, bytes) = sign_in();
    let answers = centre.decide(&[bytes.clone(), without_mac(3), bytes]);
    let read = |answer: &Option<Vec<u8>>| read_answer(answer.as_ref().unwrap(), &sent, &test_mac_key());
    assert!(matches!(read(&answers[0]), Ok(Answer::SignedIn { .. })));
    assert!(answers[1].is_some(), "A0: a message without a MAC has an answer, too");
    assert_eq!(answers[0], answers[2], "said again, answered again");
}

/// A transaction that is refused so is not reversed: it must never be decided. A reversal stays due.
#[test]
fn a_terminal_reads_that_the_centre_has_no_time() {
    let mut refuser = Centre::in_memory().unwrap();
    let card = CardNumber::new(b"X00000019").unwrap();
    let original = Original {
        card,
        total: Fen(100),
        time: Timestamp { date: Date::new(2026, 3, 2).unwrap(), hour: 9, minute: 0, second: 0 },
    };
    for (sent, bytes) in [sign_in(), write(Batch(1), Body::Reverse { stan: Stan(3), original })] {
        for why in [Refused::Full, Refused::Late] {
            let answer = refuser.refuse(&bytes, why).unwrap();
            let Ok(Answer::Refused(reason)) = read_answer(&answer, &sent, &test_mac_key()) else { panic!("{why:?}") };
            assert_eq!((reason, reason.outcome()), (Reason::CentreBusy, Outcome::Failed));
        }
    }
    assert_eq!(refuser.refuse(b"no message", Refused::Full), None);
}
