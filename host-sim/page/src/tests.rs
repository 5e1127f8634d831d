//! The service as pages meet it, over real sockets, with a card in a file.

mod bounds;
mod client;
mod hostile;

use serde_json::{Value, json};

use crate::Limits;
use crate::consent::Consent;
use crate::door::Door;
use client::{Desk, HIS, ID_NUMBER, Served};

const READ: &str = r#"{"function":"iReadCardBas","iType":3}"#;

/// docs/page.md §2.
#[tokio::test]
async fn a_page_reads_who_the_holder_is() {
    let served = Served::start(Limits::default()).await;
    let (status, answer) = served.call(READ).await;
    assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
    assert!(answer["text"].as_str().unwrap().starts_with("320100|111111198101011110|X00000019|320100D1"), "{answer}");
    assert_eq!((&answer["fields"]["name"], &answer["fields"]["id_number"]), (&json!("张三"), &json!(ID_NUMBER)));

    let masked = r#"{"function":"iReadCardBas","iType":3,"masked":true,"id":[7]}"#;
    let (status, answer) = served.call(masked).await;
    let shown = json!({
        "region": "320100", "id_number": "111*************10", "card_number": "X******19", "name": "张*",
        "version": "2.00", "expires": "20360101",
    });
    assert_eq!((status, &answer), (200, &json!({"id": [7], "code": 0, "fields": shown})));

    served.desk.take_card();
    let (status, answer) = served.call(masked).await;
    let no_card = "there is no card, or it was taken out";
    assert_eq!((status, answer), (200, json!({"id": [7], "code": -2, "text": "无卡", "en": no_card})));
    served.end().await;
}

