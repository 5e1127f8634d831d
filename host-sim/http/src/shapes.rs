//! The shapes of requests and answers, as JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};

use qiyong_centre::acts::entry::Entry;

/// Where shapes are, for `$ref`.
pub(crate) const SHAPES: &str = "#/components/schemas/";

/// The shapes of one act. Two rooms may call different things by one name, so the name of the room stands before it.
pub(crate) struct Shapes {
    pub(crate) request: Value,
    pub(crate) answer: Value,
    pub(crate) named: BTreeMap<String, Value>,
}

impl Shapes {
    pub(crate) fn of(entry: &Entry) -> Self {
        let room = entry.name.split_once('.').map_or(entry.name, |(room, _)| room);
        let mut schemas = Vec::new();
        (entry.schemas)(&mut schemas);
        let named = schemas.iter().map(|(name, shape)| (format!("{room}.{name}"), as_json(shape, room)));
        let named = named.collect();
        Self { request: as_json(&(entry.request)(), room), answer: as_json(&(entry.answer)(), room), named }
    }

    /// The shape behind a reference, or the shape itself.
    pub(crate) fn resolve<'a>(&'a self, shape: &'a Value) -> &'a Value {
        let name = shape.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SHAPES));
        name.and_then(|name| self.named.get(name)).unwrap_or(shape)
    }

    /// The shape, without being null as a choice and without references.
    pub(crate) fn plain<'a>(&'a self, shape: &'a Value) -> &'a Value {
        let shape = self.resolve(shape);
        let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|all| shape.get(all)?.as_array());
        let mut choices = choices.into_iter().flatten().filter(|one| one.get("type") != Some(&json!("null")));
        match (choices.next(), choices.next()) {
            (Some(one), None) => self.plain(one),
            _ => shape,
        }
    }

    /// The type of a shape, apart from null; `None` if it has several.
    pub(crate) fn kind<'a>(&'a self, shape: &'a Value) -> Option<&'a str> {
        match self.plain(shape).get("type")? {
            Value::String(kind) => Some(kind),
            Value::Array(kinds) => {
                let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
                kinds.next().filter(|_| kinds.next().is_none())
            }
            _ => None,
        }
    }

    /// The names of all fields that are amounts of money.
    pub(crate) fn money(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for shape in [&self.request, &self.answer].into_iter().chain(self.named.values()) {
            amounts(shape, &mut found);
        }
        found
    }
}

/// Fields that refer to the shape `Amount` or `Total`, directly, in a list, or as a choice.
fn amounts(shape: &Value, found: &mut BTreeSet<String>) {
    let is_amount = |shape: &Value| {
        shape
            .get("$ref")
            .and_then(Value::as_str)
            .is_some_and(|path| path.ends_with(".Amount") || path.ends_with(".Total"))
    };
    let parts = |shape: &Value| {
        let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|all| shape.get(all)?.as_array().cloned());
        choices.into_iter().flatten().chain(shape.get("items").cloned()).collect::<Vec<_>>()
    };
    for (name, field) in shape.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if is_amount(field) || parts(field).iter().any(is_amount) {
            found.insert(name.clone());
        }
        amounts(field, found);
    }
    parts(shape).iter().for_each(|part| amounts(part, found));
}

/// A shape as JSON, its references under the room's name.
fn as_json(shape: &RefOr<Schema>, room: &str) -> Value {
    let mut value = serde_json::to_value(shape).unwrap_or_default();
    rename(&mut value, room);
    value
}

fn rename(value: &mut Value, room: &str) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(path) if key == "$ref" => {
                        if let Some(name) = path.strip_prefix(SHAPES) {
                            *path = format!("{SHAPES}{room}.{name}");
                        }
                    }
                    field => rename(field, room),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| rename(one, room)),
        _ => {}
    }
}
