//! An answer belongs to one request, to the byte: whoever recorded one, or swaps two on their way, gives no terminal an answer
//! that it takes. Above all nobody makes a forged card genuine with the answer about another challenge.

use std::vec;

use super::*;
use crate::centre::message::answer::{Compared, is_answer};

/// Requests of which every two agree in all that an answer repeats (type, batch, number, time, terminal, institution, card), and
/// differ in what is asked.
fn twins() -> Vec<(&'static str, [Body<'static>; 2], Answer)> {
    let Body::Transact { stan, card, operation } = purchase().body else { unreachable!() };
    let other = kept(Operation::Purchase(Bill::new(Fen(1), Fen(0)).unwrap()));
    let ident = IdentCode::from_parts(card.ident.region(), [9; 4], [9; 4]);
    let question = |internal, challenge| {
        let external = Some((challenge, [3; 8]));
        Body::Authenticate(Authenticate {
            ident: card.ident,
            historical: &[],
            algorithm: Algorithm::Sm4,
            internal,
            external,
        })
    };
    let original = |total| Original { card: card.number, total: Fen(total), time: purchase().time };
    let report = |reason| Body::Report { card: Some(card.number), operation, reason };
    let genuine = Answer::Authenticated { internal: Cryptogram([1; 8]), external: Some(Cryptogram([2; 8])) };
    let receipt = Answer::Approved(Receipt { effects: Effects::default(), balance: Fen(1) });
    let standing = Standing {
        status: CardStatus::Active,
        social: true,
        financial: true,
        pin_is_initial: false,
        initial_is_common: false,
    };
    let sign_in = |token| Body::SignIn { token: Token([token; 8]) };
    vec![
        ("another question to a card", [question([1; 16], [1; 8]), question([2; 16], [1; 8])], genuine.clone()),
        ("another challenge of a card", [question([1; 16], [1; 8]), question([1; 16], [2; 8])], genuine),
        (
            "another amount",
            [Body::Transact { stan, card, operation }, Body::Transact { stan, card, operation: other }],
            receipt,
        ),
        (
            "another inquiry",
            [Body::Inquire { card, operation }, Body::Inquire { card, operation: other }],
            Answer::Standing(standing),
        ),
        (
            "another card of the number",
            [Body::PinChanged { card: card.number, ident }, Body::PinChanged { card: card.number, ident: card.ident }],
            Answer::Done,
        ),
        ("another token", [sign_in(1), sign_in(2)], signed_in()),
        ("another reason", [report(Reason::PinWrong), report(Reason::NobodyCame)], Answer::Done),
        (
            "another amount to reverse",
            [Body::Reverse { stan, original: original(1) }, Body::Reverse { stan, original: original(2) }],
            Answer::Done,
        ),
    ]
}

/// In which of these cases the answer to one request is taken for that to the other.
fn mistaken(takes: impl Fn(&[u8], &Sent) -> bool) -> Vec<&'static str> {
    let number = Stan(42);
    let swapped = twins().into_iter().filter_map(|(case, [one, other], answer)| {
        let [one, other] = [one, other].map(|body| {
            let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
            sent(&Request { batch, body, ..purchase() }, number)
        });
        assert_ne!(one.1, other.1, "{case}");
        let bytes = answered(&answer, &one.1);
        assert!(read_answer(&bytes, &one.0, &key()).is_ok(), "{case}");
        takes(&bytes, &other.0).then_some(case)
    });
    swapped.collect()
}

#[test]
fn an_answer_about_something_else_is_not_taken() {
    let none: [&str; 0] = [];
    assert_eq!(mistaken(|bytes, to| read_answer(bytes, to, &key()) != Err(MessageError::Mac)), none);
}

/// The mutant "not bound": a MAC over the answer alone, which is right whatever was asked. Every case above is taken then.
#[test]
fn without_the_bond_each_of_them_is_taken() {
    let unbound = |bytes: &[u8], to: &Sent| {
        let mut message = Message::read(bytes).unwrap();
        let alone = with_right_mac(&[], bytes);
        message = Message::read(&alone).unwrap_or(message);
        message.is_authentic(&key()) && is_answer(&message, to, &Compared::ALL)
    };
    assert_eq!(mistaken(unbound).len(), twins().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Of any two requests, also two that differ in one thing, no answer or rejection of the one opens the other.
    #[test]
    fn what_was_recorded_opens_nothing_but_its_own_request(
        (one, answer, number) in any_exchange(),
        (other, _, other_number) in any_exchange(),
        near in any::<bool>(),
        more in 1..1_000u32,
    ) {
        // Near: the same a few seconds later, or under another number.
        let other = if near { Request { time: one.time.after(more), ..one.clone() } } else { other };
        let other_number = if near { number } else { other_number };
        let (to, request) = sent(&one, number);
        let (other_to, other_request) = sent(&other, other_number);
        prop_assume!(request != other_request);
        let message = Message::read(&request).unwrap();
        let mut buffer = [0; MESSAGE_MAX];
        let rejected = write_rejection(response::MAC, &message, &key(), &mut buffer).unwrap();
        for bytes in [&answered(&answer, &request)[..], rejected] {
            prop_assert_ne!(read_answer(bytes, &to, &key()), Err(MessageError::Mac));
            prop_assert_eq!(read_answer(bytes, &other_to, &key()), Err(MessageError::Mac));
        }
    }
}

/// Byte for byte, composed by hand: the answer to the purchase of `a_purchase_in_bytes`. Both F64 were computed with OpenSSL: the
/// answer's over the request's, FD31612C, and these bytes.
#[test]
fn an_approval_in_bytes() {
    let expected = hex!(
        "007C 6000000003 603100311301"
        // Bits 3, 11, 12, 13, 39, 41, 42, 54, 55, 60, 62, 64.
        "0210 2038000002C00615"
        "000000 000042 120007 0302 3030"
        "3030303030303031 503332303130303030303137202020"
        "0020 30303032 313536 43 303030303030303436343230"
        "0012 DF0109 583030303030303139"
        "0011 220000010000"
        "0013 DF220101 DF2306000000003500"
        "3039333637373545"
    );
    let (_, request) = sent(&purchase(), Stan(1));
    assert_eq!(request[request.len() - 8..], *b"FD31612C");
    let effects = Effects { activates: true, activates_financial: false, charge: Fen(3_500) };
    let bytes = answered(&Answer::Approved(Receipt { effects, balance: Fen(46_420) }), &request);
    assert_eq!(format!("{bytes:02X?}"), format!("{expected:02X?}"));
}
