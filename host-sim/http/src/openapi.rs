//! `/openapi.json`: OpenAPI 3.1, made from the acts. Every answer of every path is in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::acts::{Act, NATIONAL};
use crate::metrics;
use crate::problem::Problem;
use crate::query::{Field, Form};
use crate::shapes::SHAPES;

/// The whole document.
pub(crate) fn document<'a>(acts: impl Iterator<Item = &'a Act>) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Problem".into(), serde_json::to_value(Problem::schema()).unwrap_or_default());
    let mut rooms = BTreeMap::new();
    for act in acts {
        rooms.insert(act.room(), json!({"name": act.room()}));
        let mut methods = Map::new();
        methods.insert("post".into(), operation(act, false));
        if act.by_query() {
            methods.insert("get".into(), operation(act, true));
        }
        paths.insert(path(act), Value::Object(methods));
        for number in act.numbers {
            rooms.insert(NATIONAL, json!({"name": NATIONAL}));
            let mut operation = operation(act, false);
            operation["operationId"] = json!(format!("{NATIONAL}.{number}"));
            operation["tags"] = json!([NATIONAL]);
            paths.insert(format!("/v1/{NATIONAL}/{number}"), json!({"post": operation}));
        }
        schemas.extend(act.shapes.named.clone());
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
pub(crate) fn path(act: &Act) -> String {
    format!("/v1/{}", act.name.replacen('.', "/", 1))
}

fn operation(act: &Act, by_query: bool) -> Value {
    let summary = act.description().lines().next().unwrap_or_default();
    let may = format!("{}\n\nRoles: {}.", act.description(), act.roles.join(", "));
    let mut operation = json!({
        "operationId": format!("{}{}", act.name, if by_query { ".get" } else { "" }),
        "tags": [act.room()],
        "x-roles": act.roles,
        "summary": summary,
        "description": may,
        "responses": responses(&act.shapes.answer, by_query),
    });
    let mut parameters = Vec::new();
    if by_query {
        parameters.extend(act.fields.iter().map(parameter));
    } else {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": act.shapes.request}}});
    }
    if !act.reads {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same body is carried out once, and gets the same answer.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
        }));
    }
    operation["parameters"] = Value::Array(parameters);
    operation
}

fn parameter(field: &Field) -> Value {
    let mut schema = field.shape.clone();
    // In a query there is no null: a field is there or not.
    if let Some(kind) = schema.get_mut("type").filter(|kind| kind.is_array()) {
        *kind = json!(match field.form {
            Some(Form::Whole) => "integer",
            Some(Form::Truth) => "boolean",
            _ => "string",
        });
    }
    json!({"name": field.name, "in": "query", "required": field.needed, "description": field.describes, "schema": schema})
}

fn responses(answer: &Value, by_query: bool) -> Value {
    let mut responses = json!({
        "200": {"description": "Done.", "content": {"application/json": {"schema": answer}}},
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
