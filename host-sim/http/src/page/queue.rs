//! The work queue: what waits for the role of whoever is signed in, until when, why, and with which acts it goes on. Each room
//! lists its own records; here stands where in its answer the parts of a row are.

use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::show::Look;
use super::{Asked, Page, words};
use crate::acts::{Act, Acts};

/// A room's list of records that may wait.
struct Source {
    act: &'static str,
    /// What its records are, in English and Chinese.
    title: (&'static str, &'static str),
    /// The field of the request that says which state; the list is asked for each.
    by: &'static str,
    /// Where the records are in the answer, and where in a record its parts.
    list: &'static str,
    number: &'static str,
    state: &'static str,
    waiting: &'static str,
    until: &'static str,
    /// The page of a record.
    page: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        act: "application.list",
        title: ("Applications", "申请"),
        by: "state",
        list: "/applications",
        number: "/standing/number",
        state: "/standing/state",
        waiting: "/standing/waiting",
        until: "/standing/until",
        page: "/page/application/",
    },
    Source {
        act: "slip.list",
        title: ("Payment slips", "缴款单"),
        by: "state",
        list: "/slips",
        number: "/slip/number",
        state: "/state",
        waiting: "/waiting",
        until: "/waiting/until",
        page: "/page/slip/",
    },
    Source {
        act: "production.list",
        title: ("Cards in the making", "制卡"),
        by: "stage",
        list: "/productions",
        number: "/application",
        state: "/stage",
        waiting: "/waiting",
        until: "/waiting/until",
        page: "/page/application/",
    },
];

/// So many records of one state are shown.
const MOST: u16 = 100;

impl<A: Acts> Asked<'_, A> {
    /// The work queue.
    pub(super) async fn queue(&self) -> Page {
        let me = self.ask(self.act("operator.me")?, json!({}), None).await?;
        let role = me["role"].as_str().unwrap_or_default();
        let mut lists = Vec::new();
        for source in SOURCES {
            let Some(act) = self.face.acts.get(source.act).filter(|act| act.roles.contains(&role)) else {
                continue;
            };
            let requests = states(act, source.by).map(|state| (act.name, json!({source.by: state, "limit": MOST})));
            let answers = self.ask_all(requests.collect()).await?;
            let all = answers.iter().filter_map(|answer| answer.pointer(source.list)?.as_array()).flatten();
            let own = all.filter(|one| one.pointer(source.waiting).is_some_and(|waiting| waiting["who"] == role));
            let mut own: Vec<&Value> = own.collect();
            own.sort_by_key(|one| text(one, source.until).unwrap_or("9999"));
            lists.push(table(self.look(), source, &own));
        }
        let who = html! {
            p {
                (self.say("Operator ", "操作员 ")) strong { (me["operator"].as_str().unwrap_or_default()) }
                ", " (words::value(self.visit.lang, role)) ", "
                (self.say("outlet ", "网点 ")) (me["outlet"].as_str().unwrap_or_default())
            }
        };
        let none = html! { p .none { (self.say("Nothing waits for this role here.", "本角色没有待办事项。")) } };
        let content = html! { (who) @if lists.is_empty() { (none) } @for list in &lists { (list) } };
        Ok(self.visit.page(StatusCode::OK, self.say("Work queue", "待办"), &content))
    }
}

/// Every state that the list may be asked for.
fn states<'a>(act: &'a Act, by: &str) -> impl Iterator<Item = &'a str> {
    let field = act.fields.iter().find(|field| field.name == by);
    let words = field.and_then(|field| field.shape.get("enum")?.as_array());
    words.into_iter().flatten().filter_map(Value::as_str)
}

fn text<'a>(record: &'a Value, pointer: &str) -> Option<&'a str> {
    record.pointer(pointer)?.as_str()
}

fn table(look: Look<'_>, source: &Source, records: &[&Value]) -> Markup {
    let lang = look.lang;
    let why = lang.say("why_en", "why_zh");
    let late = |record: &Value| ["late", "overdue"].iter().any(|name| record[*name] == true);
    html! {
        h2 { (lang.say(source.title.0, source.title.1)) }
        @if records.is_empty() {
            p .none { (lang.say("None.", "无。")) }
        } @else {
            table {
                thead {
                    tr {
                        th { (lang.say("Number", "编号")) }
                        th { (lang.say("State", "状态")) }
                        th { (lang.say("Until", "期限")) }
                        th { (lang.say("Why it waits", "等待原因")) }
                        th { (lang.say("Next step", "下一步")) }
                    }
                }
                tbody {
                    @for record in records {
                        @let number = text(record, source.number).unwrap_or_default();
                        @let waiting = record.pointer(source.waiting).unwrap_or(&Value::Null);
                        tr.late[late(record)] {
                            td { a href={ (source.page) (number) } { (number) } }
                            td { (words::value(lang, text(record, source.state).unwrap_or_default())) }
                            td { (text(record, source.until).unwrap_or("—")) @if late(record) { " " strong { (lang.say("late", "已逾期")) } } }
                            td { (waiting[why].as_str().unwrap_or_default()) }
                            td { (links(waiting, number)) }
                        }
                    }
                }
            }
        }
    }
}

/// The acts that are possible, each with its form.
pub(super) fn links(waiting: &Value, number: &str) -> Markup {
    html! {
        @for act in waiting["acts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            a href={ "/page/act/" (act) "?number=" (number) } { (act) } " "
        }
    }
}
