//! Acts as JSON: every kind of answer, and hostile requests, which change nothing.

use std::num::NonZeroU32;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::toy::Toy;
use super::{app, outcome, post, send, with_headers};
use crate::Limits;
use crate::router::router;

const GOOD: &str = r#"{"amount": 500, "note": "first"}"#;

async fn total(app: &axum::Router) -> Value {
    let (_, _, text) = send(app, post("box.list", "{}")).await;
    serde_json::from_str::<Value>(&text).unwrap()["total"].clone()
}

#[tokio::test]
async fn an_act_is_carried_out() {
    let app = app();
    let (status, headers, text) = send(&app, post("box.put", GOOD)).await;
    assert_eq!((status.as_u16(), headers["content-type"].to_str().unwrap()), (200, "application/json"));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value, json!({"entries": [{"amount": 500, "note": "first"}], "total": 500}));
}

#[tokio::test]
async fn what_only_reads_may_be_a_get() {
    let app = app();
    for note in ["a", "b%26", "b&"] {
        send(&app, post("box.put", &json!({"amount": 1, "note": note}).to_string())).await;
    }
    let get = |query: &str| {
        Request::get(format!("/v1/box/list?{query}"))
            .header("authorization", "bearer  clerk-token")
            .body(Body::empty())
            .unwrap()
    };
    for (query, count) in
        [("", 3), ("note=a", 1), ("most=2", 2), ("note=b%26&most=9", 1), ("note=b%2526", 1), ("note=", 0)]
    {
        let (status, _, text) = send(&app, get(query)).await;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!((status.as_u16(), value["entries"].as_array().map(Vec::len)), (200, Some(count)), "{query}: {text}");
    }
    for query in ["most=x", "most=1.5", "note=a&note=b", "other=1", "note=%ff", "most="] {
        assert_eq!(outcome(&app, get(query)).await, (400, "query-broken".into()), "{query}");
    }
    let others = [
        Request::get("/v1/box/put"),
        Request::get("/v1/box/many"),
        Request::put("/v1/box/list"),
        Request::head("/v1/box/list"),
    ];
    for (request, allow) in others.into_iter().zip(["POST", "POST", "GET, POST", "GET, POST"]) {
        let (status, headers, _) = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status.as_u16(), headers["allow"].to_str().unwrap()), (405, allow));
    }
}

