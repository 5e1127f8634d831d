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
    Series { name, by: Some(by), kind: Kind::Count, title }
}

const fn most(name: &'static str, title: (&'static str, &'static str)) -> Series {
    Series { name, by: None, kind: Kind::Most, title }
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
    // Those of a process that serves several regions say which.
    count(
        "qiyong_iso_answers_total",
        "region",
        ("Answers to terminals a minute, by region", "每分钟终端应答（按地区）"),
    ),
    count(
        "qiyong_iso_refusals_total",
        "region",
        (
            "Messages of terminals that did not get to the centre, a minute, by region",
            "每分钟未到达中心的终端报文（按地区）",
        ),
    ),
    Series {
        name: "qiyong_iso_waiting",
        by: Some("region"),
        kind: Kind::Most,
        title: ("Messages of terminals that wait, the most, by region", "终端报文排队数（最大值，按地区）"),
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

/// The values of a series by their label, oldest first; the last one is this minute's.
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
    shown: BTreeMap<(usize, String), f64>,
    minutes: BTreeMap<(usize, String), VecDeque<f64>>,
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

    /// The minutes of each series that there is.
    pub(crate) fn series(&self) -> Vec<(&'static Series, Minutes)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |at: usize| {
            let own = kept.minutes.iter().filter(|((series, _), _)| *series == at);
            own.map(|((_, label), minutes)| {
                let mut all = [0.0; MINUTES];
                all.iter_mut().zip(minutes).for_each(|(slot, value)| *slot = *value);
                (label.clone(), all)
            })
            .collect::<Minutes>()
        };
        let all = SERIES.iter().enumerate().map(|(at, series)| (series, of(at)));
        all.filter(|(_, minutes)| !minutes.is_empty()).collect()
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
fn read(text: &str) -> BTreeMap<(usize, String), f64> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((what, value)) = line.rsplit_once(' ') else { continue };
        let (name, labels) = what.split_once('{').unwrap_or((what, ""));
        let Ok(value) = value.parse::<f64>() else { continue };
        for (at, series) in SERIES.iter().enumerate().filter(|(_, series)| series.name == name) {
            let of = match series.by {
                Some(by) => label(labels, by),
                None => Some(""),
            };
            // Without the label it is another series.
            if let Some(of) = of {
                *all.entry((at, of.to_owned())).or_insert(0.0) += value;
            }
        }
    }
    all
}

/// The value of a label in `a="x",b="y"}`. The values are words of this program's, without quotation marks.
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
        let all = recent.series();
        let (_, minutes) = all.into_iter().find(|(series, _)| series.name == name)?;
        minutes.get(label).map(|minutes| minutes[MINUTES - 3..].to_vec())
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
        let regions: Vec<_> = recent.series().into_iter().filter(|(series, _)| series.by == Some("region")).collect();
        assert!(regions.is_empty(), "no face says which region");
        recent.look("qiyong_iso_waiting{region=\"320100\"} 4\n");
        assert_eq!(recent.series().iter().filter(|(series, _)| series.by == Some("region")).count(), 1);
        // Longer than is kept.
        advance(Duration::from_secs(60 * 1_000)).await;
        recent.look("");
        assert_eq!(of(&recent, requests, "200"), Some(vec![0.0, 0.0, 0.0]));
    }
}
