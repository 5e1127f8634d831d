//! How the centre is doing: the last hour of its figures, a plot and a table each.

use axum::http::StatusCode;
use maud::{Markup, PreEscaped, html};

use super::visit::Visit;
use super::{Asked, Page, columns, words};
use crate::acts::Acts;
use crate::recent::{MINUTES, Minutes, Recent};

impl<A: Acts> Asked<'_, A> {
    /// The figures of the last hour; nothing of any person, so that everybody who has signed in may see them.
    pub(super) fn figures(&self) -> Page {
        self.face.recent.look(&self.face.metrics.text());
        let content = plots(&self.visit, &self.face.recent);
        Ok(self.visit.page(StatusCode::OK, self.say("Figures", "运行情况"), &content))
    }
}

/// The last hour, a plot and a table each.
pub(crate) fn plots(visit: &Visit, recent: &Recent) -> Markup {
    html! {
        p {
            (visit.say(
                "The last hour, minute by minute, since this server began. A Prometheus that reads /metrics keeps more.",
                "最近一小时（按分钟），自本服务启动起。更长时间请用 Prometheus 读取 /metrics。",
            ))
        }
        @for plot in recent.plots() {
            @let named = named(&plot.minutes, |label| words::value(visit.lang, label).to_owned());
            h2 {
                (visit.say(plot.series.title.0, plot.series.title.1))
                @if !plot.of.is_empty() { (visit.say(": ", "：")) (plot.of) }
            }
            @if let Some(svg) = columns::columns(&named, visit.say("minutes ago", "分钟前")) { figure { (PreEscaped(svg)) } }
            table {
                thead { tr { th { (visit.say("Which", "类别")) } th { (visit.say("This minute", "本分钟")) } th { (visit.say("Last minute", "上一分钟")) } th { (visit.say("In the hour", "一小时内")) } } }
                tbody {
                    @for (label, minutes) in &named {
                        tr {
                            td { (label) }
                            @for value in [minutes[MINUTES - 1], minutes[MINUTES - 2], plot.series.in_all(minutes)] {
                                td { (format!("{value:.0}")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The largest ones under their names; what is left is added up.
fn named(minutes: &Minutes, name: impl Fn(&str) -> String) -> Vec<(String, [f64; MINUTES])> {
    const SHOWN: usize = 7;
    let mut all: Vec<_> = minutes.iter().map(|(label, values)| (name(label), *values)).collect();
    all.sort_by(|(_, one), (_, other)| other.iter().sum::<f64>().total_cmp(&one.iter().sum()));
    if all.len() > SHOWN + 1 {
        let rest = all.split_off(SHOWN).into_iter().fold([0.0; MINUTES], |mut sum, (_, values)| {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            sum
        });
        all.push(("…".into(), rest));
    }
    all
}
