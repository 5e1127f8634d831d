//! The seeds for messages between terminal and centre: each kind of request, and each answer.

use hex_literal::hex;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::keys::{Algorithm, Cryptogram};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{
    Answer, Authenticate, Batch, BatchState, Body, Deal, Ended, Entry, Lease, Original, Policy, Receipt, Session, Stan,
    Standing, Sum, Token, Totals, UPLOAD_MAX, WorkingKey,
};
use qiyong_protocol::rules::decision::{Effects, Operation, PresentedCard};
use qiyong_protocol::rules::document::{Document, DocumentKind, Validity};
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;

use super::{answered, written};

/// Passes each kind of request to `take`.
pub(crate) fn bodies<T>(take: impl Fn(Body<'_>) -> T) -> Vec<T> {
    let card = &PresentedCard {
        number: CardNumber::new(b"X00000019").unwrap(),
        ident: IdentCode::new(hex!("320100D15600000500A1B2C35EC0FFEE")).unwrap(),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(&hex!("D5C5C8FD")).unwrap(),
    };
    let document = |valid_until| {
        let (number, name) = (card.id_number.into(), card.name.clone());
        Operation::Apply { document: Some(Document { kind: DocumentKind::IdCard, number, name, valid_until }) }
    };
    let until = document(Validity::Until(Date::new(2030, 1, 1).unwrap()));
    let long_term = document(Validity::LongTerm);
    let bill = Bill::new(Fen(12_000), Fen(8_000)).unwrap();
    let (stan, PresentedCard { number, ident, .. }) = (Stan(42), card.clone());
    let time = Timestamp { hour: 23, ..Timestamp::UNSET };
    let original = Original { card: number, total: bill.total(), time };
    let entry = Entry { stan, deal: Deal::Purchase, original, charge: bill.share(), ended: Ended::Confirmed };
    let purchase = Sum { count: 1, total: bill.total(), charge: bill.share() };
    let totals = Totals { purchase, ..Totals::default() };
    let external = Some((*b"CARDSAYS", *b"WE REPLY"));
    let question =
        Authenticate { ident, historical: &[0x86; 13], algorithm: Algorithm::Sm4, internal: [9; 16], external };
    vec![
        take(Body::Authenticate(question.clone())),
        take(Body::Authenticate(Authenticate { algorithm: Algorithm::TripleDes, external: None, ..question })),
        take(Body::Inquire { card, operation: &Operation::Query }),
        take(Body::Inquire { card, operation: &Operation::Settle(bill) }),
        take(Body::Transact { stan, card, operation: &Operation::Purchase(bill) }),
        take(Body::Transact { stan, card, operation: &long_term }),
        take(Body::Transact { stan, card, operation: &Operation::Query }),
        take(Body::SignIn { token: Token([7; 8]) }),
        take(Body::Confirm { stan, original, result: None }),
        take(Body::Confirm { stan, original, result: Some(Reason::CardLocked) }),
        take(Body::SignOff),
        take(Body::Echo),
        take(Body::SettleBatch { totals: &totals }),
        take(Body::Upload { from: 1, entries: &[entry] }),
        take(Body::Upload { from: 2, entries: &[Entry { ended: Ended::Reversed, ..entry }; UPLOAD_MAX] }),
        take(Body::UploadDone { count: 6 }),
        take(Body::Reverse { stan, original }),
        take(Body::Reverse { stan, original: Original { total: Fen(0), ..original } }),
        take(Body::PinChanged { card: number, ident }),
        take(Body::Report { card: Some(number), operation: &until, reason: Reason::CardLocked }),
        take(Body::Report { card: None, operation: &Operation::Settle(bill), reason: Reason::NoAnswer }),
    ]
}

fn session() -> Session {
    let key = WorkingKey { enciphered: [0x5A; 16], check: [1, 2, 3] };
    Session { key, time: Timestamp { hour: 9, ..Timestamp::UNSET }, policy: Some(Policy::MOST) }
}

/// Each kind of request, and each answer to it.
pub(crate) fn centre_messages() -> Vec<Vec<u8>> {
    let effects = Effects { activates: true, activates_financial: false, charge: Fen(4_000) };
    let status = CardStatus::Active;
    let answers = [
        Answer::SignedIn { lease: Lease { batch: Batch(3), next: Stan(77) }, session: session() },
        Answer::Authenticated { internal: Cryptogram([1; 8]), external: Some(Cryptogram([2; 8])) },
        Answer::Standing(Standing {
            status,
            social: true,
            financial: false,
            pin_is_initial: true,
            initial_is_common: false,
        }),
        Answer::Approved(Receipt { effects, balance: Fen(46_000) }),
        Answer::Done,
        Answer::Batch(BatchState::Differs),
        Answer::Refused(Reason::CardLost),
        Answer::Refused(Reason::NotInsured),
    ];
    let requests = bodies(|body| written(body).1);
    let answered = |request: &Vec<u8>| answers.iter().filter_map(|answer| answered(answer, request)).collect();
    let answers: Vec<Vec<Vec<u8>>> = requests.iter().map(answered).collect();
    requests.into_iter().chain(answers.into_iter().flatten()).collect()
}
