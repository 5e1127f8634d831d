//! What Prometheus may know: connections, messages, answers, how much waits and for how long. Nothing of any person.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::response;

use crate::cause::Cause;
use crate::decider::Refused;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Because {
    cause: &'static str,
}

/// The figures of one server.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Connections that were accepted.
    pub(crate) accepted: Counter,
    /// Frames that came.
    pub(crate) frames: Counter,
    /// Requests that wait for a decider.
    pub(crate) waiting: Gauge,
    answers: Family<Outcome, Counter>,
    refusals: Family<Why, Counter>,
    closed: Family<Because, Counter>,
    batches: Histogram,
    decided: Histogram,
    answered: Histogram,
}

impl Metrics {
    /// The figures, and where they can be read.
    pub(crate) fn new() -> (Self, Registry) {
        // 0.25 ms to 65 s, in powers of two.
        let seconds = || Histogram::new(exponential_buckets(0.000_25, 2.0, 19));
        let metrics = Self {
            connections: Gauge::default(),
            accepted: Counter::default(),
            frames: Counter::default(),
            waiting: Gauge::default(),
            answers: Family::default(),
            refusals: Family::default(),
            closed: Family::default(),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            decided: seconds(),
            answered: seconds(),
        };
        let mut registry = Registry::with_prefix("qiyong_iso");
        let own = metrics.clone();
        registry.register("connections", "Open connections of terminals", own.connections);
        registry.register("accepted", "Connections that were accepted", own.accepted);
        registry.register("frames", "Frames that came", own.frames);
        registry.register("waiting", "Requests that wait for the centre", own.waiting);
        registry.register("answers", "Answers, by outcome", own.answers);
        registry.register("refusals", "Requests that did not get to the centre, by reason", own.refusals);
        registry.register("closed", "Connections that were closed, by cause", own.closed);
        registry.register("batch_requests", "Requests in a transaction of the centre", own.batches);
        registry.register("batch_seconds", "How long a transaction of the centre took", own.decided);
        registry.register("answer_seconds", "From a frame to its answer", own.answered);
        (metrics, registry)
    }

    /// Counts what a decider did.
    pub(crate) fn decided(&self, requests: usize, took: Duration) {
        self.batches.observe(u32::try_from(requests).map_or(f64::INFINITY, f64::from));
        self.decided.observe(took.as_secs_f64());
    }

    /// Counts an answer, so long after its request.
    pub(crate) fn answered(&self, answer: &[u8], took: Duration) {
        self.answers.get_or_create(&Outcome { outcome: outcome(answer) }).inc();
        self.answered.observe(took.as_secs_f64());
    }

    /// Counts a request that got no answer.
    pub(crate) fn unanswered(&self) {
        self.answers.get_or_create(&Outcome { outcome: "none" }).inc();
    }

    /// Counts a request that did not get to the centre.
    pub(crate) fn refused(&self, why: Refused) {
        self.refusals.get_or_create(&Why { reason: why.word() }).inc();
    }

    /// Counts a connection's end.
    pub(crate) fn closed(&self, cause: Cause) {
        self.closed.get_or_create(&Because { cause: cause.word() }).inc();
    }

    /// How many requests were refused for this reason.
    #[cfg(test)]
    pub(crate) fn refused_for(&self, why: Refused) -> u64 {
        self.refusals.get_or_create(&Why { reason: why.word() }).get()
    }
}

/// What the response code in F39 of an answer says, in a word.
fn outcome(answer: &[u8]) -> &'static str {
    let message = Message::read(answer).ok();
    let code = message.and_then(|message| message.field(39)?.bytes.try_into().ok());
    match code {
        Some(response::APPROVED) => "approved",
        Some(response::FORMAT) => "wrong-form",
        Some(response::MAC) => "wrong-mac",
        Some(_) => "refused",
        None => "without-code",
    }
}
