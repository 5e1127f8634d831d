//! One message of each kind and one answer to each, byte for byte: what is on the line does not change by accident. The file
//! beside this one has them in hex; whoever changes a message on purpose changes the file, and says so to both ends.

use std::string::String;
use std::vec;

use super::uploads::{entry, totals};
use super::*;

/// Each kind with a name, a request, and an answer.
fn kinds() -> Vec<(&'static str, Body<'static>, Answer)> {
    let Body::Transact { stan, card, operation } = purchase().body else { unreachable!() };
    let kept_operation = |operation| kept(operation);
    let original = Original { card: card.number, total: Fen(3580), time: purchase().time };
    let document = Document {
        kind: DocumentKind::IdCard,
        number: card.id_number.into(),
        name: card.name.clone(),
        valid_until: Validity::LongTerm,
    };
    let question = Authenticate {
        ident: card.ident,
        historical: b"\x00\x81\x31\xFE",
        algorithm: Algorithm::Sm4,
        internal: [0x11; 16],
        external: Some(([0x22; 8], [0x33; 8])),
    };
    let genuine = Answer::Authenticated { internal: Cryptogram([0x44; 8]), external: Some(Cryptogram([0x55; 8])) };
    let standing = Standing {
        status: CardStatus::Inactive,
        social: false,
        financial: true,
        pin_is_initial: true,
        initial_is_common: false,
    };
    let effects = Effects { activates: true, activates_financial: true, charge: Fen(1_234) };
    let receipt = Answer::Approved(Receipt { effects, balance: Fen(46_420) });
    let bill = Bill::new(Fen(12_000), Fen(8_000)).unwrap();
    let apply = kept_operation(Operation::Apply { document: Some(document) });
    let settle = kept_operation(Operation::Settle(bill));
    let reason = Reason::CardLocked;
    let sold = entry();
    let reversed = Entry { stan: Stan(43), deal: Deal::Settle, charge: Fen(0), ended: Ended::Reversed, ..sold };
    vec![
        ("sign-in", Body::SignIn { token: Token([5; 8]) }, signed_in()),
        ("sign-in, with a policy", Body::SignIn { token: Token([5; 8]) }, with_policy()),
        ("sign-off", Body::SignOff, Answer::Done),
        ("echo", Body::Echo, Answer::Refused(Reason::NotSignedIn)),
        ("authenticate", Body::Authenticate(question), genuine),
        ("inquire", Body::Inquire { card, operation }, Answer::Standing(standing)),
        ("apply", Body::Transact { stan, card, operation: apply }, receipt.clone()),
        ("settle", Body::Transact { stan, card, operation: settle }, receipt.clone()),
        ("purchase", Body::Transact { stan, card, operation }, Answer::Refused(Reason::InsufficientFunds)),
        ("query", Body::Transact { stan, card, operation: &Operation::Query }, receipt),
        ("reverse", Body::Reverse { stan, original }, Answer::Done),
        ("confirm", Body::Confirm { stan, original, result: None }, Answer::Refused(Reason::Expired)),
        ("confirm, with a fault", Body::Confirm { stan, original, result: Some(reason) }, Answer::Done),
        ("PIN changed", Body::PinChanged { card: card.number, ident: card.ident }, Answer::Done),
        ("report", Body::Report { card: Some(card.number), operation, reason }, Answer::Done),
        ("report without a card", Body::Report { card: None, operation, reason }, Answer::Done),
        ("settle a batch", Body::SettleBatch { totals: kept(totals()) }, Answer::Batch(BatchState::Differs)),
        ("upload", Body::Upload { from: 7, entries: kept([sold, reversed]) }, Answer::Batch(BatchState::Differs)),
        ("upload done", Body::UploadDone { count: 8 }, Answer::Batch(BatchState::Closed)),
    ]
}

fn with_policy() -> Answer {
    let Answer::SignedIn { lease, session } = signed_in() else { unreachable!() };
    let policy = Some(Policy { tries: 4, rounds: 16, wait: 45, pause: 10 });
    Answer::SignedIn { lease, session: Session { policy, ..session } }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn what_is_on_the_line_is_what_it_was() {
    let mut text = String::new();
    for (name, body, answer) in kinds() {
        let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
        let (_, request) = sent(&Request { batch, body, ..purchase() }, Stan(9));
        let mut buffer = [0; MESSAGE_MAX];
        let message = Message::read(&request).unwrap();
        let rejected = write_rejection(response::FORMAT, &message, &key(), &mut buffer).unwrap();
        let rows = [("asked", &request[..]), ("answered", &answered(&answer, &request)), ("rejected", rejected)];
        for (what, bytes) in rows {
            text += &format!("{name}, {what}: {}\n", hex(bytes));
        }
    }
    assert_eq!(text, include_str!("frozen.txt"));
}
