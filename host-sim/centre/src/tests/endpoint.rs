//! The centre in bytes: it does what the message says, or nothing. What messages do is tested elsewhere.

use qiyong_protocol::centre::iso8583::mac::MacKey;
use qiyong_protocol::centre::iso8583::{HEADER, Message, Mti, TPDU, Writer};
use qiyong_protocol::centre::message::write_request;

use super::*;

/// A centre in which the pharmacy's terminal has signed in, and its keys.
fn in_a_session(card: &CardRecord) -> (Centre, Keys) {
    let mut centre = centre_with(card);
    let keys = keys_of(&mut centre, PHARMACY, TILL, test_mac_key());
    (centre, keys)
}

/// A purchase with number 1, as a message under `key`.
fn purchase_bytes(card: &CardRecord, key: &dyn MacKey) -> Vec<u8> {
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let body = Body::Transact { stan: Stan(1), card: &presented(card), operation: &purchase(3_580) };
    let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body };
    let mut buffer = [0; MESSAGE_MAX];
    write_request(&request, Stan(9), key, &mut buffer).unwrap().1.to_vec()
}

fn code(answer: &[u8]) -> &[u8] {
    Message::read(answer).unwrap().field(39).unwrap().bytes
}

/// Everything that a message could change.
fn state(centre: &Centre, card: &CardRecord) -> (CardRecord, usize, usize) {
    (now(centre, card), centre.activations(&card.number).unwrap().len(), centre.journal().unwrap().len())
}

#[test]
fn a_message_in_bytes_has_the_answer_of_its_typed_form() {
    let card = inactive(b"X00000019");
    let (mut centre, mut keys) = in_a_session(&card);
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let body = Body::Transact { stan: Stan(1), card: &presented(&card), operation: &purchase(3_580) };
    let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body };
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = keys.write(&request, Stan(9), &mut buffer).unwrap();
    let answer = centre.handle_bytes(bytes).unwrap().unwrap();
    assert_eq!(code(&answer), b"00");
    assert_eq!(keys.read(&answer, &sent), Ok(approved(true, false, 3_580, 46_420)));
    // In bytes again, and as a request again: both are one transaction.
    assert_eq!(centre.handle_bytes(bytes).unwrap(), Some(answer));
    assert_eq!(centre.handle(&request).unwrap(), approved(true, false, 3_580, 46_420));
    assert_eq!(state(&centre, &card).2, 1);
}

#[test]
fn a_wrong_mac_is_answered_with_a0_and_does_nothing() {
    let card = inactive(b"X00000019");
    let (mut centre, _) = in_a_session(&card);
    let before = state(&centre, &card);
    let bytes = purchase_bytes(&card, &X919::new([0x22; 16]));
    assert_eq!(code(&centre.handle_bytes(&bytes).unwrap().unwrap()), b"A0");
    // A message without a MAC is rejected too.
    let mut buffer = [0; MESSAGE_MAX];
    let message = Message::read(&bytes).unwrap();
    let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
    message.fields().for_each(|value| writer.copy(value));
    assert_eq!(code(&centre.handle_bytes(writer.finish().unwrap()).unwrap().unwrap()), b"A0");
    assert_eq!(state(&centre, &card), before);
}

#[test]
fn a_message_that_says_nothing_is_answered_with_30_and_does_nothing() {
    let card = inactive(b"X00000019");
    let (mut centre, keys) = in_a_session(&card);
    let before = state(&centre, &card);
    let bytes = purchase_bytes(&card, keys.working().unwrap());
    let message = Message::read(&bytes).unwrap();
    // Without F42 nobody knows whose key it should be under.
    for (left_out, says) in [(4, b"30"), (42, b"A0"), (55, b"30"), (60, b"30"), (62, b"30")] {
        let mut buffer = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
        message.fields().filter(|value| value.field.number != left_out).for_each(|value| writer.copy(value));
        let answer = centre.handle_bytes(writer.finish_with_mac(keys.working().unwrap()).unwrap()).unwrap().unwrap();
        assert_eq!(code(&answer), says, "without F{left_out}");
    }
    assert_eq!(state(&centre, &card), before);
}

#[test]
fn what_is_no_message_or_an_answer_gets_no_answer() {
    let card = inactive(b"X00000019");
    let (mut centre, keys) = in_a_session(&card);
    let bytes = purchase_bytes(&card, keys.working().unwrap());
    assert_eq!(centre.handle_bytes(&bytes[1..]).unwrap(), None);
    assert_eq!(centre.handle_bytes(&[]).unwrap(), None);
    let answer = centre.handle_bytes(&bytes).unwrap().unwrap();
    assert_eq!(Message::read(&answer).unwrap().mti(), Mti(0x0210));
    assert_eq!(centre.handle_bytes(&answer).unwrap(), None, "or two centres would talk for ever");
}

#[test]
fn a_message_of_which_one_byte_is_another_does_nothing_or_the_same() {
    let card = inactive(b"X00000019");
    let (mut centre, keys) = in_a_session(&card);
    let before = state(&centre, &card);
    let bytes = purchase_bytes(&card, keys.working().unwrap());
    // The MAC does not cover TPDU and header, and they have no meaning.
    let says_nothing = 2..13;
    for at in (0..bytes.len()).filter(|at| !says_nothing.contains(at)) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let answer = centre.handle_bytes(&changed).unwrap();
            assert!(answer.is_none_or(|answer| code(&answer) == b"A0"), "byte {at} bit {bit}");
        }
    }
    assert_eq!(state(&centre, &card), before);
    for at in says_nothing {
        let mut changed = bytes.clone();
        changed[at] ^= 0x5A;
        assert_eq!(code(&centre.handle_bytes(&changed).unwrap().unwrap()), b"00");
    }
    assert_eq!(state(&centre, &card).2, 1, "all of them are one transaction");
}

/// docs/card.md §5.3.
#[test]
fn a_sign_off_ends_the_session_and_an_echo_changes_nothing() {
    let card = inactive(b"X00000019");
    let (mut centre, keys) = in_a_session(&card);
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let write = |body| {
        let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body };
        let mut buffer = [0; MESSAGE_MAX];
        keys.write(&request, Stan(9), &mut buffer).unwrap().1.to_vec()
    };
    let (echo, sign_off) = (write(Body::Echo), write(Body::SignOff));
    let said = |centre: &mut Centre, bytes: &[u8]| code(&centre.handle_bytes(bytes).unwrap().unwrap()).to_vec();
    let before = state(&centre, &card);
    assert_eq!(said(&mut centre, &echo), b"00");
    assert_eq!(state(&centre, &card), before);
    // Said again, since its answer was lost: it is over already.
    for _ in 0..2 {
        assert_eq!(said(&mut centre, &sign_off), b"00");
    }
    for bytes in [&echo, &purchase_bytes(&card, keys.working().unwrap())] {
        assert_eq!(said(&mut centre, bytes), b"A0");
    }
    assert_eq!(state(&centre, &card), before, "neither is on the journal, nor is what came after");
    // The lease stays.
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(1, 1));
    let other = Token(*b"another!");
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, other), Answer::Refused(Reason::NameTaken));

    // Who has lost the lease is told so.
    let keys = keys_of(&mut centre, PHARMACY, TILL, test_mac_key());
    centre.release(institution, TILL).unwrap();
    let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body: Body::Echo };
    let mut buffer = [0; MESSAGE_MAX];
    let (_, bytes) = keys.write(&request, Stan(9), &mut buffer).unwrap();
    assert_eq!(said(&mut centre, bytes), b"05");
}