#[tokio::test]
async fn every_kind_of_refusal_has_its_status() {
    let app = app();
    let clerk = ("authorization", "Bearer clerk-token");
    let json = ("content-type", "application/json");
    let long = "k".repeat(65);
    let cases = [
        ("box.nothing", GOOD, vec![clerk, json], 404, "path-unknown"),
        ("box.put", GOOD, vec![json], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, ("authorization", "Bearer nobody")], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, ("authorization", "Basic clerk-token")], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, ("authorization", "Bearer ")], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, clerk, clerk], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, ("authorization", "Bearer ' OR 1=1 --")], 401, "token-unknown"),
        ("box.put", GOOD, vec![json, ("authorization", "Bearer auditor-token")], 403, "role-not-allowed"),
        ("box.put", GOOD, vec![clerk], 415, "not-json"),
        ("box.put", GOOD, vec![clerk, ("content-type", "text/plain")], 415, "not-json"),
        ("box.put", GOOD, vec![clerk, json, json], 415, "not-json"),
        ("box.put", "", vec![clerk, json], 400, "json-broken"),
        ("box.put", "{\"amount\": 1", vec![clerk, json], 400, "json-broken"),
        ("box.put", "[]", vec![clerk, json], 400, "json-broken"),
        ("box.put", "null", vec![clerk, json], 400, "json-broken"),
        ("box.put", "{} {}", vec![clerk, json], 400, "json-broken"),
        ("box.put", r#"{"amount": "500", "note": "x"}"#, vec![clerk, json], 400, "field-invalid"),
        ("box.put", r#"{"amount": 500, "note": "x", "admin": true}"#, vec![clerk, json], 400, "field-invalid"),
        ("box.put", r#"{"amount": 0, "note": "x"}"#, vec![clerk, json], 409, "amount-not-positive"),
        ("box.put", GOOD, vec![clerk, json, ("idempotency-key", "")], 400, "key-invalid"),
        ("box.put", GOOD, vec![clerk, json, ("idempotency-key", &long)], 400, "key-invalid"),
        ("box.put", GOOD, vec![clerk, json, ("idempotency-key", "a b")], 400, "key-invalid"),
        ("box.put", GOOD, vec![clerk, json, ("idempotency-key", "a"), ("idempotency-key", "b")], 400, "key-invalid"),
        ("box.fail", "{}", vec![clerk, json], 503, "centre-failed"),
        ("box.break", "{}", vec![clerk, json], 500, "centre-failed"),
    ];
    for (act, body, headers, status, code) in cases {
        let got = outcome(&app, with_headers(act, body, &headers)).await;
        assert_eq!(got, (status, code.to_string()), "{act} {body} {headers:?}");
    }
    let deep = format!("{{\"note\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(outcome(&app, post("box.put", &deep)).await, (400, "json-broken".into()));
    let query = Request::post("/v1/box/put?amount=1").header(clerk.0, clerk.1).header(json.0, json.1);
    assert_eq!(outcome(&app, query.body(Body::from(GOOD)).unwrap()).await, (400, "query-broken".into()));
    assert_eq!(total(&app).await, 0, "a refused request changes nothing, and the centre works on after a panic");
}

#[tokio::test]
async fn text_that_looks_like_a_command_stays_text() {
    let app = app();
    for note in ["'; DROP TABLE cards; --", "\"}], \"x\": [{", "\u{0}", "{{7*7}}", "<script>alert(1)</script>"] {
        let (status, _, text) = send(&app, post("box.put", &json!({"amount": 1, "note": note}).to_string())).await;
        let value: Value = serde_json::from_str(&text).unwrap();
        let last = value["entries"].as_array().unwrap().last().unwrap()["note"].clone();
        assert_eq!((status.as_u16(), last), (200, json!(note)));
    }
}

#[tokio::test]
async fn a_key_is_done_once_and_not_for_another_body() {
    let app = app();
    let keyed = |body: &str| {
        let mut request = post("box.put", body);
        request.headers_mut().insert("idempotency-key", "3f0c".parse().unwrap());
        request
    };
    let first = send(&app, keyed(GOOD)).await;
    let again = send(&app, keyed(GOOD)).await;
    assert_eq!((first.0, &first.2), (again.0, &again.2));
    assert_eq!(outcome(&app, keyed(r#"{"amount": 501, "note": "first"}"#)).await, (409, "key-reused".into()));
    assert_eq!(total(&app).await, 500);
}

#[tokio::test]
async fn a_body_has_its_limit() {
    let limits = Limits { body_bytes: 64, ..Limits::default() };
    let app = router(Toy::default(), limits, Vec::new());
    let note = |length| json!({"amount": 1, "note": "x".repeat(length)}).to_string();
    let fits = 64 - note(0).len();
    assert_eq!(outcome(&app, post("box.put", &note(fits))).await.0, 200);
    assert_eq!(outcome(&app, post("box.put", &note(fits + 1))).await, (413, "body-too-large".into()));
    // Announced as small, and larger: counted as it comes.
    let body = Body::from_stream(tokio_stream::once(Ok::<_, std::io::Error>(note(100))));
    let request = Request::post("/v1/box/put").header("authorization", "Bearer clerk-token");
    let request = request.header("content-type", "application/json; charset=utf-8").body(body).unwrap();
    assert_eq!(outcome(&app, request).await, (413, "body-too-large".into()));
    assert_eq!(total(&app).await, 1);
}

#[tokio::test]
async fn a_token_has_its_rate_and_another_token_its_own() {
    let two = NonZeroU32::new(2).unwrap();
    let limits = Limits { per_minute: NonZeroU32::MIN, at_once: two, ..Limits::default() };
    let app = router(Toy::default(), limits, Vec::new());
    for expected in [200, 200, 429] {
        assert_eq!(outcome(&app, post("box.list", "{}")).await.0, expected);
    }
    let (_, headers, _) = send(&app, post("box.list", "{}")).await;
    let after: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
    let other = with_headers(
        "box.list",
        "{}",
        &[("authorization", "Bearer auditor-token"), ("content-type", "application/json")],
    );
    assert_eq!(outcome(&app, other).await.0, 403);
}

#[tokio::test]
async fn who_waits_too_long_or_as_one_too_many_is_sent_away() {
    let (toy, has_begun, go_on) = Toy::gated();
    let limits = Limits { waiting: 2, turn_within: std::time::Duration::from_millis(1), ..Limits::default() };
    let app = router(toy, limits, Vec::new());
    let first = tokio::spawn({
        let app = app.clone();
        async move { outcome(&app, post("box.wait", "{}")).await }
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    assert_eq!(outcome(&app, post("box.list", "{}")).await, (503, "centre-busy".into()), "its turn does not come");
    let healthz = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(outcome(&app, healthz).await, (503, "centre-busy".into()));
    go_on.send(()).unwrap();
    assert_eq!(first.await.unwrap().0, 200);
    let healthz = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(outcome(&app, healthz).await.0, 200);
}
