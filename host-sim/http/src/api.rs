//! `/v1/ROOM/VERB`: one act, as JSON. An act that only reads may be a GET with its fields in the query. What is a national
//! transaction is a POST to `/v1/national/NUMBER`, too, with the same body.
//!
//! The order of the checks: path, method, token, rate, form of the request, and only then the centre, which asks for role
//! and area. Everything that can be refused without the centre is refused here.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::acts::{Act, Acts, NATIONAL};
use crate::face::{Face, bearer};
use crate::limits::Limits;
use crate::problem::Problem;
use crate::query;

/// The header of a key under which a repeated request is known.
pub(crate) const KEY: &str = "idempotency-key";

/// Answers one request, and counts and logs it.
pub(crate) async fn act<A: Acts>(
    State(face): State<Arc<Face<A>>>,
    Path((room, verb)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Response {
    let by_number = room == NATIONAL;
    let act = if by_number {
        face.acts.values().find(|act| act.numbers.contains(&verb.as_str()))
    } else {
        face.acts.get(format!("{room}.{verb}").as_str())
    };
    let Some(act) = act else { return Problem::no_such_path().into_response() };
    let method = request.method().clone();
    let start = Instant::now();
    face.metrics.under_way.inc();
    let (who, answer) = answer(&face, act, act.by_query() && !by_number, query, request).await;
    face.metrics.under_way.dec();
    let (status, response, code) = match answer {
        Ok(value) => (200, Json(value).into_response(), ""),
        Err(problem) => (problem.status.as_u16(), problem.clone().into_response(), problem.code),
    };
    let took = start.elapsed();
    face.metrics.answered(act.name, status, code, took);
    let operator = who.as_deref().unwrap_or("-");
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(act = act.name, %method, status, code, operator, millis, "answered");
    response
}

/// The answer, and the operator if a token was recognised.
async fn answer<A: Acts>(
    face: &Face<A>,
    act: &Act,
    by_query: bool,
    query: Option<String>,
    request: Request<Body>,
) -> (Option<String>, Result<Value, Problem>) {
    let prepared = prepare(face, act, by_query, query, request).await;
    let (token, body, key) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return (None, Err(problem)),
    };
    match face.carry_out(&token, act.name, body, key).await {
        Ok((who, done)) => (Some(who), done.map_err(Problem::from)),
        Err(problem) => (None, Err(problem)),
    }
}

/// Token, request and key, all of a form that the centre can be asked with.
async fn prepare<A: Acts>(
    face: &Face<A>,
    act: &Act,
    by_query: bool,
    query: Option<String>,
    request: Request<Body>,
) -> Result<(String, Value, Option<String>), Problem> {
    match *request.method() {
        Method::POST => {}
        Method::GET if by_query => {}
        _ => return Err(Problem::method(if by_query { "GET, POST" } else { "POST" })),
    }
    let token = bearer(request.headers()).ok_or_else(Problem::no_token)?.to_string();
    face.rate.check(&token)?;
    let key = key(request.headers());
    if request.method() == Method::GET {
        return Ok((token, query::read(&act.fields, query.as_deref().unwrap_or_default())?, key));
    }
    // What stands in the query of a POST would be overlooked.
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Problem::query(None));
    }
    if !is_json(request.headers()) {
        return Err(Problem::not_json());
    }
    let (parts, rest) = request.into_parts();
    let bytes = body(&parts.headers, rest, &face.limits).await?;
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| Problem::broken_json(error.line(), error.column()))?;
    if value.is_object() { Ok((token, value, key)) } else { Err(Problem::broken_json(1, 1)) }
}

/// `Idempotency-Key`, if it came; if it came twice, both, as HTTP joins them. The centre says what a key may be, and has on
/// record that it refused one.
fn key(headers: &HeaderMap) -> Option<String> {
    let all: Vec<_> = headers.get_all(KEY).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// JSON is UTF-8 whatever parameters the media type has.
fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return false;
    };
    let essence = one.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The whole body, within its limits of size and time.
pub(crate) async fn body(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    let limit = limits.body_bytes;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // Refused before it is sent, if the client waits for `100 Continue`.
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    let read = timeout(limits.body_within, Limited::new(body, limit).collect()).await;
    match read.map_err(|_| Problem::too_slow())? {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::body_broken()),
    }
}
