//! Which path leads where.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::time::timeout;

use crate::acts::Acts;
use crate::face::Face;
use crate::limits::Limits;
use crate::problem::Problem;
use crate::{api, metrics, page, recent};

/// How long `/healthz` waits for the centre.
const HEALTHY_WITHIN: Duration = Duration::from_secs(1);

/// All paths of a server; `/metrics` has the figures of `others`, too. Within a runtime, in which the last hour of the figures is
/// watched.
pub(crate) fn router<A: Acts>(acts: A, limits: Limits, others: Vec<Arc<Registry>>) -> Router {
    let face = Face::new(acts, limits, others);
    // It ends with the face.
    let there = Arc::downgrade(&face);
    tokio::spawn(recent::watch(move || there.upgrade().map(|face| face.recent.look(&face.metrics.text())).is_some()));
    Router::new()
        .route("/v1/{room}/{verb}", any(api::act::<A>))
        .route("/openapi.json", get(document::<A>).fallback(only_get))
        .route("/healthz", get(healthy::<A>).fallback(only_get))
        .route("/metrics", get(figures::<A>).fallback(only_get))
        .route("/", get(|| async { Redirect::to("/page") }).fallback(only_get))
        .route("/page", any(page::page::<A>))
        .route("/page/{*rest}", any(page::page::<A>))
        .fallback(|| async { Problem::no_such_path() })
        .with_state(face)
}

async fn only_get() -> Problem {
    Problem::method("GET, HEAD")
}

async fn document<A: Acts>(State(face): State<Arc<Face<A>>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], face.document.clone()).into_response()
}

async fn figures<A: Acts>(State(face): State<Arc<Face<A>>>) -> Response {
    ([(CONTENT_TYPE, metrics::MEDIA_TYPE)], face.metrics.text()).into_response()
}

/// Healthy is a server whose centre comes free within a second.
async fn healthy<A: Acts>(State(face): State<Arc<Face<A>>>) -> Response {
    match timeout(HEALTHY_WITHIN, face.writer.with(|_| ())).await {
        Ok(Ok(())) => (StatusCode::OK, Json(json!({"status": "up"}))).into_response(),
        _ => Problem::busy().into_response(),
    }
}
