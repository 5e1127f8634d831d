//! Which path leads where at each port, and what stands before and behind all of them: the guard, and a line in the log.
//!
//! The log has method, path, status and origin, and never a query, a body or an answer; of a path that is not ours nothing either.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{MatchedPath, RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use sscarddriver::boundary::Parameter;
use tokio::time::timeout;

use crate::consent::Consent;
use crate::door::{Door, entry};
use crate::functions::{self, Call};
use crate::guard::{self, HEALTH, Pass, Verdict};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::shared::{Shared, answer_own};
use crate::socket;

/// The paths of one port.
pub(crate) fn router(shared: Shared) -> Router {
    let shared = Arc::new(shared);
    let paths = Router::new().route(HEALTH, get(health).fallback(method));
    let paths = match shared.door {
        Door::Own => paths
            .route("/v1/functions", get(list).fallback(method))
            .route("/v1/call", post(call).fallback(method))
            .route("/v1/socket", any(open))
            .route("/v1/qiyong.js", get(|| async { file("text/javascript; charset=utf-8", SNIPPET) }))
            .route("/v1/sample.html", get(|| async { file("text/html; charset=utf-8", SAMPLE) }))
            .fallback(|| async { Refusal::Path }),
        Door::Entry => paths
            .route("/readcard/entry", get(read_entry).fallback(method))
            .route("/api/jiangsu/init", post(init_entry).fallback(method))
            .fallback(|| async { Refusal::Path }),
        // Callers open a socket at any path.
        Door::Named | Door::Typed => paths.fallback(open),
    };
    paths.layer(from_fn_with_state(Arc::clone(&shared), guarded)).with_state(shared)
}

/// The snippet for a page, which wakes the browser's question and names a refusal (docs/page.md §4, docs/driver.md §B).
const SNIPPET: &str = include_str!("../page/qiyong.js");
/// The sample page.
const SAMPLE: &str = include_str!("../page/sample.html");

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

async fn method() -> Refusal {
    Refusal::Method
}

/// Judges a request before its path sees it.
async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let method = parts.method.clone();
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_string()).unwrap_or_default();
    let Verdict { page, pass } = shared.guard.judge(&parts);
    let mut answer = match pass {
        Ok(Pass::On(consent)) => {
            parts.extensions.insert(consent);
            next.run(Request::from_parts(parts, body)).await
        }
        Ok(Pass::Preflight) => {
            let mut answer = StatusCode::NO_CONTENT.into_response();
            guard::allow(answer.headers_mut(), &parts.headers);
            answer
        }
        Err(refusal) => refusal.into_response(),
    };
    guard::mark(&mut answer, page.as_ref());
    let origin = page.as_ref().map_or("", |page| page.as_str());
    tracing::info!(door = shared.door.name(), %method, path, status = answer.status().as_u16(), origin, "answered");
    answer
}

/// That the service is there; and to a page that is listed, how it stands with it.
async fn health(State(shared): State<Arc<Shared>>, Extension(consent): Extension<Option<Consent>>) -> Json<Value> {
    let mut answer = json!({ "service": "qiyong", "protocol": shared.door.name() });
    if let Some(consent) = consent {
        answer["version"] = env!("CARGO_PKG_VERSION").into();
        answer["consent"] = match consent {
            Consent::Given => "given",
            Consent::Awaited => "awaited",
            Consent::Refused => "refused",
        }
        .into();
    }
    Json(answer)
}

/// The functions that a page may call, with their parameters.
async fn list() -> Json<Value> {
    let kind = |kind| match kind {
        Parameter::Number => "number",
        Parameter::Text => "text",
        // No function that pages may call has one.
        Parameter::Field => "field",
    };
    let one = |function: &sscarddriver::boundary::Function| {
        let values = function.parameters.iter().map(|(name, of)| (name.to_string(), kind(*of).into()));
        json!({ "function": function.name, "about": function.about, "values": values.collect::<serde_json::Map<_, _>>() })
    };
    Json(functions::served().map(one).collect())
}

async fn call(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let message = match body(request.into_body(), &shared.limits).await {
        Ok(message) => message,
        Err(refusal) => return refusal.into_response(),
    };
    match answer_own(&shared.cards, &message).await {
        Ok(answer) => Json(answer).into_response(),
        Err((_, refusal)) => refusal.into_response(),
    }
}

async fn read_entry(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Json<Value> {
    Json(match entry::wanted(query.as_deref().unwrap_or_default()) {
        Some(entry::Wanted::SocialSecurityCard) => match Call::read() {
            Ok(call) => entry::answer(&shared.cards.call(call).await),
            Err(refusal) => entry::failed(refusal.zh()),
        },
        Some(entry::Wanted::IdentityCard) => entry::failed("不支持读身份证"),
        None => entry::failed("param应为sicard"),
    })
}

async fn init_entry(State(shared): State<Arc<Shared>>, request: Request) -> Json<Value> {
    // What the page wants to prepare needs nothing here.
    Json(match body(request.into_body(), &shared.limits).await {
        Ok(_) => entry::prepared(),
        Err(refusal) => entry::failed(refusal.zh()),
    })
}

/// The whole body, within its limits of size and time.
async fn body(body: Body, limits: &Limits) -> Result<Bytes, Refusal> {
    match timeout(limits.body_within, axum::body::to_bytes(body, limits.message_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => Err(Refusal::TooLong),
        Ok(Err(_)) | Err(_) => Err(Refusal::TooSlow),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// Opens a socket, if there is room.
async fn open(
    State(shared): State<Arc<Shared>>,
    method: Method,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) if method == Method::GET => return Refusal::NoSocket.into_response(),
        Err(_) => return Refusal::Method.into_response(),
    };
    let Ok(room) = Arc::clone(&shared.sockets).try_acquire_owned() else {
        return Refusal::Sockets.into_response();
    };
    let most = shared.limits.message_bytes;
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    upgrade.on_upgrade(move |open| async move {
        socket::serve(open, shared).await;
        drop(room);
    })
}
