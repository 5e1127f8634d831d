//! What moved on a day, as bars and as tables.

use axum::http::StatusCode;
use maud::{PreEscaped, html};
use serde_json::{Value, json};

use super::{Asked, Page, field, plot, words};
use crate::acts::Acts;

impl<A: Acts> Asked<'_, A> {
    /// The totals of a day; of today, if the query says none.
    pub(super) async fn day(&self, query: &[(String, String)]) -> Page {
        let day = Some(field(query, "day")).filter(|day| !day.is_empty());
        let request = day.map_or(json!({}), |day| json!({"day": day}));
        let totals = self.ask(self.act("ledger.day")?, request, None).await?;
        let lang = self.visit.lang;
        let plot = |list: &str, name: &str, amount: &str| {
            let rows = totals[list].as_array().into_iter().flatten();
            let bars = rows
                .filter_map(|row| Some((words::value(lang, row[name].as_str()?).to_string(), row[amount].as_i64()?)));
            plot::bars(&bars.collect::<Vec<_>>())
        };
        let day = totals["day"].as_str().unwrap_or_default();
        let content = html! {
            form method="get" action="/page/day" {
                label for="day" { (self.say("Day", "日期")) }
                input id="day" type="date" name="day" value=(day);
                " " button { (self.say("Show", "查看")) }
            }
            @for (list, name, amount, en, zh) in [
                ("reasons", "reason", "amount", "Moved, by reason", "按事由"),
                ("accounts", "accounts", "given", "Given to accounts", "按科目（收）"),
            ] {
                h2 { (self.say(en, zh)) }
                @if let Some(svg) = plot(list, name, amount) { figure { (PreEscaped(svg)) } }
                (self.look().value(list, totals.get(list).unwrap_or(&Value::Null)))
            }
        };
        let title = format!("{} {day}", self.say("Totals of", "日汇总"));
        Ok(self.visit.page(StatusCode::OK, &title, &content))
    }
}
