//! A form for any act, made from the act's own shape, and the request that a filled-in form stands for.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::lang::Lang;
use super::words;
use crate::acts::Act;
use crate::query::{self, Field, Form};

/// The name of the session's mark in a form, and of the key under which a form that is sent twice is done once.
pub(crate) const CSRF: &str = "csrf";
/// See [`CSRF`].
pub(crate) const KEY: &str = "idempotency-key";
/// Fields of an act stand in a form under this, so that none can be taken for the two above.
pub(crate) const FIELD: &str = "field.";

/// The kinds of input.
enum Input<'a> {
    Line(&'static str),
    Choice(Vec<&'a str>),
    Json,
}

fn input(field: &Field) -> Input<'_> {
    let choices = field.shape.get("enum").and_then(Value::as_array);
    match (field.form, choices) {
        (Some(Form::Text), Some(all)) => Input::Choice(all.iter().filter_map(Value::as_str).collect()),
        (Some(Form::Truth), _) => Input::Choice(vec!["true", "false"]),
        (Some(Form::Text), None) => {
            let is_day = field.shape.get("format").is_some_and(|format| format == "date");
            Input::Line(if is_day { "date" } else { "text" })
        }
        (Some(Form::Whole), _) => Input::Line("number"),
        (None, _) => Input::Json,
    }
}

/// The form. `filled` has what was written in it before, by the names of the act's fields.
pub(crate) fn form(lang: Lang, act: &Act, csrf: &str, key: &str, filled: &[(String, String)]) -> Markup {
    let before = |name: &str| {
        let found = filled.iter().find(|(known, _)| known.strip_prefix(FIELD) == Some(name));
        found.map_or("", |(_, text)| text.as_str())
    };
    html! {
        form method="post" action={ "/page/act/" (act.name) } {
            input type="hidden" name=(CSRF) value=(csrf);
            input type="hidden" name=(KEY) value=(key);
            @for field in &act.fields {
                @let Field { name, needed, describes, .. } = field;
                p {
                    label for=(name) { (words::field(lang, name)) @if *needed { " *" } }
                    @match input(field) {
                        Input::Line(kind) => {
                            input id=(name) name={ (FIELD) (name) } type=(kind) value=(before(name)) required[*needed];
                        }
                        Input::Choice(all) => {
                            select id=(name) name={ (FIELD) (name) } required[*needed] {
                                option value="" {}
                                @for one in &all { option value=(one) selected[before(name) == *one] { (words::value(lang, one)) } }
                            }
                        }
                        Input::Json => {
                            textarea id=(name) name={ (FIELD) (name) } rows="4" placeholder="JSON" required[*needed] { (before(name)) }
                        }
                    }
                    small { (describes) }
                }
            }
            p { button { (lang.say("Carry out", "办理")) } }
        }
    }
}

/// The request of a filled-in form. A field that was left empty is not in it.
///
/// # Errors
/// The name of a field that is not what it should be.
pub(crate) fn request(act: &Act, filled: &[(String, String)]) -> Result<Value, String> {
    let mut request = Map::new();
    for (name, text) in filled {
        let Some(name) = name.strip_prefix(FIELD) else {
            continue;
        };
        let field = act.fields.iter().find(|field| field.name == name).ok_or_else(|| name.to_string())?;
        if text.is_empty() {
            continue;
        }
        let value = match field.form {
            Some(form) => query::value(form, text.clone()),
            None => serde_json::from_str(text).ok(),
        };
        request.insert(name.to_string(), value.ok_or_else(|| name.to_string())?);
    }
    Ok(Value::Object(request))
}
