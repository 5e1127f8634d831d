//! Any answer of an act as HTML: fields as rows, lists as tables.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::lang::Lang;
use super::words;

/// How values are shown.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) lang: Lang,
    /// The fields that are amounts in fen, in any act.
    pub(crate) money: &'a BTreeSet<String>,
}

/// An amount in fen, as yuan.
pub(crate) fn money(fen: i64) -> String {
    let (sign, fen) = (if fen < 0 { "-" } else { "" }, fen.unsigned_abs());
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

impl Look<'_> {
    /// The value of the field `name`, with its parts.
    pub(crate) fn value(self, name: &str, value: &Value) -> Markup {
        match value {
            Value::Object(fields) => self.fields(fields),
            Value::Array(list) => match columns(list) {
                Some(columns) => self.table(&columns, list),
                None => html! { ul { @for one in list { li { (self.value(name, one)) } } } },
            },
            scalar => html! { (self.text(name, scalar)) },
        }
    }

    /// Fields as rows.
    fn fields(self, fields: &Map<String, Value>) -> Markup {
        html! {
            table .fields {
                @for (name, one) in fields {
                    tr { th scope="row" { (words::field(self.lang, name)) } td { (self.value(name, one)) } }
                }
            }
        }
    }

    /// Records as rows.
    fn table(self, columns: &[&str], list: &[Value]) -> Markup {
        if list.is_empty() {
            return html! { p .none { (self.lang.say("None.", "无。")) } };
        }
        html! {
            table {
                thead { tr { @for name in columns { th scope="col" { (words::field(self.lang, name)) } } } }
                tbody {
                    @for one in list {
                        tr { @for name in columns { td { @if let Some(one) = one.get(name) { (self.value(name, one)) } } } }
                    }
                }
            }
        }
    }

    /// A value without parts.
    fn text(self, name: &str, value: &Value) -> String {
        match value {
            Value::Null => "—".into(),
            Value::Bool(yes) => match yes {
                true => self.lang.say("yes", "是").into(),
                false => self.lang.say("no", "否").into(),
            },
            Value::Number(number) => match number.as_i64() {
                Some(fen) if self.money.contains(name) => money(fen),
                _ => number.to_string(),
            },
            Value::String(text) => words::value(self.lang, text).into(),
            other => other.to_string(),
        }
    }
}

/// The columns of a list of records: the fields that any of them has. `None` if it is another list.
fn columns(list: &[Value]) -> Option<Vec<&str>> {
    let mut columns: Vec<&str> = Vec::new();
    for one in list {
        for name in one.as_object()?.keys() {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fen_as_yuan() {
        let cases =
            [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456, "1234.56"), (i64::MIN, "-92233720368547758.08")];
        for (fen, text) in cases {
            assert_eq!(money(fen), text);
        }
    }

    #[test]
    fn what_an_answer_contains_stays_text() {
        let answer = serde_json::json!({"name": "<img src=x onerror=alert(1)>", "rows": [{"a": 1}, {"b": "\"'<"}]});
        let html = Look { lang: Lang::English, money: &BTreeSet::new() }.value("", &answer).into_string();
        assert!(!html.contains("<img") && html.contains("&lt;img"), "{html}");
        assert!(html.contains("<th scope=\"col\">a</th>") && html.contains("<th scope=\"col\">b</th>"), "{html}");
    }
}
