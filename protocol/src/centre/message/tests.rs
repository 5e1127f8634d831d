//! Any request and any answer is read as it was written; and what damage to the bytes does. What is no answer to a
//! message is in [`late`] and [`bound`], under which key what is believed in [`keys`].

mod bound;
mod frozen;
mod keys;
mod late;
mod uploads;

use std::boxed::Box;
use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use crate::card::date::{Date, Timestamp};
use crate::card::keys::{Algorithm, Cryptogram};
use crate::card::status::CardStatus;
use crate::centre::iso8583::mac::{MacKey, X919};
use crate::centre::iso8583::{HEADER, Message, Mti, TPDU, WriteError, Writer, swapped};
use crate::centre::{
    Answer, Authenticate, Batch, BatchState, Body, Deal, Ended, Entry, Lease, Original, Policy, Receipt, Request,
    Session, Stan, Standing, Sum, TerminalId, Token, Totals, UPLOAD_MAX, WorkingKey,
};
use crate::rules::decision::{Effects, Operation, PresentedCard};
use crate::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use crate::rules::institution::{Channel, InstitutionCode};
use crate::rules::money::{Bill, Fen};
use crate::rules::reason::Reason;

fn key() -> X919 {
    X919::new(hex!("0123456789ABCDEFFEDCBA9876543210"))
}

