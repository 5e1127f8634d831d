//! What a process that stands before several regions says over HTTP: `/metrics`, `/healthz`, and the page of figures with a plot a
//! region. There is nothing of any person in it, so nobody signs in.
//!
//! Not here: acts and the other pages, which each region's own process has; whoever asks for them is told so (docs/centre.md §19).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::html;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::limits::Limits;
use crate::metrics::{MEDIA_TYPE, Metrics};
use crate::page::session::Sessions;
use crate::page::visit::Visit;
use crate::page::{figures, style};
use crate::problem::Problem;
use crate::recent::{self, Recent};
use crate::serve;

/// The names of the regions, and whether each was reached last.
pub type Reached = Box<dyn Fn() -> Vec<(String, bool)> + Send + Sync>;

/// The figures of several regions at an address.
pub struct RegionsServer {
    listener: TcpListener,
    limits: Limits,
    face: Face,
}

struct Face {
    metrics: Metrics,
    recent: Recent,
    reached: Reached,
    /// Of nobody: a page asks for them.
    sessions: Sessions,
}

impl RegionsServer {
    /// Takes the address; with port 0, a free port. `figures` are those of the face that terminals talk to, and of what is done
    /// beside it.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's.
    pub async fn bind(
        address: SocketAddr,
        figures: Vec<Arc<Registry>>,
        reached: Reached,
        limits: Limits,
    ) -> io::Result<Self> {
        let metrics = Metrics::new(figures);
        let face = Face { metrics, recent: Recent::new(), reached, sessions: Sessions::new(&limits) };
        Ok(Self { listener: TcpListener::bind(address).await?, limits, face })
    }

    /// The address, with its real port.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end` is true or its sender is gone; then ends in order, within [`Limits::farewell`].
    ///
    /// # Errors
    /// The listener failed for good.
    pub async fn serve(self, end: watch::Receiver<bool>) -> io::Result<()> {
        serve::serve(self.listener, router(self.face), self.limits, end).await
    }
}

fn router(face: Face) -> Router {
    let face = Arc::new(face);
    // It ends with the face.
    let there = Arc::downgrade(&face);
    tokio::spawn(recent::watch(move || there.upgrade().map(|face| face.recent.look(&face.metrics.text())).is_some()));
    let only_get = || async { Problem::method("GET, HEAD") };
    let to_figures = || get(|| async { Redirect::to("/page/figures") }).fallback(only_get);
    Router::new()
        .route("/metrics", get(text).fallback(only_get))
        .route("/healthz", get(healthy).fallback(only_get))
        .route("/", to_figures())
        .route("/page", to_figures())
        .route("/page/figures", get(page).fallback(only_get))
        .route("/page/style.css", get(|| async { style() }).fallback(only_get))
        .fallback(elsewhere)
        .with_state(face)
}

async fn text(State(face): State<Arc<Face>>) -> Response {
    ([(CONTENT_TYPE, MEDIA_TYPE)], face.metrics.text()).into_response()
}

/// Healthy is a process that reaches a region: one that is down is its own matter, and whoever spreads terminals over processes is
/// not to give this one up for it.
async fn healthy(State(face): State<Arc<Face>>) -> Response {
    let regions = (face.reached)();
    if !regions.iter().any(|(_, up)| *up) {
        return Problem::no_region().into_response();
    }
    let word = |up: bool| Value::from(if up { "up" } else { "down" });
    let regions: serde_json::Map<String, Value> = regions.into_iter().map(|(name, up)| (name, word(up))).collect();
    (StatusCode::OK, Json(json!({"status": "up", "regions": regions}))).into_response()
}

async fn page(State(face): State<Arc<Face>>, request: Request) -> Response {
    let visit = Visit::of(&request.into_parts().0, &face.sessions).signed_out();
    face.recent.look(&face.metrics.text());
    let content = html! {
        table {
            thead { tr { th { (visit.say("Region", "区域")) } th { (visit.say("Its database", "数据库")) } } }
            tbody {
                @for (name, up) in (face.reached)() {
                    tr {
                        td { (name) }
                        td { (if up { visit.say("reached", "可连接") } else { visit.say("not reached", "无法连接") }) }
                    }
                }
            }
        }
        (figures::plots(&visit, &face.recent))
    };
    visit.page(StatusCode::OK, visit.say("Figures", "运行情况"), &content)
}

/// A browser is told on a page.
async fn elsewhere(State(face): State<Arc<Face>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let problem = Problem::of_a_region();
    if parts.uri.path().starts_with("/page/") {
        return Visit::of(&parts, &face.sessions).signed_out().problem(&problem);
    }
    problem.into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;

    use super::*;
    use crate::tests::send;

    fn app(up: [bool; 2]) -> Router {
        let answers: Family<Vec<(String, String)>, Counter> = Family::default();
        for (region, reason) in [("南京", "approved"), ("suzhou", "region-down")] {
            let labels = [("region", region), ("reason", reason)];
            answers.get_or_create(&labels.map(|(name, value)| (name.into(), value.into())).to_vec()).inc();
        }
        let mut figures = Registry::with_prefix("qiyong_iso");
        figures.register("region_answers", "Answers", answers);
        let metrics = Metrics::new(vec![Arc::new(figures)]);
        let reached = Box::new(move || ["南京", "suzhou"].into_iter().map(str::to_owned).zip(up).collect());
        router(Face { metrics, recent: Recent::new(), reached, sessions: Sessions::new(&Limits::default()) })
    }

    async fn get_from(app: &Router, path: &str) -> (u16, String) {
        let (status, _, text) = send(app, Request::get(path).body(Body::empty()).unwrap()).await;
        (status.as_u16(), text)
    }

    #[tokio::test]
    async fn the_page_has_a_plot_a_region_and_health_names_each() {
        let one = app([true, false]);
        let (status, page) = get_from(&one, "/page/figures").await;
        assert_eq!(status, 200);
        for part in ["by reason: 南京</h2>", "by reason: suzhou</h2>", "<svg", "not reached", "region-down"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let (_, page) = get_from(&one, "/page/figures?lang=zh").await;
        assert!(page.contains("区域每分钟应答（按原因）：suzhou") && page.contains("无法连接"), "{page}");
        let health = (200, r#"{"regions":{"suzhou":"down","南京":"up"},"status":"up"}"#.to_owned());
        assert_eq!(get_from(&one, "/healthz").await, health);
        let (status, text) = get_from(&app([false, false]), "/healthz").await;
        assert!(status == 503 && text.contains("region-down"), "{text}");
        assert!(get_from(&one, "/metrics").await.1.contains("region=\"南京\""));
    }

    #[tokio::test]
    async fn who_asks_for_acts_is_sent_to_the_region() {
        let app = app([true, true]);
        for path in ["/v1/card/show", "/openapi.json", "/page/sign-in", "/page/act/card.show"] {
            let (status, text) = get_from(&app, path).await;
            assert!(status == 404 && text.contains("at-the-region"), "{path}: {text}");
        }
        for path in ["/", "/page"] {
            assert_eq!(get_from(&app, path).await.0, 303, "{path}");
        }
    }
}
