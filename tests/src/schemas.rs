//! Whether what the program prints with `--json` is as its schema says: another program looks, the validator that schemathesis
//! brings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::centre::schemathesis;
use crate::programs::Watched;

/// The file of a verb's schema.
#[must_use]
pub fn file(verb: &str) -> PathBuf {
    let name = format!("../docs/schemas/{}.json", verb.replace(' ', "-"));
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What is wrong with each value, by the schema of the verb beside it.
///
/// # Panics
/// The validator is missing, or a schema is none.
#[must_use]
pub fn wrong(values: &[(&str, Value)]) -> Vec<Vec<String>> {
    let row = |(verb, value): &(&str, Value)| format!("{}\n", json!({ "schema": file(verb), "value": value }));
    let rows: String = values.iter().map(row).collect();
    let python = schemathesis().with_file_name("python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schemas.py");
    let mut process = Watched::start(Command::new(python).env("PYTHONDONTWRITEBYTECODE", "1").arg(script));
    let mut input = process.child.stdin.take().expect("its input");
    let writes = std::thread::spawn(move || std::io::Write::write_all(&mut input, rows.as_bytes()));
    let output = process.output();
    let _ = writes.join();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let found: Vec<_> = told.lines().map(|line| serde_json::from_str(line).expect("a list of texts")).collect();
    assert_eq!(found.len(), values.len());
    found
}

/// The value is as the verb's schema says.
///
/// # Panics
/// It is not.
pub fn assert_valid(verb: &str, value: &Value) {
    let wrong = wrong(&[(verb, value.clone())]).concat();
    assert!(wrong.is_empty(), "qiyong {verb} --json: {wrong:#?}\n{value}");
}

/// The names that no object of this verb may lack that has them in its schema.
fn required(verb: &str) -> BTreeSet<String> {
    fn enter(schema: &Value, required: &mut BTreeSet<String>, optional: &mut BTreeSet<String>) {
        match schema {
            Value::Object(fields) => {
                let names = fields.get("required").and_then(Value::as_array).into_iter().flatten();
                let names: BTreeSet<&str> = names.filter_map(Value::as_str).collect();
                let properties = fields.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
                for name in properties {
                    let set = if names.contains(name.as_str()) { &mut *required } else { &mut *optional };
                    set.insert(name.clone());
                }
                fields.values().for_each(|value| enter(value, required, optional));
            }
            Value::Array(items) => items.iter().for_each(|item| enter(item, required, optional)),
            _ => {}
        }
    }
    let text = fs::read_to_string(file(verb)).expect("a schema");
    let (mut required, mut optional) = (BTreeSet::new(), BTreeSet::new());
    enter(&serde_json::from_str(&text).expect("JSON"), &mut required, &mut optional);
    required.retain(|name| !optional.contains(name));
    required
}

/// Objects that are not as the schema says: the value with a name left out, with a value of another type, and with a name too many,
/// each with what was done. Names of `free` objects are the user's, so that any may be there.
#[must_use]
pub fn faults(verb: &str, value: &Value, free: &[&str]) -> Vec<(String, Value)> {
    let required = required(verb);
    let mut found = Vec::new();
    let mut places = Vec::new();
    objects(value, String::new(), free, &mut places);
    for place in &places {
        let with = |change: &dyn Fn(&mut Map<String, Value>)| {
            let mut changed = value.clone();
            if let Some(object) = changed.pointer_mut(place).and_then(Value::as_object_mut) {
                change(object);
            }
            changed
        };
        let object = value.pointer(place).and_then(Value::as_object);
        for name in object.into_iter().flat_map(Map::keys) {
            if required.contains(name) {
                let without = with(&|object| drop(object.remove(name)));
                found.push((format!("{place}/{name} left out"), without));
            }
            let other = with(&|object| drop(object.insert(name.clone(), json!({ "of another": "type" }))));
            found.push((format!("{place}/{name} of another type"), other));
        }
        let more = with(&|object| drop(object.insert("one_too_many".into(), Value::Null)));
        found.push((format!("{place}: a name too many"), more));
    }
    found
}

/// The places of the objects in a value, of each list the first only.
fn objects(value: &Value, place: String, free: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !free.contains(&place.rsplit('/').next().unwrap_or_default()) {
                found.push(place.clone());
            }
            for (name, value) in fields {
                objects(value, format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), free, found);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                objects(first, format!("{place}/0"), free, found);
            }
        }
        _ => {}
    }
}