pub(crate) fn any_date() -> impl Strategy<Value = Date> {
    (1..=9999u16, 1..=12u8, 1..=28u8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn any_name() -> impl Strategy<Value = Name> {
    prop::collection::vec(0x21..0xFFu8, 1..=50).prop_map(|bytes| Name::new(&bytes).unwrap())
}

fn any_id() -> impl Strategy<Value = IdNumber> {
    (any_date(), 0..1_000_000u32, 0..1000u32).prop_map(|(date, area, order)| {
        let mut text =
            format!("{area:06}{:04}{:02}{:02}{order:03}", date.year(), date.month(), date.day()).into_bytes();
        text.push(IdNumber::check_character(&text));
        IdNumber::new(&text).unwrap()
    })
}

fn any_number() -> impl Strategy<Value = CardNumber> {
    "[0-9A-Z]{9}".prop_map(|text| CardNumber::new(text.as_bytes()).unwrap())
}

fn any_ident() -> impl Strategy<Value = IdentCode> {
    ("[0-9]{6}", any::<[u8; 4]>(), any::<[u8; 4]>())
        .prop_map(|(region, serial, check)| IdentCode::from_parts(Region::new(&region).unwrap(), serial, check))
}

fn any_card() -> impl Strategy<Value = PresentedCard> {
    (any_number(), any_ident(), any_id(), any_name()).prop_map(|(number, ident, id_number, name)| PresentedCard {
        number,
        ident,
        id_number,
        name,
    })
}

pub(in crate::centre) fn any_bill() -> impl Strategy<Value = Bill> {
    (1..=Fen::MAX.0).prop_flat_map(|total| {
        (Just(total), 0..=total).prop_map(|(total, fund)| Bill::new(Fen(total), Fen(fund)).unwrap())
    })
}

pub(crate) fn any_operation() -> impl Strategy<Value = Operation> {
    let validity = prop_oneof![Just(Validity::LongTerm), any_date().prop_map(Validity::Until)];
    let document = (select(&DocumentKind::ALL[..]), "[!-~]{1,20}", any_name(), validity);
    let document = document.prop_map(|(kind, number, name, valid_until)| {
        let number = DocumentNumber::new(number.as_bytes()).unwrap();
        Document { kind, number, name, valid_until }
    });
    prop_oneof![
        prop::option::of(document).prop_map(|document| Operation::Apply { document }),
        any_bill().prop_map(Operation::Settle),
        any_bill().prop_map(Operation::Purchase),
        Just(Operation::Query),
    ]
}

fn any_stan() -> impl Strategy<Value = Stan> {
    (1..=999_999u32).prop_map(Stan)
}

/// Requests borrow; a test may leak the memory.
fn kept<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn any_body() -> impl Strategy<Value = Body<'static>> {
    static HISTORICAL: [u8; 15] = *b"\x00\xFFsome history\x80";
    let external = prop::option::of(any::<([u8; 8], [u8; 8])>());
    let algorithm = select(&[Algorithm::TripleDes, Algorithm::Sm4][..]);
    let authenticate = (any_ident(), 0..=15usize, algorithm, any::<[u8; 16]>(), external);
    prop_oneof![
        authenticate.prop_map(|(ident, history, algorithm, internal, external)| {
            let historical = &HISTORICAL[..history];
            Body::Authenticate(Authenticate { ident, historical, algorithm, internal, external })
        }),
        (any_card(), any_operation())
            .prop_map(|(card, operation)| Body::Inquire { card: kept(card), operation: kept(operation) }),
        (any_stan(), any_card(), any_operation()).prop_map(|(stan, card, operation)| Body::Transact {
            stan,
            card: kept(card),
            operation: kept(operation)
        }),
        any::<[u8; 8]>().prop_map(|token| Body::SignIn { token: Token(token) }),
        Just(Body::SignOff),
        Just(Body::Echo),
        uploads::any_body(),
        (any_stan(), any_original()).prop_map(|(stan, original)| Body::Reverse { stan, original }),
        (any_stan(), any_original(), prop::option::of(select(Reason::ALL)))
            .prop_map(|(stan, original, result)| Body::Confirm { stan, original, result }),
        (any_number(), any_ident()).prop_map(|(card, ident)| Body::PinChanged { card, ident }),
        (prop::option::of(any_number()), any_operation(), select(Reason::ALL))
            .prop_map(|(card, operation, reason)| Body::Report { card, operation: kept(operation), reason }),
    ]
}

fn any_batch() -> impl Strategy<Value = Batch> {
    (1..=999_999u32).prop_map(Batch)
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    let time = (any_date(), 0..24u8, 0..60u8, 0..60u8);
    time.prop_map(|(date, hour, minute, second)| Timestamp { date, hour, minute, second })
}

fn any_original() -> impl Strategy<Value = Original> {
    (any_number(), any_amount(), any_time()).prop_map(|(card, total, time)| Original { card, total, time })
}

fn any_request() -> impl Strategy<Value = Request<'static>> {
    let institution = (select(&Channel::ALL[..]), "[0-9]{11}");
    let institution = institution.prop_map(|(channel, digits)| {
        InstitutionCode::new(&format!("{}{digits}", char::from(channel.letter()))).unwrap()
    });
    let terminal = prop::array::uniform8(0x20..0x7Fu8).prop_map(TerminalId);
    (institution, terminal, any_batch(), any_time(), any_body()).prop_map(
        |(institution, terminal, batch, time, body)| {
            let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { batch };
            Request { institution, terminal, batch, time, body }
        },
    )
}

fn any_cryptogram() -> impl Strategy<Value = Cryptogram> {
    any::<[u8; 8]>().prop_map(Cryptogram)
}

fn any_amount() -> impl Strategy<Value = Fen> {
    (0..=Fen::MAX.0).prop_map(Fen)
}

fn any_session() -> impl Strategy<Value = Session> {
    (any::<[u8; 16]>(), any::<[u8; 3]>(), any_time(), any::<Option<[u8; 4]>>()).prop_map(
        |(enciphered, check, time, policy)| Session {
            key: WorkingKey { enciphered, check },
            time,
            policy: policy.map(Policy::from_bytes),
        },
    )
}

