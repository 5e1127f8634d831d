//! Messages that are not believed, or not understood, leave a trace, and nothing else (docs/centre.md §18).

use serde_json::{Value, json};

use qiyong_protocol::centre::iso8583::{HEADER, Message, TPDU, Writer};
use qiyong_protocol::centre::message::write_request;

use super::acts::Bench;
use super::*;

const TWO: TerminalId = TerminalId(*b"00000002");

/// A message without F60, under a key.
fn headless(bytes: &[u8], key: &X919) -> Vec<u8> {
    let message = Message::read(bytes).unwrap();
    let mut buffer = [0; MESSAGE_MAX];
    let mut writer = Writer::new(&mut buffer, TPDU, HEADER, message.mti());
    message.fields().filter(|value| !matches!(value.field.number, 60 | 64)).for_each(|value| writer.copy(value));
    writer.finish_with_mac(key).unwrap().to_vec()
}

#[test]
pub(crate) fn what_is_rejected_is_counted_by_name_day_and_cause() {
    let card = inactive(b"X00000019");
    let mut bench = Bench::over(centre_with(&card));
    bench.clock.set(noon_here());
    let keys = keys_of(&mut bench.centre, PHARMACY, TILL, test_mac_key());
    let working = keys.working().unwrap().clone();
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let body = Body::Transact { stan: Stan(1), card: &presented(&card), operation: &purchase(3_580) };
    let write = |terminal: TerminalId, key: &X919| {
        let request = Request { institution, terminal, batch: Batch(1), time: noon(), body: body.clone() };
        let mut buffer = [0; MESSAGE_MAX];
        write_request(&request, Stan(9), key, &mut buffer).unwrap().1.to_vec()
    };
    let whole = write(TILL, &working);
    let mut changed = whole.clone();
    // The last digit of the amount is in the clear.
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let messages = [
        (changed.clone(), "A0"),
        (changed, "A0"),
        // A key that is right, for other messages.
        (write(TILL, &test_mac_key()), "A0"),
        (headless(&whole, &working), "30"),
        // Nobody has ever worked under this name: there are a hundred million of them.
        (write(TWO, &working), "A0"),
    ];
    for (message, code) in &messages {
        let answer = bench.centre.handle_bytes(message).unwrap().unwrap();
        assert_eq!(Message::read(&answer).unwrap().field(39).unwrap().bytes, code.as_bytes());
    }
    // What is believed is no rejection, nor is what is refused.
    assert!(bench.centre.handle_bytes(&whole).unwrap().is_some());

    let at = "2026-03-02T12:00:07";
    let row =
        |why: &str, count: u32| json!({"terminal": "TILL0001", "why": why, "count": count, "first": at, "last": at});
    let shown = |bench: &mut Bench, day: &str| {
        let body = json!({"institution": PHARMACY, "day": day});
        bench.done("auditor", "terminal.rejections", body)["rejections"].clone()
    };
    let all = json!([row("no-request", 1), row("other-key", 1), row("wrong-mac", 2)]);
    assert_eq!(shown(&mut bench, "2026-03-02"), all);
    assert_eq!(shown(&mut bench, "2026-03-03"), Value::Array(vec![]));
    let stranger = json!({"institution": STRANGER, "day": "2026-03-02"});
    assert_eq!(bench.refused("auditor", "terminal.rejections", stranger), "institution-unknown");
}
