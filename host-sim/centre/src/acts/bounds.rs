//! The bounds that an act's schema names: the least and the greatest number, the length of text and of lists, the pattern of
//! text. Every act is held to them, so that the interface cannot promise other bounds than the centre keeps.
//!
//! Not a whole validator of JSON Schema: types and missing fields are found when the body is read into the act. A crate for the whole would repeat in its errors what stands in the body, which may be an ID number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;
use serde_json::Value;

use super::entry::Entry;
use super::general::General;

/// The schema of an act's body, as JSON.
struct Shape {
    request: Value,
    /// What it refers to.
    named: BTreeMap<String, Value>,
    /// Every pattern in it.
    patterns: BTreeMap<String, Regex>,
}

/// What a number of the format `int32` can hold, to which one without a greatest value of its own is held.
const INT32_MAX: f64 = 2_147_483_647.0;

/// The schemas that were needed so far: to make one takes longer than most acts.
static SHAPES: Mutex<BTreeMap<&'static str, Arc<Shape>>> = Mutex::new(BTreeMap::new());

fn shape(entry: &Entry) -> Arc<Shape> {
    // Nothing under this lock can leave the table half changed.
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let mut schemas = Vec::new();
        (entry.schemas)(&mut schemas);
        let named = schemas.into_iter().map(|(name, shape)| (name, serde_json::to_value(shape).unwrap_or_default()));
        let named: BTreeMap<_, _> = named.collect();
        let request = serde_json::to_value((entry.request)()).unwrap_or_default();
        let mut patterns = Vec::new();
        named.values().chain([&request]).for_each(|shape| add_patterns(shape, &mut patterns));
        // One that is none is left out; a test would find it.
        let regex = |pattern: String| Some((Regex::new(&pattern).ok()?, pattern));
        let patterns = patterns.into_iter().filter_map(regex).map(|(regex, pattern)| (pattern, regex)).collect();
        Arc::new(Shape { request, named, patterns })
    };
    Arc::clone(shapes.entry(entry.name).or_insert_with(make))
}

/// Adds the patterns of a schema.
fn add_patterns(shape: &Value, patterns: &mut Vec<String>) {
    match shape {
        Value::Object(fields) => {
            patterns.extend(fields.get("pattern").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|shape| add_patterns(shape, patterns));
        }
        Value::Array(shapes) => shapes.iter().for_each(|shape| add_patterns(shape, patterns)),
        _ => {}
    }
}

/// Refuses a body that is outside the bounds of the act.
///
/// # Errors
/// The first field that is, with what is allowed.
pub(crate) fn check(entry: &Entry, body: &Value) -> Result<(), General> {
    let shape = shape(entry);
    match within(&shape, &shape.request, body, "") {
        Err(Some(fault)) => Err(fault),
        // No branch of a choice fits: who reads the body says it better.
        Ok(()) | Err(None) => Ok(()),
    }
}

/// `Err(None)`: this is a value of another branch of a choice.
fn within(all: &Shape, shape: &Value, value: &Value, path: &str) -> Result<(), Option<General>> {
    if value.is_null() {
        return Ok(());
    }
    if let Some(name) = shape["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return all.named.get(name).map_or(Ok(()), |shape| within(all, shape, value, path));
    }
    for part in list(shape, "allOf") {
        within(all, part, value, path)?;
    }
    choice(all, shape, value, path)?;
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let of_format = (shape["format"] == "int32").then_some(INT32_MAX);
            let (least, most) = (shape["minimum"].as_f64(), shape["maximum"].as_f64().or(of_format));
            hold(number, (least, most), path, ("a number", "数值"), "")
        }
        Value::String(text) => {
            if shape["enum"].is_array() && !list(shape, "enum").contains(value) {
                return Err(None);
            }
            let bounds = (shape["minLength"].as_f64(), shape["maxLength"].as_f64());
            hold(count(text.chars().count()), bounds, path, ("text", "文字"), " characters")?;
            let Some(pattern) = shape["pattern"].as_str() else { return Ok(()) };
            if all.patterns.get(pattern).is_none_or(|pattern| pattern.is_match(text)) {
                return Ok(());
            }
            let fault =
                General::not_allowed(path, format!("text of the form {pattern}"), format!("文字格式应为 {pattern}"));
            Err(Some(fault))
        }
        Value::Array(entries) => {
            let bounds = (shape["minItems"].as_f64(), shape["maxItems"].as_f64());
            hold(count(entries.len()), bounds, path, ("a list", "列表"), " entries")?;
            let mut entries = entries.iter().enumerate();
            entries.try_for_each(|(at, one)| within(all, &shape["items"], one, &format!("{path}[{at}]")))
        }
        Value::Object(fields) => {
            let dot = if path.is_empty() { "" } else { "." };
            let field = |(name, one): (&String, &Value)| {
                // A field that is not named may still have a shape, as the values of a table do.
                let shape = shape["properties"].get(name).unwrap_or(&shape["additionalProperties"]);
                within(all, shape, one, &format!("{path}{dot}{name}"))
            };
            fields.iter().try_for_each(field)
        }
        _ => Ok(()),
    }
}

/// Of several shapes one must fit.
fn choice(all: &Shape, shape: &Value, value: &Value, path: &str) -> Result<(), Option<General>> {
    let branches = list(shape, "oneOf").iter().chain(list(shape, "anyOf"));
    let mut faults = branches.filter(|branch| branch["type"] != "null").map(|branch| within(all, branch, value, path));
    let Some(first) = faults.next() else { return Ok(()) };
    let mut fault = first;
    for next in faults {
        match (&fault, next) {
            (Ok(()), _) | (_, Ok(())) => return Ok(()),
            // The branch to which the value belongs knows what is wrong with it.
            (Err(None), next) => fault = next,
            _ => {}
        }
    }
    fault
}