/// An answer to `body`.
fn any_answer(body: &Body<'_>) -> impl Strategy<Value = Answer> + use<> {
    let fitting = match body {
        Body::SignIn { .. } => (any_batch(), any_stan(), any_session())
            .prop_map(|(batch, next, session)| Answer::SignedIn { lease: Lease { batch, next }, session })
            .boxed(),
        Body::Authenticate(_) => (any_cryptogram(), prop::option::of(any_cryptogram()))
            .prop_map(|(internal, external)| Answer::Authenticated { internal, external })
            .boxed(),
        Body::Inquire { .. } => (select(&CardStatus::ALL[..]), any::<[bool; 4]>())
            .prop_map(|(status, [social, financial, pin_is_initial, initial_is_common])| {
                Answer::Standing(Standing { status, social, financial, pin_is_initial, initial_is_common })
            })
            .boxed(),
        Body::Transact { .. } => (any::<[bool; 2]>(), any_amount(), any_amount())
            .prop_map(|([activates, activates_financial], charge, balance)| {
                Answer::Approved(Receipt { effects: Effects { activates, activates_financial, charge }, balance })
            })
            .boxed(),
        Body::SettleBatch { .. } | Body::Upload { .. } | Body::UploadDone { .. } => {
            select(&BatchState::ALL[..]).prop_map(Answer::Batch).boxed()
        }
        Body::Reverse { .. }
        | Body::Confirm { .. }
        | Body::PinChanged { .. }
        | Body::Report { .. }
        | Body::SignOff
        | Body::Echo => Just(Answer::Done).boxed(),
    };
    prop_oneof![3 => fitting, 1 => select(Reason::ALL).prop_map(Answer::Refused)]
}

/// A request, its answer, and the number for messages that have none of their own.
fn any_exchange() -> impl Strategy<Value = (Request<'static>, Answer, Stan)> {
    any_request().prop_flat_map(|asked| {
        let answer = any_answer(&asked.body);
        (Just(asked), answer, any_stan())
    })
}

fn sent(asked: &Request<'_>, number: Stan) -> (Sent, Vec<u8>) {
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = write_request(asked, number, &key(), &mut buffer).unwrap();
    (sent, bytes.to_vec())
}

fn answered(answer: &Answer, request: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MESSAGE_MAX];
    let request = Message::read(request).unwrap();
    write_answer(answer, &request, &key(), &mut buffer).unwrap().to_vec()
}

/// The request in bytes, if they are one.
fn read(bytes: &[u8]) -> Result<Request<'_>, MessageError> {
    read_request(&Message::read(bytes)?, &key(), Box::leak(Box::default()))
}

/// What may happen to a message on its way.
#[derive(Clone, Debug)]
enum Change {
    Bit(Index, u8),
    Byte(Index, u8),
    Lost(Index),
    More(Index, u8),
    Swapped(Index, Index),
    Cut(Index),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Change::Bit(at, bit)),
        1 => any::<(Index, u8)>().prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => any::<Index>().prop_map(Change::Lost),
        1 => any::<(Index, u8)>().prop_map(|(at, byte)| Change::More(at, byte)),
        1 => any::<(Index, Index)>().prop_map(|(a, b)| Change::Swapped(a, b)),
        1 => any::<Index>().prop_map(Change::Cut),
    ]
}

fn change(bytes: &[u8], changes: &[Change], mend_length: bool) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let len = bytes.len();
        match change {
            Change::Bit(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Change::Byte(at, byte) => bytes[at.index(len)] = *byte,
            Change::Lost(at) => drop(bytes.remove(at.index(len))),
            Change::More(at, byte) => bytes.insert(at.index(len), *byte),
            Change::Swapped(a, b) => bytes.swap(a.index(len), b.index(len)),
            Change::Cut(at) => bytes.truncate(at.index(len)),
        }
    }
    if mend_length && bytes.len() >= 2 {
        let length = (bytes.len() - 2) as u16;
        bytes[..2].copy_from_slice(&length.to_be_bytes());
    }
    bytes
}

