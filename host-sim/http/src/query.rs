//! The fields of an act in a query, by the act's own shape: which fields there are, and which of them are numbers.

use serde_json::{Map, Number, Value};

use crate::acts::ActInfo;
use crate::openapi;
use crate::problem::Problem;

/// How a field is written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Whole,
    Truth,
}

/// Whether the act only reads and all its fields are of a form that a query can have.
pub(crate) fn is_possible(act: &ActInfo) -> bool {
    act.reads && fields(act).is_some()
}

/// The fields with their forms; `None` if one is a list or has fields of its own.
pub(crate) fn fields(act: &ActInfo) -> Option<Vec<(String, Form)>> {
    let shapes = openapi::Shapes::of(act);
    let request = shapes.resolve(&shapes.request);
    let properties = request.get("properties").and_then(Value::as_object);
    let forms = properties.into_iter().flatten().map(|(name, shape)| Some((name.clone(), form(&shapes, shape)?)));
    forms.collect()
}

/// How a field of this shape is written; `None` if it has parts.
pub(crate) fn form(shapes: &openapi::Shapes, shape: &Value) -> Option<Form> {
    match shapes.kind(shape)? {
        "string" => Some(Form::Text),
        "integer" => Some(Form::Whole),
        "boolean" => Some(Form::Truth),
        _ => None,
    }
}

/// The request that a query stands for.
pub(crate) fn read(act: &ActInfo, query: &str) -> Result<Value, Problem> {
    let fields = fields(act).unwrap_or_default();
    let pairs = pairs(query.as_bytes()).ok_or_else(|| Problem::query(None))?;
    let mut request = Map::new();
    for (name, text) in pairs {
        let wrong = || Problem::query(Some(name.chars().take(64).collect()));
        let (_, form) = fields.iter().find(|(known, _)| *known == name).ok_or_else(wrong)?;
        let value = value(*form, text).ok_or_else(wrong)?;
        if request.insert(name.clone(), value).is_some() {
            return Err(wrong());
        }
    }
    Ok(Value::Object(request))
}

/// The fields of a query or a form, as they are written. `None` if one is not UTF-8, for which the reader puts a
/// replacement character.
pub(crate) fn pairs(text: &[u8]) -> Option<Vec<(String, String)>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text).ok()?;
    let is_text = |text: &String| !text.contains(char::REPLACEMENT_CHARACTER);
    pairs.iter().all(|(name, value)| is_text(name) && is_text(value)).then_some(pairs)
}

/// The value that a text stands for.
pub(crate) fn value(form: Form, text: String) -> Option<Value> {
    Some(match form {
        Form::Text => Value::String(text),
        Form::Whole => Value::Number(Number::from(text.parse::<i64>().ok()?)),
        Form::Truth => Value::Bool(text.parse().ok()?),
    })
}
