//! The last hour in minutes, for the page's plots: how many answers of which kind, how many waited. It is taken from the same figures
//! that Prometheus reads, so that whatever stands there, of this face or another, can be plotted by its name; it is in the process
//! alone, and begins anew with it.
//!
//! Not here: drawing (`page::plot`), and figures over days, which a Prometheus keeps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// So many minutes are kept.
pub(crate) const MINUTES: usize = 60;
/// How often the figures are looked at: of what waits, the most that was seen in a minute counts.
const LOOK: Duration = Duration::from_secs(5);

/// Something that is plotted.
#[derive(Debug)]
pub(crate) struct Series {
    /// Its name in the text that Prometheus reads.
    name: &'static str,
    /// By which label it is told apart; others are added up. A figure without the label is not of this series.
    by: Option<&'static str>,
    /// By which label it has a plot each; a figure without the label is not of this series, either.
    each: Option<&'static str>,
    kind: Kind,
    /// What it is, in English and Chinese.
    pub(crate) title: (&'static str, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A counter: how much was added in a minute.
    Count,
    /// How many there were at once, the most in a minute.
    Most,
}

const fn count(name: &'static str, by: &'static str, title: (&'static str, &'static str)) -> Series {
    Series { name, by: Some(by), each: None, kind: Kind::Count, title }
}

const fn most(name: &'static str, title: (&'static str, &'static str)) -> Series {
    Series { name, by: None, each: None, kind: Kind::Most, title }
}

/// What there is to plot. A figure that no face of this process has is left out.
pub(crate) const SERIES: &[Series] = &[
    count(
        "qiyong_centre_requests_total",
        "status",
        ("Requests over HTTP a minute, by status", "每分钟 HTTP 请求（按状态码）"),
    ),
    count(
        "qiyong_centre_refusals_total",
        "reason",
        ("Refused over HTTP a minute, by reason", "每分钟 HTTP 拒绝（按原因）"),
    ),
    most(
        "qiyong_centre_requests_under_way",
        ("HTTP requests that wait or are served, the most", "HTTP 排队与处理中请求（最大值）"),
    ),
    count(
        "qiyong_iso_answers_total",
        "outcome",
        ("Answers to terminals a minute, by outcome", "每分钟终端应答（按结果）"),
    ),
    count(
        "qiyong_iso_refusals_total",
        "reason",
        (
            "Messages of terminals that did not get to the centre, a minute, by reason",
            "每分钟未到达中心的终端报文（按原因）",
        ),
    ),
    most("qiyong_iso_waiting", ("Messages of terminals that wait, the most", "终端报文排队数（最大值）")),
    most("qiyong_iso_connections", ("Terminals connected, the most", "终端连接数（最大值）")),
    // Those of a process that serves several regions.
    count(
        "qiyong_iso_region_answers_total",
        "region",
        ("Messages of terminals that regions have decided or passed on, a minute", "每分钟各区域处理或转出的终端报文"),
    ),
    Series {
        name: "qiyong_iso_region_waiting",
        by: Some("region"),
        each: None,
        kind: Kind::Most,
        title: ("Messages that wait for a region, the most", "各区域排队报文（最大值）"),
    },
    Series {
        name: "qiyong_iso_region_answers_total",
        by: Some("reason"),
        each: Some("region"),
        kind: Kind::Count,
        title: ("Answers of a region a minute, by reason", "区域每分钟应答（按原因）"),
    },
];

impl Series {
    /// What the minutes come to together: counts are added up, of what waited the most counts.
    pub(crate) fn in_all(&self, minutes: &[f64]) -> f64 {
        match self.kind {
            Kind::Count => minutes.iter().sum(),
            Kind::Most => minutes.iter().copied().fold(0.0, f64::max),
        }
    }
}

/// Which series, which of its plots, and which part of that.
type Key = (usize, String, String);

/// A plot.
pub(crate) struct Plot {
    pub(crate) series: &'static Series,
    /// Of which region, if the series has one for each.
    pub(crate) of: String,
    pub(crate) minutes: Minutes,
}

/// The values of a plot by their label, oldest first; the last one is this minute's.
pub(crate) type Minutes = BTreeMap<String, [f64; MINUTES]>;

/// The last hour.
pub(crate) struct Recent {
    begun: Instant,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The minute of the last look, since the beginning.
    minute: u64,
    /// What the counters showed then.
    shown: BTreeMap<Key, f64>,
    minutes: BTreeMap<Key, VecDeque<f64>>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), kept: Mutex::default() }
    }

    /// Takes what the figures show now.
    pub(crate) fn look(&self, text: &str) {
        let minute = self.begun.elapsed().as_secs() / 60;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.go_on_to(minute);
        for (key, value) in read(text) {
            let kind = SERIES.get(key.0).map(|series| series.kind);
            let before = kept.shown.insert(key.clone(), value).unwrap_or(0.0);
            let minutes = kept.minutes.entry(key).or_insert_with(|| VecDeque::from([0.0; MINUTES]));
            let Some(last) = minutes.back_mut() else { continue };
            match kind {
                Some(Kind::Count) => *last += (value - before).max(0.0),
                _ => *last = last.max(value),
            }
        }
    }

    /// What there is to plot, in the order of [`SERIES`].
    pub(crate) fn plots(&self) -> Vec<Plot> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut plots: Vec<(usize, Plot)> = Vec::new();
        // All of a plot stand beside each other.
        for ((at, of, label), minutes) in &kept.minutes {
            let Some(series) = SERIES.get(*at) else { continue };
            let mut all = [0.0; MINUTES];
            all.iter_mut().zip(minutes).for_each(|(slot, value)| *slot = *value);
            match plots.last_mut() {
                Some((last, plot)) if last == at && plot.of == *of => drop(plot.minutes.insert(label.clone(), all)),
                _ => {
                    plots.push((*at, Plot { series, of: of.clone(), minutes: BTreeMap::from([(label.clone(), all)]) }))
                }
            }
        }
        plots.into_iter().map(|(_, plot)| plot).collect()
    }
}

