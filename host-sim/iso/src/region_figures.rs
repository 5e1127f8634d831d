//! What Prometheus may know of each region: whether it is up, how much waits, and how its messages were answered.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::response;
use qiyong_protocol::rules::reason::Reason;

use crate::decider::Said;

/// Of which region a figure is.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OfRegion {
    region: String,
}

impl OfRegion {
    /// The one of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self { region: name.to_owned() }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    region: String,
    reason: &'static str,
}

/// The figures of all regions of a server.
#[derive(Clone, Default)]
pub(crate) struct AllRegions {
    up: Family<OfRegion, Gauge>,
    waiting: Family<OfRegion, Gauge>,
    answers: Family<Answered, Counter>,
}

/// Those of one region.
#[derive(Clone)]
pub(crate) struct RegionFigures {
    all: AllRegions,
    name: String,
}

impl AllRegions {
    /// Lets them be read.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("region_up", "Whether the region's centre was reached last, 1 or 0", self.up.clone());
        registry.register("region_waiting", "Requests that wait for the region's centre", self.waiting.clone());
        registry.register("region_answers", "Answers of the region, by reason", self.answers.clone());
    }

    /// Those of the region of this name.
    pub(crate) fn of(&self, name: &str) -> RegionFigures {
        RegionFigures { all: self.clone(), name: name.to_owned() }
    }
}

impl RegionFigures {
    /// The region's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn label(&self) -> OfRegion {
        OfRegion::new(&self.name)
    }

    /// Whether its centre was reached.
    pub(crate) fn up(&self, is: bool) {
        self.all.up.get_or_create(&self.label()).set(is.into());
    }

    /// Whether it was, last.
    pub(crate) fn is_up(&self) -> bool {
        self.all.up.get_or_create(&self.label()).get() == 1
    }

    /// How many requests wait for it.
    pub(crate) fn waiting(&self, requests: usize) {
        self.all.waiting.get_or_create(&self.label()).set(i64::try_from(requests).unwrap_or(i64::MAX));
    }

    /// Counts what became of a request.
    pub(crate) fn said(&self, said: &Said) {
        let reason = match said {
            Said::Give { .. } => "passed-on",
            Said::Answer(None) => "none",
            Said::Answer(Some(answer)) => reason(answer),
        };
        self.all.answers.get_or_create(&Answered { region: self.name.clone(), reason }).inc();
    }
}

/// What F39 and F44 of an answer say, in a word.
fn reason(answer: &[u8]) -> &'static str {
    let Ok(message) = Message::read(answer) else { return "without-code" };
    let code = message.field(39).and_then(|field| field.bytes.try_into().ok());
    let word = message.field(44).map(|field| field.bytes);
    match code {
        Some(response::APPROVED) => "approved",
        Some(response::FORMAT) => "wrong-form",
        Some(response::MAC) => "wrong-mac",
        Some(code) => response::reason(code, word).map_or("refused", Reason::as_str),
        None => "without-code",
    }
}
