//! Messages that nobody means well: each gets an error in its protocol's form, and the service goes on.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::READ;
use super::client::{HIS, ID_NUMBER, Served};
use crate::Limits;
use crate::door::Door;
use crate::door::{named, own, typed};
use crate::functions::served;

/// Anything that JSON can say.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(&["3", "4", "iReadCardBas", "iReloadPIN", "SSSEEF05|07|$", "", "\0"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6).prop_map(|all| Value::from(Map::from_iter(all))),
        ]
    })
}

/// Keys that protocols have, and others.
fn key() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 11] =
        ["function", "iType", "iAuthType", "pCardInfo", "pFileAddr", "pKey", "pkey", "masked", "id", "type", "pin"];
    prop_oneof![prop::sample::select(&KNOWN[..]).prop_map(str::to_string), ".{0,8}"]
}

/// Bytes that may be a message: JSON, JSON that was damaged, or anything.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let object =
        || prop::collection::vec((key(), value()), 0..8).prop_map(|all| json!(Map::from_iter(all)).to_string());
    prop_oneof![
        object().prop_map(String::into_bytes),
        value().prop_map(|value| value.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..64),
        (object(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Whatever a message is, it becomes a call of a function that pages may call, or a refusal.
#[test]
fn any_message_is_read_without_a_panic() {
    let mut runner = TestRunner::new(Config { cases: 4000, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&message(), |bytes| {
        let may = |name| served().any(|function| function.name == name);
        if let Ok(request) = own::read(&bytes).1 {
            prop_assert!(may(request.call.name()));
        }
        let (name, call) = named::read(&bytes);
        prop_assert!(name.chars().count() <= 64);
        if let Ok(call) = call {
            prop_assert!(may(call.name()));
        }
        if typed::read(&bytes).is_ok() {
            prop_assert!(String::from_utf8(bytes).is_ok_and(|text| text.contains("type")));
        }
        Ok(())
    });
    outcome.unwrap();
}

/// Over real sockets: each message has one answer, of the protocol's form, and the next good one is carried out.
#[tokio::test]
async fn any_message_has_its_answer_and_the_service_goes_on() {
    let served = Served::start(Limits::default()).await;
    let doors = [(Door::Own, "/v1/socket"), (Door::Named, "/"), (Door::Typed, "/")];
    let mut runner = TestRunner::deterministic();
    for (door, path) in doors {
        let mut socket = served.socket(door, path, HIS).await.unwrap();
        for _ in 0..150 {
            let bytes = message().new_tree(&mut runner).unwrap().current();
            let message = match String::from_utf8(bytes) {
                Ok(text) => Message::text(text),
                Err(error) => Message::binary(error.into_bytes()),
            };
            socket.send(message.clone()).await;
            let answer: Value = serde_json::from_str(&socket.next().await.unwrap()).unwrap();
            let has = |keys: &[&str]| keys.iter().any(|key| answer.get(*key).is_some());
            let is_formed = match door {
                Door::Named => has(&["functionName"]) && has(&["success"]) && has(&["pOutInfo"]),
                Door::Typed => has(&["ErrorCode"]) && has(&["JsonData"]),
                _ => has(&["code", "error"]),
            };
            assert!(is_formed, "{door}: {message:?} {answer}");
            // Only who asks to read gets who somebody is.
            let asked = message.to_text().is_ok_and(|text| text.contains("iReadCard") || text.contains("type"));
            assert!(asked || !answer.to_string().contains(ID_NUMBER), "{message:?}");
        }
        let good = if door == Door::Typed { r#"{"type":4}"# } else { READ };
        assert!(socket.ask(good).await.to_string().contains(ID_NUMBER), "{door}");
    }
    served.end().await;
}