/// The changed message, with a right MAC after what is before it.
fn with_right_mac(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() > 13 + 8 {
        let at = bytes.len() - 8;
        let mac = key().mac_after(before, &bytes[13..at]);
        bytes[at..].copy_from_slice(&mac.0);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_request_and_its_answer_arrive_as_they_were_sent((asked, answer, number) in any_exchange()) {
        let (sent, request) = sent(&asked, number);
        prop_assert_eq!(read(&request), Ok(asked));
        let message = Message::read(&request).unwrap();
        let bytes = answered(&answer, &request);
        prop_assert_eq!(read_answer(&bytes, &sent, &key()), Ok(answer));
        let reply = Message::read(&bytes).unwrap();
        prop_assert_eq!(reply.mti(), message.mti().answer());
        prop_assert_eq!((reply.tpdu(), reply.header()), (swapped(TPDU), HEADER));
        // Only the MAC protects: with another key, nothing is trusted.
        let other = X919::new([7; 16]);
        let mut parts = Parts::default();
        prop_assert_eq!(read_request(&message, &other, &mut parts), Err(MessageError::Mac));
        prop_assert_eq!(read_answer(&bytes, &sent, &other), Err(MessageError::Mac));
    }

    #[test]
    fn a_changed_message_is_an_error_or_says_the_same(
        (asked, answer, number) in any_exchange(),
        changes in prop::collection::vec(any_change(), 1..4),
        mend_length: bool,
    ) {
        let (sent, request) = sent(&asked, number);
        let bytes = change(&request, &changes, mend_length);
        if let Ok(other) = read(&bytes) {
            prop_assert_eq!(other, asked);
        }
        let bytes = change(&answered(&answer, &request), &changes, mend_length);
        if let Ok(other) = read_answer(&bytes, &sent, &key()) {
            prop_assert_eq!(other, answer);
        }
    }

    /// A sender that has the key and makes mistakes: what is read can be written, and is written with the same meaning.
    #[test]
    fn what_is_read_of_a_changed_message_with_a_right_mac_can_be_written(
        (asked, answer, number) in any_exchange(),
        changes in prop::collection::vec(any_change(), 1..4),
    ) {
        let (to, request) = sent(&asked, number);
        let bytes = with_right_mac(&[], &change(&request, &changes, true));
        match read(&bytes) {
            Ok(other) => {
                let (_, again) = sent(&other, number);
                prop_assert_eq!(read(&again), Ok(other));
            }
            Err(error) => prop_assert_ne!(error.to_string(), ""),
        }
        let asked = &request[request.len() - 8..];
        let bytes = with_right_mac(asked, &change(&answered(&answer, &request), &changes, true));
        match read_answer(&bytes, &to, &key()) {
            Ok(other) => prop_assert_eq!(read_answer(&answered(&other, &request), &to, &key()), Ok(other)),
            Err(error) => prop_assert_ne!(error.to_string(), ""),
        }
    }

    #[test]
    fn an_answer_to_another_message_is_not_taken(
        (one, answer, number) in any_exchange(),
        (other, _, other_number) in any_exchange(),
    ) {
        let (_, request) = sent(&one, number);
        let bytes = answered(&answer, &request);
        prop_assert_eq!(read_answer(&bytes, &sent(&other, other_number).0, &key()), Err(MessageError::Mac));
        // Not even if only the number differs.
        let late = number.next_message();
        if !matches!(one.body, Body::Transact { .. } | Body::Reverse { .. } | Body::Confirm { .. }) {
            prop_assert_eq!(read_answer(&bytes, &sent(&one, late).0, &key()), Err(MessageError::Mac));
        }
    }

    #[test]
    fn a_rejection_is_no_answer((asked, _, number) in any_exchange()) {
        let (sent, request) = sent(&asked, number);
        let message = Message::read(&request).unwrap();
        for code in [response::FORMAT, response::MAC] {
            let mut buffer = [0; MESSAGE_MAX];
            let bytes = write_rejection(code, &message, &key(), &mut buffer).unwrap();
            prop_assert_eq!(read_answer(bytes, &sent, &key()), Err(MessageError::Rejected(code)));
        }
        // And an answer that does not belong to the request is not written.
        let is_noted = matches!(
            asked.body,
            Body::Reverse { .. }
                | Body::Confirm { .. }
                | Body::PinChanged { .. }
                | Body::Report { .. }
                | Body::SignOff
                | Body::Echo
        );
        let written = write_answer(&Answer::Done, &message, &key(), &mut [0; MESSAGE_MAX]).map(|_| ());
        prop_assert_eq!(written, if is_noted { Ok(()) } else { Err(MessageError::Unfit) });
    }
}

fn signed_in() -> Answer {
    let session = Session { key: WorkingKey::new(&key(), &working()), time: purchase().time, policy: None };
    Answer::SignedIn { lease: Lease { batch: Batch(1), next: Stan(1) }, session }
}

fn working() -> X919 {
    X919::new(hex!("89ABCDEF01234567DCFE98BA54761032"))
}

fn purchase() -> Request<'static> {
    let card = PresentedCard {
        number: CardNumber::new(b"X00000019").unwrap(),
        ident: IdentCode::new(hex!("320100D15600000500A1B2C35EC0FFEE")).unwrap(),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(&hex!("D5C5C8FD")).unwrap(),
    };
    Request {
        institution: InstitutionCode::new("P32010000017").unwrap(),
        terminal: TerminalId(*b"00000001"),
        batch: Batch(1),
        time: Timestamp { date: Date::new(2026, 3, 2).unwrap(), hour: 12, minute: 0, second: 7 },
        body: Body::Transact {
            stan: Stan(42),
            card: kept(card),
            operation: kept(Operation::Purchase(Bill::new(Fen(3580), Fen(80)).unwrap())),
        },
    }
}

