//! `/openapi.json`: OpenAPI 3.1, made from the acts. Every answer of every path is in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::acts::ActInfo;
use crate::limits::Limits;
use crate::metrics;
use crate::problem::Problem;
use crate::query::{self, Form};

/// Where shapes are, for `$ref`.
const SHAPES: &str = "#/components/schemas/";

/// The shapes of one act. Two rooms may call different things by one name, so the name of the room stands before it.
pub(crate) struct Shapes {
    pub(crate) request: Value,
    pub(crate) answer: Value,
    pub(crate) named: BTreeMap<String, Value>,
}

impl Shapes {
    pub(crate) fn of(act: &ActInfo) -> Self {
        let room = act.room();
        let named = act.schemas.iter().map(|(name, shape)| (format!("{room}.{name}"), plain(shape, room)));
        let named = named.collect();
        Self { request: plain(&act.request, room), answer: plain(&act.answer, room), named }
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

/// Fields that refer to the shape `Amount`, directly, in a list, or as a choice.
fn amounts(shape: &Value, found: &mut BTreeSet<String>) {
    let is_amount =
        |shape: &Value| shape.get("$ref").and_then(Value::as_str).is_some_and(|path| path.ends_with(".Amount"));
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
fn plain(shape: &RefOr<Schema>, room: &str) -> Value {
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

/// The whole document.
pub(crate) fn document<'a>(acts: impl Iterator<Item = &'a ActInfo>, limits: &Limits) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Problem".into(), serde_json::to_value(Problem::schema()).unwrap_or_default());
    let mut rooms = BTreeMap::new();
    for act in acts {
        let shapes = Shapes::of(act);
        rooms.insert(act.room(), json!({"name": act.room()}));
        let mut methods = Map::new();
        methods.insert("post".into(), operation(act, &shapes, limits, false));
        if query::is_possible(act) {
            methods.insert("get".into(), operation(act, &shapes, limits, true));
        }
        paths.insert(path(act), Value::Object(methods));
        schemas.extend(shapes.named);
    }
    for (path, text, media_type) in [
        ("/healthz", "The centre answers.", "application/json"),
        ("/metrics", "Figures for Prometheus.", metrics::MEDIA_TYPE),
        ("/openapi.json", "This document.", "application/json"),
    ] {
        let shape = json!({"type": if media_type == "application/json" { "object" } else { "string" }});
        let mut responses = json!({"200": {"description": text, "content": {media_type: {"schema": shape}}}});
        if path == "/healthz" {
            responses["503"] = problem("The centre does not answer now.");
        }
        responses["405"] = problem("Another method.");
        let get = json!({"operationId": path.trim_start_matches('/'), "summary": text, "security": [], "responses": responses});
        paths.insert(path.into(), json!({"get": get}));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Qiyong card centre",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every act of the card centre. An act is carried out whole or not at all. Money is in fen.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token of an operator, which ends on a day."}},
        },
        "security": [{"token": []}],
        "tags": rooms.into_values().collect::<Vec<_>>(),
    })
}

/// `/v1/room/verb`.
pub(crate) fn path(act: &ActInfo) -> String {
    format!("/v1/{}", act.name.replacen('.', "/", 1))
}

fn operation(act: &ActInfo, shapes: &Shapes, limits: &Limits, by_query: bool) -> Value {
    let summary = act.description.lines().next().unwrap_or_default();
    let may = format!("{}\n\nRoles: {}.", act.description, act.roles.join(", "));
    let mut operation = json!({
        "operationId": format!("{}{}", act.name, if by_query { ".get" } else { "" }),
        "tags": [act.room()],
        "summary": summary,
        "description": may,
        "responses": responses(shapes, by_query),
    });
    let mut parameters = Vec::new();
    if by_query {
        parameters
            .extend(query::fields(act).unwrap_or_default().iter().map(|(name, form)| parameter(shapes, name, *form)));
    } else {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": shapes.request}}});
    }
    if !act.reads {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same body is carried out once, and gets the same answer.",
            "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": limits.key_chars},
        }));
    }
    operation["parameters"] = Value::Array(parameters);
    operation
}

fn parameter(shapes: &Shapes, name: &str, form: Form) -> Value {
    let request = shapes.resolve(&shapes.request);
    let shape = request.get("properties").and_then(|all| all.get(name)).cloned().unwrap_or_default();
    let needed = request.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name));
    // In a query there is no null: a field is there or not.
    let schema = match (form, shape.get("type")) {
        (Form::Whole, Some(Value::Array(_))) => json!({"type": "integer"}),
        (Form::Truth, Some(Value::Array(_))) => json!({"type": "boolean"}),
        (Form::Text, Some(Value::Array(_))) => json!({"type": "string"}),
        _ => shape,
    };
    json!({"name": name, "in": "query", "required": needed, "schema": schema})
}

fn responses(shapes: &Shapes, by_query: bool) -> Value {
    let mut responses = json!({
        "200": {"description": "Done.", "content": {"application/json": {"schema": shapes.answer}}},
        "400": problem("The request is not of the act's form: `field` names what is at fault."),
        "401": with_header(problem("No token, or one that nobody holds or whose time is over."), "WWW-Authenticate", "string"),
        "403": problem("The token's role, outlet or area may not."),
        "404": problem("What the request names does not exist, or there is no such path."),
        "405": with_header(problem("The path is not for this method."), "Allow", "string"),
        "409": problem("A rule forbids it as things stand, or the key came before with another body: nothing has changed."),
        "429": with_header(problem("Too many requests with this token."), "Retry-After", "integer"),
        "431": {"description": "The headers are too many or too long."},
        "500": problem("The centre failed; nothing has changed."),
        "503": problem("The centre is busy or cannot work now."),
    });
    if !by_query {
        responses["408"] = problem("The body did not arrive in time.");
        responses["413"] = problem("The body is too large.");
        responses["415"] = problem("The body is not declared as JSON.");
    }
    responses
}

fn problem(text: &str) -> Value {
    let shape = json!({"$ref": format!("{SHAPES}{}", Problem::name())});
    json!({"description": text, "content": {"application/json": {"schema": shape}}})
}

fn with_header(mut response: Value, name: &str, kind: &str) -> Value {
    response["headers"] = json!({name: {"required": true, "schema": {"type": kind}}});
    response
}
