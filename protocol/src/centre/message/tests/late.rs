//! An answer that comes late, as after a restart that made the terminal forget what it had asked, is never taken for that
//! to a new message: of every pair of kinds, whatever single thing tells the new message from the old one. That is shown of the
//! fields alone, as if the MAC did not bind the two (`bound`).

use super::*;
use crate::centre::message::answer::{Compared, is_answer};

/// What tells two messages of one kind apart.
const DIFFERENCES: [Compared; 7] = [
    Compared::Batch,
    Compared::Number,
    Compared::Time,
    Compared::Day,
    Compared::Terminal,
    Compared::Institution,
    Compared::Card,
];

fn card(other: bool) -> PresentedCard {
    let Body::Transact { card, .. } = purchase().body else { unreachable!() };
    let (number, serial) = if other { (b"A12345674", [9; 4]) } else { (b"X00000019", [1; 4]) };
    let ident = IdentCode::from_parts(card.ident.region(), serial, [0; 4]);
    PresentedCard { number: CardNumber::new(number).unwrap(), ident, ..card.clone() }
}

/// A message of each kind, with an answer; all have the same number, time and card, but for what is told to differ.
fn messages(differ: Option<Compared>) -> Vec<(Sent, Vec<u8>, Vec<u8>)> {
    let differs = |compared| differ == Some(compared);
    let card = kept(card(differs(Compared::Card)));
    let good = purchase();
    let Body::Transact { operation, .. } = good.body else { unreachable!() };
    let apply = kept(Operation::Apply { document: None });
    let number = Stan(if differs(Compared::Number) { 43 } else { 42 });
    let original = Original { card: card.number, total: Fen(3580), time: good.time };
    let question = Authenticate {
        ident: card.ident,
        historical: &[],
        algorithm: Algorithm::Sm4,
        internal: [0; 16],
        external: None,
    };
    let receipt = Answer::Approved(Receipt { effects: Effects::default(), balance: Fen(1) });
    let standing = Standing {
        status: CardStatus::Active,
        social: true,
        financial: true,
        pin_is_initial: false,
        initial_is_common: false,
    };
    let reason = Reason::PinWrong;
    let bodies = [
        (Body::SignIn { token: Token([5; 8]) }, signed_in()),
        (Body::Authenticate(question), Answer::Authenticated { internal: Cryptogram([0; 8]), external: None }),
        (Body::Inquire { card, operation }, Answer::Standing(standing)),
        (Body::Transact { stan: number, card, operation }, receipt.clone()),
        (Body::Transact { stan: number, card, operation: apply }, receipt.clone()),
        (Body::Transact { stan: number, card, operation: &Operation::Query }, receipt),
        (Body::Reverse { stan: number, original }, Answer::Done),
        (Body::PinChanged { card: card.number, ident: card.ident }, Answer::Done),
        (Body::Report { card: Some(card.number), operation, reason }, Answer::Done),
        (Body::SignOff, Answer::Done),
        (Body::Echo, Answer::Done),
        (Body::Confirm { stan: number, original, result: None }, Answer::Done),
    ];
    let messages = bodies.into_iter().map(|(body, answer)| {
        let mut asked = Request { body, ..good.clone() };
        if matches!(asked.body, Body::SignIn { .. }) {
            asked.batch = Batch::NONE;
        } else if differs(Compared::Batch) {
            asked.batch = Batch(2);
        }
        if differs(Compared::Time) {
            asked.time = asked.time.after(1);
        }
        if differs(Compared::Day) {
            asked.time.date = asked.time.date.next();
        }
        if differs(Compared::Terminal) {
            asked.terminal = TerminalId(*b"00000002");
        }
        if differs(Compared::Institution) {
            asked.institution = InstitutionCode::new("P32010000018").unwrap();
        }
        let (to, request) = sent(&asked, number);
        let bytes = answered(&answer, &request);
        (to, request, bytes)
    });
    messages.collect()
}

/// How often an old answer is taken for that to a new message, if only these are compared.
fn mistaken(compared: &[Compared]) -> usize {
    let old = messages(None);
    let mut mistaken = 0;
    // The kinds differ, and nothing else.
    for (at, (_, _, answer)) in old.iter().enumerate() {
        let message = Message::read(answer).unwrap();
        let others = old.iter().enumerate().filter(|(other, _)| *other != at);
        mistaken += others.filter(|(_, (to, ..))| is_answer(&message, to, compared)).count();
    }
    for difference in DIFFERENCES {
        for (kind, (to, request, _)) in messages(Some(difference)).iter().enumerate() {
            // A sign-in has neither batch nor card; a sign-off and an echo have no card.
            let tells = *request != old[kind].1;
            let lacks = match kind {
                0 => difference == Compared::Batch || difference == Compared::Card,
                9 | 10 => difference == Compared::Card,
                _ => false,
            };
            assert_eq!(tells, !lacks);
            let answers = old.iter().enumerate().filter(|(other, _)| tells || *other != kind);
            for (_, (_, _, answer)) in answers {
                mistaken += usize::from(is_answer(&Message::read(answer).unwrap(), to, compared));
            }
        }
    }
    mistaken
}

#[test]
fn an_old_answer_is_not_taken_for_that_to_a_new_message() {
    assert_eq!(mistaken(&Compared::ALL), 0);
    // The same by the one way in.
    let new = messages(Some(Compared::Time));
    for (_, _, answer) in messages(None) {
        for (to, ..) in &new {
            assert_eq!(read_answer(&answer, to, &key()), Err(MessageError::Mac));
        }
    }
    // And every answer is taken for that to its own message.
    for (to, _, answer) in messages(None) {
        assert!(read_answer(&answer, &to, &key()).is_ok());
    }
}

/// The mutants of [`is_answer`]: each lacks one comparison, and each is caught.
#[test]
fn a_comparison_that_is_left_out_is_noticed() {
    for left_out in Compared::ALL {
        let others: Vec<_> = Compared::ALL.into_iter().filter(|compared| *compared != left_out).collect();
        assert!(mistaken(&others) > 0, "{left_out:?}");
    }
}