/// Byte for byte, composed by hand from the tables, so that writer and reader cannot share a mistake. Header and fields
/// are those of docs/card.md §5.1, §5.2.
#[test]
fn a_purchase_in_bytes() {
    let expected = hex!(
        "00A6 6000030000 603100311301"
        // Bits 3, 4, 11, 12, 13, 22, 25, 41, 42, 49, 55, 60, 62, 64.
        "0200 3038048000C08215"
        "000000 000000003580 000042 120007 0302 0510 00"
        "3030303030303031 503332303130303030303137202020"
        "313536"
        "0059"
        "DF0109 583030303030303139"
        "DF0210 320100D15600000500A1B2C35EC0FFEE"
        "DF0312 313131313131313938313031303131313130"
        "DF0404 D5C5C8FD"
        "0011 220000010000"
        "0020 DF100420260302 DF110103 DF1206000000000080"
    );
    let (_, bytes) = sent(&purchase(), Stan(1));
    let (fields, mac) = bytes.split_at(bytes.len() - 8);
    assert_eq!(format!("{fields:02X?}"), format!("{expected:02X?}"));
    assert_eq!(key().mac(&fields[13..]).0, *mac);
}

#[test]
fn each_field_that_is_missing_or_does_not_agree_is_named() {
    let (_, bytes) = sent(&purchase(), Stan(1));
    let message = Message::read(&bytes).unwrap();
    let without = |left_out: u8| {
        let mut buffer = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
        message.fields().filter(|value| value.field.number != left_out).for_each(|value| writer.copy(value));
        read(writer.finish_with_mac(&key()).unwrap()).map(|_| ())
    };
    for field in [3, 4, 11, 12, 13, 41, 42, 60] {
        assert_eq!(without(field), Err(MessageError::Missing { field }));
    }
    for (field, tag) in [(55, objects::CARD_NUMBER), (62, objects::DATE)] {
        assert_eq!(without(field), Err(MessageError::MissingObject { field, tag }));
    }
    assert_eq!(without(49), Err(MessageError::Value { field: 49 }));
    // These two are ignored.
    assert_eq!((without(22), without(25)), (Ok(()), Ok(())));

    let with = |field: u8, digits: &[u8]| {
        let mut buffer = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
        for value in message.fields() {
            if value.field.number == field { writer.digits(field, digits) } else { writer.copy(value) }
        }
        read(writer.finish_with_mac(&key()).unwrap()).map(|_| ())
    };
    assert_eq!(with(3, &[3, 1, 0, 0, 0, 0]), Err(MessageError::Value { field: 3 }));
    assert_eq!(with(11, &[0; 6]), Err(MessageError::Value { field: 11 }), "no number");
    assert_eq!(with(60, &[2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(MessageError::Value { field: 60 }), "no batch");
    assert_eq!(with(4, &[0; 12]), Err(MessageError::Value { field: 4 }), "nothing to pay");
    assert_eq!(with(12, &[2, 4, 0, 0, 0, 0]), Err(MessageError::Value { field: 12 }));
    assert_eq!(with(13, &[0, 3, 0, 3]), Err(MessageError::Value { field: 13 }), "not the day in F62");
    assert_eq!(with(60, &[2, 2]), Err(MessageError::Value { field: 60 }));
    assert_eq!(with(60, &[2, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0]), Err(MessageError::Unknown));
    // An application with the code of a payment, and the reverse.
    let under = |form: [u8; 11], processing: &[u8; 6]| {
        let mut buffer = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, Mti(0x0200));
        for value in message.fields() {
            match value.field.number {
                3 => writer.digits(3, processing),
                60 => writer.digits(60, &form),
                _ => writer.copy(value),
            }
        }
        read(writer.finish_with_mac(&key()).unwrap()).map(|_| ())
    };
    let operation = MessageError::Object { field: 62, tag: objects::OPERATION };
    assert_eq!(under([9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], &[9, 0, 0, 0, 0, 0]), Err(operation));
}

#[test]
fn what_no_field_can_hold_is_not_sent() {
    let written =
        |asked: &Request<'_>| write_request(asked, Stan(1), &key(), &mut [0; MESSAGE_MAX]).map(|_| ()).unwrap_err();
    let good = purchase();
    let terminal = TerminalId(*b"TILL\x00\x00\x00\x01");
    let content = WriteError::Content { field: 41 };
    assert_eq!(written(&Request { terminal, ..good.clone() }), MessageError::Write(content));
    let time = Timestamp { second: 60, ..good.time };
    assert_eq!(written(&Request { time, ..good.clone() }), MessageError::Value { field: 12 });
    let Body::Transact { card, operation, .. } = good.body.clone() else { unreachable!() };
    for stan in [0, 1_000_000, 4_000_000_000].map(Stan) {
        let body = Body::Transact { stan, card, operation };
        assert_eq!(written(&Request { body, ..good.clone() }), MessageError::Value { field: 11 });
    }
    for batch in [Batch::NONE, Batch(1_000_000)] {
        assert_eq!(written(&Request { batch, ..good.clone() }), MessageError::Value { field: 60 });
    }
    let body = Body::SignIn { token: Token([7; 8]) };
    assert_eq!(written(&Request { body, ..good.clone() }), MessageError::Value { field: 60 }, "not in a batch");

    let (_, request) = sent(&good, Stan(1));
    let request = Message::read(&request).unwrap();
    let answer = |charge, balance| {
        let effects = Effects { charge, ..Effects::default() };
        let answer = Answer::Approved(Receipt { effects, balance });
        write_answer(&answer, &request, &key(), &mut [0; MESSAGE_MAX]).map(|_| ()).unwrap_err()
    };
    let beyond = Fen(Fen::MAX.0 + 1);
    assert_eq!(answer(Fen(0), beyond), MessageError::Write(WriteError::Length { field: 54 }));
    assert_eq!(answer(beyond, Fen(0)), MessageError::Object { field: 62, tag: objects::CHARGE });
}

#[test]
fn no_debug_output_shows_a_person() {
    let (_, bytes) = sent(&purchase(), Stan(1));
    let message = Message::read(&bytes).unwrap();
    let fields: Vec<_> = message.fields().collect();
    let shown = format!("{message:?} {fields:?} {:?} {:?}", purchase(), key());
    // As text, or as bytes: the middle of the ID number, and the name.
    assert!(!shown.contains("19810101") && !shown.contains("49, 57, 56, 49") && !shown.contains("213, 197"), "{shown}");
}