/// docs/page.md §3, docs/driver.md §A.4; no identity card is read (docs/card.md §4.4).
#[tokio::test]
async fn pages_in_use_read_by_their_own_protocols() {
    let served = Served::start(Limits::default()).await;
    let mut named = served.socket(Door::Named, "/", HIS).await.unwrap();
    let answer = named.ask(READ).await;
    assert_eq!((&answer["functionName"], &answer["success"]), (&json!("iReadCardBas"), &json!("1")), "{answer}");
    assert!(answer["pOutInfo"].as_str().unwrap().contains("|张三|"), "{answer}");
    let files = r#"{"function":"iReadCard","iType":"1","iAuthType":2,"pCardInfo":"","pFileAddr":"SSSEEF05|07|$"}"#;
    assert_eq!(named.ask(files).await["pOutInfo"], "X00000019|$");
    // A card of version 2.00 needs no security module.
    let step = named.ask(r#"{"function":"iReadCardBas_HSM_Step1","iType":3}"#).await;
    assert_eq!((&step["success"], &step["functionName"]), (&json!("-2204"), &json!("iReadCardBas_HSM_Step1")));
    assert_eq!(named.ask(r#"{"function":"ReadCard_HSM_Step2","pkey":"00"}"#).await["success"], "-12");
    for (unknown, code) in [("{\"function\":\"iReadICCardNum\"}", "-13"), ("{}", "-14"), ("x", "-14")] {
        assert_eq!(named.ask(unknown).await["success"], code);
    }

    let mut typed = served.socket(Door::Typed, "/any/path", HIS).await.unwrap();
    let answer = typed.ask(r#"{"type":4}"#).await;
    let data: Value = serde_json::from_str(answer["JsonData"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&answer["ErrorCode"], data),
        (&json!(0), json!({"source": "sicard", "name": "张三", "idNumber": ID_NUMBER}))
    );
    assert_eq!(typed.ask(r#"{"type":5}"#).await["ErrorCode"], -14);

    let entry = |method, path| served.fetch(Door::Entry, method, path, &[("origin", HIS)], "{}");
    let (status, answer) = entry("GET", "/readcard/entry?x=1&param=sicard").await.json();
    assert_eq!((status, &answer["code"], &answer["data"]["card_number"]), (200, &json!(200), &json!("X00000019")));
    for path in ["/readcard/entry?param=idcard", "/readcard/entry"] {
        assert_eq!(entry("GET", path).await.json().1["code"], 1001, "{path}");
    }
    assert_eq!(entry("POST", "/api/jiangsu/init").await.json().1["code"], 200);

    served.desk.take_card();
    assert_eq!(named.ask(READ).await, json!({"functionName": "iReadCardBas", "success": "-2", "pOutInfo": "无卡"}));
    assert_eq!(typed.ask(r#"{"type":"4"}"#).await["ErrorCode"], -2);
    let (_, answer) = entry("GET", "/readcard/entry?param=sicard").await.json();
    assert_eq!((&answer["code"], &answer["message"]), (&json!(1001), &json!("-2 无卡")));
    served.end().await;
}

/// docs/driver.md §B: the check that a page's fetch wakes is at the same port as its socket.
#[tokio::test]
async fn beside_each_socket_there_is_something_to_fetch() {
    let served = Served::start(Limits::default()).await;
    for door in Door::ALL {
        let answer = served.fetch(door, "GET", "/health", &[("origin", HIS)], "").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(HIS), "{door}");
        assert_eq!(answer.header("vary"), Some("Origin"));
        let (status, body) = answer.json();
        assert_eq!((status, &body["protocol"], &body["consent"]), (200, &json!(door.name()), &json!("given")));
        // Without a page it says that it is there.
        let (status, body) = served.fetch(door, "GET", "/health", &[], "").await.json();
        assert_eq!((status, body), (200, json!({"service": "qiyong", "protocol": door.name()})));
        let asked = [
            ("origin", HIS),
            ("access-control-request-method", "POST"),
            ("access-control-request-private-network", "true"),
        ];
        let preflight = served.fetch(door, "OPTIONS", "/v1/call", &asked, "").await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-private-network")), (204, Some("true")));
        assert_eq!(preflight.header("access-control-allow-headers"), Some("Content-Type"));
    }
    let snippet = served.fetch(Door::Own, "GET", "/v1/qiyong.js", &[], "").await;
    assert_eq!((snippet.status, snippet.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    for words in [
        "allow=\"loopback-network\"",
        "LocalNetworkAccessAllowedForUrls",
        "LocalNetworkAccessBlockedForUrls",
        "LocalNetworkAccessRestrictionsTemporaryOptOut",
        "/health",
    ] {
        assert!(snippet.body.contains(words), "{words}");
    }
    served.end().await;
}

/// docs/page.md §1.
#[tokio::test]
async fn a_foreign_origin_gets_nothing_at_any_port() {
    let served = Served::start(Limits::default()).await;
    let paths = [
        (Door::Own, "GET", "/health"),
        (Door::Own, "POST", "/v1/call"),
        (Door::Own, "GET", "/v1/functions"),
        (Door::Own, "OPTIONS", "/v1/call"),
        (Door::Own, "GET", "/v1/qiyong.js"),
        (Door::Named, "GET", "/health"),
        (Door::Typed, "GET", "/health"),
        (Door::Entry, "GET", "/readcard/entry?param=sicard"),
        (Door::Entry, "POST", "/api/jiangsu/init"),
    ];
    for origin in ["https://evil.example", "null", "http://his.example", "https://his.example.evil.example"] {
        for (door, method, path) in paths {
            let headers = [("origin", origin), ("access-control-request-method", "POST")];
            let answer = served.fetch(door, method, path, &headers, READ).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin} {path}");
            let (status, body) = answer.json();
            assert_eq!((status, &body["error"]), (403, &json!("origin-not-listed")), "{origin} {method} {path}");
        }
        for (door, path) in [(Door::Own, "/v1/socket"), (Door::Named, "/"), (Door::Typed, "/")] {
            assert_eq!(served.socket(door, path, origin).await.err(), Some(403), "{origin} {door}");
        }
    }
    // Another host, and no page at all.
    let rebound = served.fetch(Door::Own, "POST", "/v1/call", &[("host", "evil.example"), ("origin", HIS)], READ).await;
    assert_eq!((rebound.status, rebound.json().1["error"].clone()), (403, json!("host-not-local")));
    let nobody = served.fetch(Door::Entry, "GET", "/readcard/entry?param=sicard", &[], "").await;
    assert_eq!((nobody.status, nobody.json().1["error"].clone()), (403, json!("no-origin")));
    assert_eq!(served.desk.asked(), Vec::<String>::new(), "nobody is asked for a page that is not listed");
    served.end().await;
}

#[tokio::test]
async fn the_services_own_sample_is_a_page_as_others() {
    let served = Served::start(Limits::default()).await;
    let own = format!("http://{}", served.address(Door::Own));
    let health = served.fetch(Door::Own, "GET", "/health", &[("origin", &own)], "").await;
    assert_eq!((health.status, health.json().1["consent"].clone()), (200, json!("awaited")));
    let other = format!("http://{}", served.address(Door::Entry));
    assert_eq!(served.fetch(Door::Own, "GET", "/health", &[("origin", &other)], "").await.status, 403);
    served.end().await;
}

#[tokio::test]
async fn a_listed_page_waits_for_consent_and_reads_why() {
    let served = Served::start(Limits::default()).await;
    let new = "https://new.example";
    let headers = [("origin", new)];
    let call = || served.fetch(Door::Own, "POST", "/v1/call", &headers, READ);
    let health = || served.fetch(Door::Own, "GET", "/health", &headers, "");
    assert_eq!(health().await.json().1["consent"], "awaited");
    let refused = call().await;
    assert_eq!(refused.header("access-control-allow-origin"), Some(new), "the page may read why");
    assert_eq!((refused.status, refused.json().1["error"].clone()), (403, json!("consent-awaited")));
    assert_eq!(served.socket(Door::Named, "/", new).await.err(), Some(403));
    assert_eq!(served.desk.asked(), [new], "once");
    served.desk.consents.answer(&new.parse().unwrap(), false).unwrap();
    assert_eq!(call().await.json().1["error"], "consent-refused");
    served.desk.consents.answer(&new.parse().unwrap(), true).unwrap();
    assert_eq!((health().await.json().1["consent"].clone(), call().await.status), (json!("given"), 200));
    assert_eq!(served.desk.consents.of(&new.parse().unwrap()), Consent::Given);
    served.end().await;
}

/// docs/page.md §5.
#[tokio::test]
async fn a_pin_never_passes() {
    let served = Served::start(Limits::default()).await;
    for message in [
        r#"{"function":"iVerifyPIN","iType":1,"pin":"271828"}"#,
        r#"{"function":"PKI_SignData","pUserPin":"271828","pInData":"00","iType":1}"#,
    ] {
        let (status, answer) = served.call(message).await;
        assert_eq!((status, &answer["error"]), (400, &json!("no-pin-here")));
        assert!(!answer.to_string().contains("271828"), "{answer}");
    }
    let reload = r#"{"function":"iReloadPIN_HSM_Step2","pKey":"00"}"#;
    assert_eq!(served.call(reload).await.1["error"], "function-not-served");
    // Where a PIN is needed it comes from the pad, and there is none.
    let (status, answer) = served.call(r#"{"function":"iVerifyPIN","iType":1}"#).await;
    assert_eq!((status, &answer["code"]), (200, &json!(-13)), "{answer}");
    let (_, list) = served.fetch(Door::Own, "GET", "/v1/functions", &[("origin", HIS)], "").await.json();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|one| one["function"].as_str().unwrap()).collect();
    assert!(names.contains(&"iVerifyPIN") && !names.iter().any(|name| name.contains("Reload")), "{names:?}");
    assert!(!list.to_string().contains("Pin\""), "{list}");
    served.end().await;
}

/// The card of a hand is found by whoever looks for it in a message that names none.
#[test]
fn the_made_up_holder_is_the_vendors() {
    assert_eq!((ID_NUMBER.len(), Desk::new().card.exists()), (18, true));
}
