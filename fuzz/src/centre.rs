//! Targets for the messages between terminal and centre (ISO 8583).

use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::centre::iso8583::mac::{MacKey, X919};
use qiyong_protocol::centre::iso8583::{Message, Writer};
use qiyong_protocol::centre::message::{
    MESSAGE_MAX, MessageError, Parts, Sent, read_answer, read_request, write_answer, write_request,
};
use qiyong_protocol::centre::{Answer, Batch, Body, Request, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;

pub(crate) mod seeds;

/// The key of the seeds and of every message that is trusted here.
const KEY: X919 = X919::new([0x42; 16]);

/// The bytes as they are, and again with the right length and MAC, as from a sender that has the key and makes
/// mistakes.
pub(crate) fn any_message(bytes: &[u8]) {
    check(bytes);
    let mut mended = bytes.to_vec();
    if mended.len() >= 13 + 10 + 8 {
        mended[13 + 2 + 7] |= 1;
        let end = mended.len() - 8;
        let mac = KEY.mac(&mended[13..end]);
        mended[end..].copy_from_slice(&mac.0);
    }
    if let Ok(length) = u16::try_from(mended.len().saturating_sub(2)) {
        mended.iter_mut().zip(length.to_be_bytes()).for_each(|(to, from)| *to = from);
    }
    check(&mended);
}

fn check(bytes: &[u8]) {
    let message = match Message::read(bytes) {
        Ok(message) => message,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    as_fields(bytes, &message);
    match read_request(&message, &KEY, &mut Parts::default()) {
        Ok(request) => as_request(&request),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(error == MessageError::Mac, !message.is_authentic(&KEY), "the MAC is looked at first");
        }
    }
    as_answer(bytes);
}

/// The readable and the unreadable part together are the whole message. Both can be written into another message
/// unchanged.
fn as_fields(bytes: &[u8], message: &Message<'_>) {
    let mut buffer = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut buffer, message.tpdu(), message.header(), message.mti());
    message.fields().for_each(|value| writer.copy(value));
    let copy = writer.finish().expect("what was read can be written");
    assert!(message.fields().eq(Message::read(copy).expect("what was written can be read").fields()));
    let unread = message.unread().map_or(0, |(_, unread)| unread.len());
    let mac = bytes.len() - copy.len() - unread;
    assert!(mac == 8 || (mac == 0 && !message.is_authentic(&KEY)), "bytes were passed over");
}

/// A message that is read as a request can be written, and is read again as the same request.
fn as_request(request: &Request<'_>) {
    let mut buffer = [0; 2 * MESSAGE_MAX];
    match write_request(request, Stan(7), &KEY, &mut buffer) {
        Ok((_, bytes)) => {
            let again = Message::read(bytes).expect("what was written can be read");
            assert_eq!(read_request(&again, &KEY, &mut Parts::default()).as_ref(), Ok(request));
        }
        Err(error) => panic!("what was read cannot be written: {error}"),
    }
}

/// The bytes as the answer to each kind of request among the seeds.
fn as_answer(bytes: &[u8]) {
    for (sent, request) in requests() {
        let bytes = &bound(bytes, &request);
        if let Ok(answer) = read_answer(bytes, &sent, &KEY) {
            let mut buffer = [0; MESSAGE_MAX];
            let request = Message::read(&request).expect("it was written");
            let again = write_answer(&answer, &request, &KEY, &mut buffer).expect("what was read can be written");
            assert_eq!(read_answer(again, &sent, &KEY), Ok(answer));
        }
    }
}

/// A message as the answer to a request: its MAC is bound to that, if it is long enough to have one.
fn bound(bytes: &[u8], request: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(end) = bytes.len().checked_sub(8).filter(|end| *end >= 13) {
        let mac = KEY.mac_after(&request[request.len() - 8..], &bytes[13..end]);
        bytes[end..].copy_from_slice(&mac.0);
    }
    bytes
}

/// A request of a pharmacy's terminal.
fn written(body: Body<'_>) -> (Sent, Vec<u8>) {
    let institution = InstitutionCode::new("P32010000017").expect("a good code");
    let time = Timestamp { date: Date::new(2026, 3, 2).expect("a good date"), hour: 12, minute: 0, second: 7 };
    let mut buffer = [0; MESSAGE_MAX];
    let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
    let request = Request { institution, terminal: TerminalId(*b"TILL0001"), batch, time, body };
    let (sent, bytes) = write_request(&request, Stan(7), &KEY, &mut buffer).expect("it can be written");
    (sent, bytes.to_vec())
}

fn requests() -> Vec<(Sent, Vec<u8>)> {
    seeds::bodies(written)
}

/// The answer to a request.
fn answered(answer: &Answer, request: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = [0; MESSAGE_MAX];
    let request = Message::read(request).expect("it was written");
    write_answer(answer, &request, &KEY, &mut buffer).ok().map(<[u8]>::to_vec)
}
