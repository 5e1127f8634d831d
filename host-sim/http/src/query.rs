//! The fields of an act in a query or a form, by the act's own shape: which fields there are, and which of them are numbers.

use serde_json::{Map, Number, Value};

use crate::problem::Problem;
use crate::shapes::Shapes;

/// How a field without parts is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Whole,
    Truth,
}

/// A field of a request.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Whether a request without it is refused.
    pub(crate) needed: bool,
    /// `None`: it is a list or has parts.
    pub(crate) form: Option<Form>,
    /// Its shape, without being null as a choice and without a reference.
    pub(crate) shape: Value,
    /// What it is.
    pub(crate) describes: String,
}

/// The fields of a request.
pub(crate) fn fields(shapes: &Shapes) -> Vec<Field> {
    let request = shapes.resolve(&shapes.request);
    let needed = |name: &str| {
        request.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
    };
    let field = |(name, shape): (&String, &Value)| {
        let plain = shapes.plain(shape);
        let described = [shape, plain].into_iter().find_map(|shape| shape.get("description").and_then(Value::as_str));
        Field {
            name: name.clone(),
            needed: needed(name),
            form: form(shapes, shape),
            shape: plain.clone(),
            describes: described.unwrap_or_default().into(),
        }
    };
    request.get("properties").and_then(Value::as_object).into_iter().flatten().map(field).collect()
}

/// How a field of this shape is written; `None` if it has parts.
fn form(shapes: &Shapes, shape: &Value) -> Option<Form> {
    match shapes.kind(shape)? {
        "string" => Some(Form::Text),
        "integer" => Some(Form::Whole),
        "boolean" => Some(Form::Truth),
        _ => None,
    }
}

/// The request that a query stands for, of an act with these fields.
pub(crate) fn read(fields: &[Field], query: &str) -> Result<Value, Problem> {
    let pairs = pairs(query.as_bytes()).ok_or_else(|| Problem::query(None))?;
    let mut request = Map::new();
    for (name, text) in pairs {
        let wrong = || Problem::query(Some(name.chars().take(64).collect()));
        let field = fields.iter().find(|field| field.name == name).ok_or_else(wrong)?;
        let value = field.form.and_then(|form| value(form, text)).ok_or_else(wrong)?;
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
