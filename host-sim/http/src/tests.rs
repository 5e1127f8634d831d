//! This face over a toy centre: requests in the same process, connections in virtual time, and one real socket.

mod api;
mod connections;
mod document;
mod page;
mod toy;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::Limits;
use crate::router::router;
use toy::Toy;

fn app() -> Router {
    router(Toy::default(), Limits::default(), Vec::new())
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, String) {
    let response: Response<Body> = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

/// A POST of JSON with the clerk's token.
fn post(act: &str, body: &str) -> Request<Body> {
    with_headers(act, body, &[("authorization", "Bearer clerk-token"), ("content-type", "application/json")])
}

fn with_headers(act: &str, body: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post(format!("/v1/{}", act.replacen('.', "/", 1)));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

/// Status and code of an answer; every answer that is not 200 has all its words in both languages.
async fn outcome(app: &Router, request: Request<Body>) -> (u16, String) {
    let (status, headers, text) = send(app, request).await;
    assert_eq!(headers["content-type"], "application/json", "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    if status != StatusCode::OK {
        for word in ["en", "zh", "next_en", "next_zh"] {
            assert!(!value[word].as_str().unwrap().is_empty(), "{word}: {text}");
        }
    }
    (status.as_u16(), value["code"].as_str().unwrap_or_default().to_string())
}
