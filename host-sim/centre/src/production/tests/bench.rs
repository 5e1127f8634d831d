//! A centre with approved and paid applications, and a maker of cards.

use serde_json::{Value, json};

use qiyong_protocol::card::issue::{IssuedCard, NewCard};

use crate::orders::NewOrder;
use crate::production::transport::{CardData, TransportKey};
use crate::slip::tests::acts::{APPLICATION, approve, payment};
use crate::tests::acts::Bench;

/// The numbers of the applications of these tests, from 0.
pub(super) fn application(at: usize) -> String {
    format!("3201002026030200{at:05}")
}

/// A number that a bank gives: 18 digits and Luhn's.
pub(super) const BANK_CARD: &str = "6222020000000000000";

/// Who sits at a counter of the bank 95588.
pub(super) const COUNTER: &str = "counter";

/// Opens a bank's outlet with one who sits there.
pub(super) fn counter(bench: &mut Bench, operator: &str, outlet: &str) {
    bench.done("settlement-officer", "institution.register", json!({"code": outlet, "name": outlet}));
    let operator = json!({"id": operator, "role": "bank-counter", "outlet": outlet, "name": operator});
    bench.done("admin", "operator.add", operator);
}

/// A centre with one application that is approved and paid for.
pub(super) fn ready(change: &dyn Fn(&mut NewOrder)) -> Bench {
    let mut bench = Bench::new();
    counter(&mut bench, COUNTER, "B32010200001");
    pay(&mut bench, APPLICATION, change);
    bench
}

/// Approves an application and pays for it.
pub(super) fn pay(bench: &mut Bench, application: &str, change: &dyn Fn(&mut NewOrder)) {
    approve(bench, application, change);
    let slip = bench.done("cashier", "slip.issue", json!({"application": application}))["slip"].clone();
    if !slip.is_null() {
        bench.done("cashier", "slip.pay", payment(&slip, &format!("R-{application}")));
    }
}

/// From payment to the open account.
pub(crate) fn open(bench: &mut Bench, application: &str) {
    counter(bench, COUNTER, "B32010200001");
    bench.done("producer", "production.open", json!({"application": application}));
    let answer = json!({"application": application, "bank_card": BANK_CARD});
    bench.done(COUNTER, "production.bank-answer", answer);
}

/// A batch of everything that waits; its number.
pub(crate) fn batch(bench: &mut Bench, instant: bool) -> Value {
    bench.done("producer", "production.batch", json!({"bank": "95588", "maker": "8651", "instant": instant}))
}

/// What the maker writes on the card of a line.
pub(super) fn make(bench: &mut Bench, batch: &Value, line: i64) -> (NewCard, IssuedCard) {
    let key = TransportKey::draw().unwrap();
    let body = json!({"batch": batch["batch"], "line": line, "transport_key": key.to_text()});
    let data = bench.done("producer", "production.personalise", body);
    let data: CardData = serde_json::from_value(data).unwrap();
    assert!(data.unpack(&TransportKey::draw().unwrap()).is_none());
    data.unpack(&key).unwrap()
}

/// The report of a card that was made.
pub(super) fn report(batch: &Value, line: i64, (new, issued): &(NewCard, IssuedCard)) -> Value {
    json!({
        "batch": batch["batch"], "line": line,
        "made": {
            "number": new.number.as_str(),
            "id_number": String::from_utf8(new.id_number.as_bytes().to_vec()).unwrap(),
            "name": encoding_rs::GB18030.decode(new.holder.as_bytes()).0,
            "issued": new.issued.to_string(),
            "expires": new.expires.to_string(),
            "ident": hex::encode(issued.ident.as_bytes()),
            "atr": hex::encode(&issued.atr),
            "bank_card": BANK_CARD,
            "position": "3-17"
        }
    })
}

/// The report of a line that failed.
pub(super) fn failure(batch: &Value, line: i64, at: &str) -> Value {
    json!({"batch": batch["batch"], "line": line, "failed": {"at": at, "reason": "芯片损坏"}})
}

/// Makes the card of a line and reports it; its number.
pub(crate) fn made(bench: &mut Bench, batch: &Value, line: i64) -> String {
    let card = make(bench, batch, line);
    bench.done("producer", "production.report", report(batch, line, &card));
    card.0.number.as_str().to_owned()
}

/// From report back to the outlet.
pub(crate) fn deliver(bench: &mut Bench, card: &str) {
    bench.done("producer", "production.stock", json!({"cards": [card]}));
    bench.done("producer", "production.dispatch", json!({"outlet": "32010201", "cards": [card]}));
    bench.done("issuer", "production.receive", json!({"cards": [card]}));
}

/// The holder takes the card.
pub(crate) fn hand_over(application: &str) -> Value {
    json!({
        "application": application, "collector": "holder", "phone": "13900000000",
        "document": {"kind": "id-card", "number": "111111198101011110", "expires": "2030-01-01", "original": true}
    })
}

pub(super) fn stage(bench: &mut Bench, application: &str) -> Value {
    bench.done("producer", "production.show", json!({"application": application}))["production"]["stage"].clone()
}
