//! `/openapi.json` and `/metrics`.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::{app, outcome, post, send};

async fn get(app: &axum::Router, path: &str) -> String {
    let (status, _, text) = send(app, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(status, 200, "{path}: {text}");
    text
}

#[tokio::test]
async fn every_act_is_in_the_document_with_its_answers() {
    let text = get(&app(), "/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let put = &document["paths"]["/v1/box/put"]["post"];
    assert_eq!(put["operationId"], "box.put");
    for status in ["200", "400", "401", "403", "404", "405", "408", "409", "413", "415", "429", "431", "500", "503"] {
        assert!(put["responses"][status]["description"].is_string(), "{status}");
    }
    assert!(document["paths"]["/v1/box/put"]["get"].is_null());
    let list = &document["paths"]["/v1/box/list"]["get"];
    let names: Vec<_> = list["parameters"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["most", "note"]);
    assert!(document["paths"]["/v1/box/many"]["get"].is_null());
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let text = get(&app(), "/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let shape = document.pointer(reference.trim_start_matches('#'));
        assert!(shape.is_some(), "{reference}");
    }
    // A typed reader agrees that it is OpenAPI.
    serde_json::from_str::<utoipa::openapi::OpenApi>(&text).unwrap();
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_string));
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_figures_count_acts_and_never_show_what_clients_wrote() {
    let app = app();
    send(&app, post("box.put", r#"{"amount": 7, "note": "secret"}"#)).await;
    send(&app, post("box.put", "{}")).await;
    outcome(&app, post("box.secret", "{}")).await;
    let text = get(&app, "/metrics").await;
    assert!(text.contains(r#"qiyong_centre_requests_total{act="box.put",status="200"} 1"#), "{text}");
    assert!(text.contains(r#"qiyong_centre_requests_total{act="box.put",status="400"} 1"#), "{text}");
    assert!(text.contains(r#"qiyong_centre_request_seconds_count{act="box.put"} 2"#), "{text}");
    assert!(text.contains("qiyong_centre_requests_under_way 0\n") && text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
