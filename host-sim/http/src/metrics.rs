//! What Prometheus may know: how many requests, how long they took, how many wait. Nothing of any person.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    /// An act, or `page`; never what a client wrote.
    act: &'static str,
    status: u32,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    /// The code of a refusal, which stays the same; never what a client wrote.
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfAct {
    act: &'static str,
}

/// The figures of one server.
pub(crate) struct Metrics {
    registry: Registry,
    /// Those of other faces of the same centre.
    others: Vec<Arc<Registry>>,
    answered: Family<Answered, Counter>,
    refused: Family<Why, Counter>,
    seconds: Family<OfAct, Histogram>,
    /// Requests that have begun and not ended.
    pub(crate) under_way: Gauge,
    /// Open connections.
    pub(crate) connections: Gauge,
}

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Metrics {
    pub(crate) fn new(others: Vec<Arc<Registry>>) -> Self {
        // 1 ms to 8 s, in powers of two.
        let buckets = || Histogram::new((0..14).map(|power| 0.001 * f64::from(1 << power)));
        let mut metrics = Self {
            registry: Registry::with_prefix("qiyong_centre"),
            others,
            answered: Family::default(),
            refused: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            under_way: Gauge::default(),
            connections: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests answered, by act and status", metrics.answered.clone());
        registry.register("refusals", "Requests that were not carried out, by reason", metrics.refused.clone());
        registry.register("request_seconds", "How long requests took, by act", metrics.seconds.clone());
        registry.register("requests_under_way", "Requests that have begun and not ended", metrics.under_way.clone());
        registry.register("connections", "Open connections", metrics.connections.clone());
        metrics
    }

    /// Counts an answer; `reason` is empty if what was asked for was done.
    pub(crate) fn answered(&self, act: &'static str, status: u16, reason: &'static str, took: Duration) {
        if !reason.is_empty() {
            self.refused.get_or_create(&Why { reason }).inc();
        }
        self.answered.get_or_create(&Answered { act, status: status.into() }).inc();
        self.seconds.get_or_create(&OfAct { act }).observe(took.as_secs_f64());
    }

    /// All figures, as Prometheus reads them.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for registry in std::iter::once(&self.registry).chain(self.others.iter().map(Arc::as_ref)) {
            // Writing to a string cannot fail.
            let _ = encode_registry(&mut text, registry);
        }
        let _ = encode_eof(&mut text);
        text
    }
}