impl Kept {
    fn go_on_to(&mut self, minute: u64) {
        let passed = usize::try_from(minute.saturating_sub(self.minute)).unwrap_or(MINUTES).min(MINUTES);
        self.minute = minute;
        for minutes in self.minutes.values_mut() {
            for _ in 0..passed {
                minutes.pop_front();
                minutes.push_back(0.0);
            }
        }
    }
}

/// The values of all series in a text of OpenMetrics, added up by series and label.
fn read(text: &str) -> BTreeMap<Key, f64> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((what, value)) = line.rsplit_once(' ') else { continue };
        let (name, labels) = what.split_once('{').unwrap_or((what, ""));
        let Ok(value) = value.parse::<f64>() else { continue };
        for (at, series) in SERIES.iter().enumerate().filter(|(_, series)| series.name == name) {
            let value_of = |by: Option<&str>| by.map_or(Some(""), |by| label(labels, by));
            // Without a label it is another series.
            if let (Some(of), Some(part)) = (value_of(series.each), value_of(series.by)) {
                *all.entry((at, of.to_owned(), part.to_owned())).or_insert(0.0) += value;
            }
        }
    }
    all
}

/// The value of a label in `a="x",b="y"}`. The values are words of this program's, and names of regions, which
/// have neither quotation marks nor commas.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = labels.trim_end_matches('}').split(',');
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

/// Looks again and again, until `look` says that there is nothing to look at any more.
pub(crate) async fn watch(look: impl Fn() -> bool) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if !look() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn of(recent: &Recent, name: &str, label: &str) -> Option<Vec<f64>> {
        let plot = recent.plots().into_iter().find(|plot| plot.series.name == name)?;
        plot.minutes.get(label).map(|minutes| minutes[MINUTES - 3..].to_vec())
    }

    #[tokio::test(start_paused = true)]
    async fn counters_are_told_apart_by_minute_and_label_and_the_most_that_waited_is_kept() {
        let recent = Recent::new();
        let requests = "qiyong_centre_requests_total";
        recent.look(
            "# TYPE x counter\nqiyong_centre_requests_total{act=\"a.b\",status=\"200\"} 3\n\
             qiyong_centre_requests_total{act=\"a.c\",status=\"200\"} 2\nqiyong_centre_requests_total{act=\"a.c\",status=\"409\"} 1\n\
             qiyong_iso_waiting 7\nanother_total{status=\"200\"} 9\n# EOF\n",
        );
        assert_eq!(of(&recent, requests, "200"), Some(vec![0.0, 0.0, 5.0]));
        recent.look("qiyong_iso_waiting 2\n");
        assert_eq!(of(&recent, "qiyong_iso_waiting", ""), Some(vec![0.0, 0.0, 7.0]));
        advance(Duration::from_secs(61)).await;
        recent.look("qiyong_centre_requests_total{act=\"a.b\",status=\"200\"} 8\nqiyong_iso_waiting 1\n");
        assert_eq!(of(&recent, requests, "200"), Some(vec![0.0, 5.0, 3.0]));
        assert_eq!(of(&recent, requests, "409"), Some(vec![0.0, 1.0, 0.0]));
        assert_eq!(of(&recent, "qiyong_iso_waiting", ""), Some(vec![0.0, 7.0, 1.0]));
        let of_regions = |recent: &Recent| -> Vec<(Option<&str>, String, usize)> {
            let plots = recent.plots().into_iter().filter(|plot| plot.series.name.contains("_region_"));
            plots.map(|plot| (plot.series.by, plot.of, plot.minutes.len())).collect()
        };
        assert_eq!(of_regions(&recent), [], "no face says which region");
        recent.look(
            "qiyong_iso_region_waiting{region=\"北 r\"} 4\nqiyong_iso_region_waiting{region=\"b\"} 1\n\
             qiyong_iso_region_answers_total{region=\"北 r\",reason=\"approved\"} 4\n\
             qiyong_iso_region_answers_total{region=\"北 r\",reason=\"region-down\"} 1\n\
             qiyong_iso_region_answers_total{region=\"b\",reason=\"approved\"} 2\n",
        );
        let plots = [("region", "", 2), ("region", "", 2), ("reason", "b", 1), ("reason", "北 r", 2)];
        assert_eq!(of_regions(&recent), plots.map(|(by, of, parts)| (Some(by), of.to_owned(), parts)));
        // Longer than is kept.
        advance(Duration::from_secs(60 * 1_000)).await;
        recent.look("");
        assert_eq!(of(&recent, requests, "200"), Some(vec![0.0, 0.0, 0.0]));
    }
}