fn list<'a>(shape: &'a Value, name: &str) -> &'a [Value] {
    shape[name].as_array().map_or(&[], Vec::as_slice)
}

/// Lengths are far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "a body is at most some megabytes long")]
const fn count(count: usize) -> f64 {
    count as f64
}

fn hold(
    number: f64,
    (least, most): (Option<f64>, Option<f64>),
    path: &str,
    (en, zh): (&str, &str),
    unit: &str,
) -> Result<(), Option<General>> {
    if least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most) {
        return Ok(());
    }
    let unit_zh = match unit {
        " characters" => " 个字符",
        " entries" => " 项",
        _ => "",
    };
    let (en, zh) = match (least, most) {
        (Some(least), Some(most)) => {
            (format!("{en} of {least} to {most}{unit}"), format!("{zh}应为 {least} 至 {most}{unit_zh}"))
        }
        (Some(least), None) => (format!("{en} of at least {least}{unit}"), format!("{zh}不得少于 {least}{unit_zh}")),
        (_, most) => {
            let most = most.unwrap_or_default();
            (format!("{en} of at most {most}{unit}"), format!("{zh}不得超过 {most}{unit_zh}"))
        }
    };
    Err(Some(General::not_allowed(path, en, zh)))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;
    use utoipa::ToSchema;

    use super::*;
    use crate::acts::Act;
    use crate::acts::desk::Desk;
    use crate::acts::entry::entry;
    use crate::acts::fields::Amount;
    use crate::acts::refusal::Refusal;
    use crate::acts::role::{self, Role};

    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case")]
    enum Way {
        Short {
            #[schema(maximum = 9)]
            length: u32,
        },
        Long {
            #[schema(minimum = 10)]
            length: u32,
        },
    }

    #[derive(Serialize, Deserialize, ToSchema)]
    struct Line {
        amount: Amount,
        #[schema(min_length = 1, max_length = 3)]
        name: String,
        #[schema(pattern = "^[A-Z]{3}$")]
        country: Option<String>,
        rows: Option<u32>,
    }

    #[derive(Serialize, Deserialize, ToSchema)]
    struct Bounded {
        #[schema(minimum = 1)]
        before: Option<i64>,
        #[schema(min_items = 1, max_items = 2)]
        lines: Option<Vec<Line>>,
        way: Option<Way>,
        one: Option<Line>,
    }

    impl Act for Bounded {
        const NAME: &'static str = "test.bounded";
        const ROLES: &'static [Role] = role::ALL;
        type Answer = Line;

        fn carry_out(&self, _: &mut Desk<'_>) -> Result<Line, Refusal> {
            Ok(Line { amount: Amount(0), name: String::new(), country: None, rows: None })
        }
    }

    #[test]
    fn every_pattern_of_every_act_is_one() {
        let mut count = 0;
        for entry in crate::registry::acts() {
            let shape = shape(entry);
            let mut written = Vec::new();
            shape.named.values().chain([&shape.request]).for_each(|shape| add_patterns(shape, &mut written));
            for pattern in written {
                assert!(shape.patterns.contains_key(&pattern), "{}: {pattern}", entry.name);
                count += 1;
            }
        }
        assert!(count > 0);
    }

    #[test]
    fn what_is_outside_is_named_with_what_is_allowed() {
        let line = |amount: i64, name: &str| json!({"amount": amount, "name": name});
        let way = |kind: &str, length: u32| json!({"way": {"kind": kind, "length": length}});
        let most = Amount::MAX;
        let cases = [
            (json!({}), None),
            (json!({"before": null, "lines": null, "way": null, "one": null}), None),
            (json!({"before": 1, "lines": [line(most, "abc")], "one": line(-most, "a")}), None),
            (json!({"before": 0}), Some("before")),
            (json!({"lines": []}), Some("lines")),
            (json!({"lines": [line(0, "a"), line(0, "a"), line(0, "a")]}), Some("lines")),
            (json!({"lines": [line(0, "李四五"), line(most + 1, "a")]}), Some("lines[1].amount")),
            (json!({"lines": [line(0, "")]}), Some("lines[0].name")),
            (json!({"one": line(-most - 1, "a")}), Some("one.amount")),
            (json!({"one": line(0, "abcd")}), Some("one.name")),
            (json!({"one": {"country": "CHN", "rows": 2_147_483_647}}), None),
            (json!({"one": {"country": "chn"}}), Some("one.country")),
            (json!({"one": {"rows": 2_147_483_648_u32}}), Some("one.rows")),
            (way("short", 9), None),
            (way("long", 10), None),
            (way("short", 10), Some("way.length")),
            (way("long", 9), Some("way.length")),
            // The body's reader says what is wrong with these.
            (way("middle", 10), None),
            (json!({"before": "0", "lines": 3, "one": []}), None),
        ];
        for (body, expected) in cases {
            let fault = check(&entry::<Bounded>(), &body).err();
            let path = fault.as_ref().map(|fault| match fault {
                General::NotAllowed { path, .. } => path.as_str(),
                other => panic!("{other:?}"),
            });
            assert_eq!(path, expected, "{body}");
        }
        let Err(General::NotAllowed { en, zh, .. }) = check(&entry::<Bounded>(), &json!({"lines": []})) else {
            panic!()
        };
        assert_eq!((en.as_str(), zh.as_str()), ("a list of 1 to 2 entries", "列表应为 1 至 2 项"));
    }
}
