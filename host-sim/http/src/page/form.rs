//! A form for any act, made from the act's own shape, and the request that a filled-in form stands for.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::lang::Lang;
use super::words;
use crate::acts::ActInfo;
use crate::openapi::Shapes;
use crate::query;

/// The name of the session's mark in a form, and of the key under which a form that is sent twice is done once.
pub(crate) const CSRF: &str = "csrf";
/// See [`CSRF`].
pub(crate) const KEY: &str = "idempotency-key";
/// Fields of an act stand in a form under this, so that none can be taken for the two above.
const FIELD: &str = "field.";

/// The kinds of input.
enum Input {
    Line(&'static str),
    Choice(Vec<String>),
    Json,
}

struct Field {
    name: String,
    needed: bool,
    input: Input,
    describes: String,
    form: Option<query::Form>,
}

fn fields(act: &ActInfo) -> Vec<Field> {
    let shapes = Shapes::of(act);
    let request = shapes.resolve(&shapes.request);
    let needed = |name: &str| {
        request.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
    };
    let properties = request.get("properties").and_then(Value::as_object);
    let field = |(name, shape): (&String, &Value)| {
        let form = query::form(&shapes, shape);
        let plain = shapes.plain(shape);
        let choices = plain.get("enum").and_then(Value::as_array);
        let input = match (form, choices) {
            (Some(query::Form::Text), Some(all)) => {
                Input::Choice(all.iter().filter_map(Value::as_str).map(str::to_string).collect())
            }
            (Some(query::Form::Truth), _) => Input::Choice(vec!["true".into(), "false".into()]),
            (Some(query::Form::Text), None) if plain.get("format").is_some_and(|format| format == "date") => {
                Input::Line("date")
            }
            (Some(query::Form::Text), None) => Input::Line("text"),
            (Some(query::Form::Whole), _) => Input::Line("number"),
            (None, _) => Input::Json,
        };
        let described = [shape, plain].into_iter().find_map(|shape| shape.get("description").and_then(Value::as_str));
        let describes = described.unwrap_or_default().to_string();
        Field { name: name.clone(), needed: needed(name), input, describes, form }
    };
    properties.into_iter().flatten().map(field).collect()
}

/// The form. `filled` has what was written in it before, by the names of the act's fields.
pub(crate) fn form(lang: Lang, act: &ActInfo, csrf: &str, key: &str, filled: &[(String, String)]) -> Markup {
    let before = |name: &str| {
        let found = filled.iter().find(|(known, _)| known.strip_prefix(FIELD) == Some(name));
        found.map_or("", |(_, text)| text.as_str())
    };
    html! {
        form method="post" action={ "/page/act/" (act.name) } {
            input type="hidden" name=(CSRF) value=(csrf);
            input type="hidden" name=(KEY) value=(key);
            @for Field { name, needed, input, describes, form: _ } in &fields(act) {
                p {
                    label for=(name) { (words::field(lang, name)) @if *needed { " *" } }
                    @match input {
                        Input::Line(kind) => {
                            input id=(name) name={ (FIELD) (name) } type=(kind) value=(before(name)) required[*needed];
                        }
                        Input::Choice(all) => {
                            select id=(name) name={ (FIELD) (name) } required[*needed] {
                                option value="" {}
                                @for one in all { option value=(one) selected[before(name) == one] { (words::value(lang, one)) } }
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
pub(crate) fn request(act: &ActInfo, filled: &[(String, String)]) -> Result<Value, String> {
    let fields = fields(act);
    let mut request = Map::new();
    for (name, text) in filled {
        let Some(name) = name.strip_prefix(FIELD) else {
            continue;
        };
        let field = fields.iter().find(|field| field.name == name).ok_or_else(|| name.to_string())?;
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
