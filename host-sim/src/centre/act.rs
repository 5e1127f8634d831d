//! `qiyong centre ROOM VERB`: every act of the centre as a command. Rooms, verbs and flags come from the centre's own list
//! of acts, so that an act that is new there is a command here.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, Subcommand};
use serde_json::{Map, Value};

use qiyong::lang::{self, Lang};
use qiyong_centre::acts::entry::Entry;
use qiyong_centre::acts::refusal::{Refusal, RefusalKind};
use qiyong_centre::{ADMINISTRATOR, ActRequest, Centre, Place, registry};
use qiyong_protocol::card::codes::Region;
use qiyong_sim::input::text_within;

use super::db::Db;
use super::{damaged, open};
use crate::output::{Output, Verdict};
use crate::progress::busy;

/// A body that is longer is no body.
const BODY_MAX: u64 = 8 << 20;

/// An act with its flags, as it was typed.
pub(crate) struct ActVerb {
    act: &'static Entry,
    matches: ArgMatches,
}

impl FromArgMatches for ActVerb {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(room, matches)| {
            let (verb, matches) = matches.subcommand()?;
            Some(Self { act: registry::act(&format!("{room}.{verb}"))?, matches: matches.clone() })
        });
        found.ok_or_else(|| clap::Error::raw(clap::error::ErrorKind::MissingSubcommand, "which act?\n"))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for ActVerb {
    fn augment_subcommands(command: Command) -> Command {
        let mut rooms: BTreeMap<&'static str, Vec<Command>> = BTreeMap::new();
        for entry in registry::acts() {
            if let Some((room, verb)) = entry.name.split_once('.') {
                rooms.entry(room).or_default().push(verb_command(verb, entry));
            }
        }
        command.subcommands(rooms.into_iter().map(|(room, verbs)| {
            let names: Vec<_> = verbs.iter().map(|verb| verb.get_name().to_owned()).collect();
            Command::new(room)
                .about(format!("Acts: {}", names.join(", ")))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(verbs)
        }))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        registry::acts().any(|entry| entry.name.split_once('.').is_some_and(|(room, _)| room == name))
    }
}

/// How the value of a flag becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    /// Anything else is typed as JSON.
    Json,
}

/// A field of an act.
struct Field {
    name: String,
    about: String,
    required: bool,
    shape: Shape,
    words: Vec<String>,
}

fn fields(entry: &Entry) -> Vec<Field> {
    let mut schemas = Vec::new();
    (entry.schemas)(&mut schemas);
    let known: BTreeMap<String, Value> =
        schemas.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect();
    let schema = serde_json::to_value((entry.request)()).unwrap_or_default();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let field = |(name, property): (&String, &Value)| {
        let target = resolve(property, &known);
        let about = std::iter::once(property).chain(choices(property)).chain([target]);
        let about = about.into_iter().find_map(|schema| schema["description"].as_str());
        let words = target["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Field {
            name: name.clone(),
            about: about.unwrap_or_default().replace('\n', " "),
            required: required.contains(&name.as_str()),
            shape: shape(target),
            words: words.map(str::to_owned).collect(),
        }
    };
    properties.iter().map(field).collect()
}

/// What a schema says after references and "or nothing" are followed.
fn resolve<'a>(schema: &'a Value, known: &'a BTreeMap<String, Value>) -> &'a Value {
    let mut schema = schema;
    // References of references are few; a circle ends here.
    for _ in 0..8 {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let Some(target) = known.get(name) else { return schema };
            schema = target;
            continue;
        }
        match choices(schema).as_slice() {
            [only] => schema = only,
            _ => return schema,
        }
    }
    schema
}

/// What a value may be, apart from nothing.
fn choices(schema: &Value) -> Vec<&Value> {
    let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema[*key].as_array());
    choices.into_iter().flatten().filter(|choice| choice["type"] != "null").collect()
}

fn shape(schema: &Value) -> Shape {
    let is = |kind: &str| match &schema["type"] {
        Value::String(word) => word == kind,
        Value::Array(words) => words.iter().any(|word| word == kind),
        _ => false,
    };
    if is("string") {
        Shape::Text
    } else if is("integer") || is("number") || is("boolean") {
        Shape::Number
    } else {
        Shape::Json
    }
}

fn verb_command(verb: &'static str, entry: &Entry) -> Command {
    let schema = serde_json::to_value((entry.request)()).unwrap_or_default();
    let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
    let roles: Vec<&str> = entry.roles.iter().map(<&'static str>::from).collect();
    let mut command = Db::augment_args(Command::new(verb))
        .about(about)
        .after_help(format!("May be done by: {}", roles.join(", ")))
        .arg(Arg::new("as").long("as").value_name("OPERATOR").default_value(ADMINISTRATOR).help("Who does it"))
        .arg(Arg::new("area").long("area").value_name("CODE").help("In which area; may be left out where there is one"))
        .arg(Arg::new("key").long("key").value_name("KEY").help("Answer a repetition under this key as the first time"))
        .arg(
            Arg::new("body")
                .long("body")
                .value_name("JSON")
                .help("All fields as JSON; @FILE reads a file, - standard input"),
        )
        .arg(Arg::new("json").long("json").action(clap::ArgAction::SetTrue).help("Print a JSON object"));
    for field in fields(entry) {
        let help = match (field.shape, field.words.is_empty()) {
            (Shape::Json, _) => format!("{} (JSON, or @FILE)", field.about),
            (_, false) => format!("{} [{}]", field.about, field.words.join(", ")),
            _ => field.about,
        };
        let name: &'static str = field.name.clone().leak();
        let long: &'static str = field.name.replace('_', "-").leak();
        let mut arg =
            Arg::new(name).long(long).value_name("VALUE").help(help).conflicts_with("body").allow_hyphen_values(true);
        if field.required {
            arg = arg.required_unless_present("body");
        }
        command = command.arg(arg);
    }
    command
}

/// Exit 0 done, 1 a rule forbids it, 2 a field is wrong or the database failed.
pub(crate) fn run(verb: &ActVerb, output: &mut Output) -> Result<Verdict, String> {
    let ActVerb { act, matches } = verb;
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let body = match text("body") {
        Some(body) => serde_json::from_str(&read(body)?).map_err(|error| format!("--body must be JSON: {error}"))?,
        None => typed(act, matches)?,
    };
    let place = &Db::from_arg_matches(matches).map_err(|error| error.to_string())?.place()?;
    let mut centre = open(place)?;
    let area = area(&centre, place, text("area"))?;
    let id = text("as").unwrap_or(ADMINISTRATOR);
    let operator = centre.operator(area, id).map_err(|error| damaged(place, error))?;
    let operator = operator.ok_or_else(|| {
        format!("no operator {id} works in {area} today; see `qiyong centre operator list --db {place}`")
    })?;
    let request = ActRequest { area, operator: &operator, act: act.name, body, key: text("key") };
    let json = matches.get_flag("json");
    match busy("{spinner} the centre is at work, {elapsed}", || centre.carry_out(request)) {
        Ok(answer) if json => output.json_line(&answer),
        Ok(answer) => show(&answer, 0, output),
        Err(refusal) => return refuse(place, &refusal, json, output),
    }
    Ok(Verdict::Done)
}

fn refuse(place: &Place, refusal: &Refusal, json: bool, output: &mut Output) -> Result<Verdict, String> {
    let verdict = match refusal.kind {
        RefusalKind::Input | RefusalKind::Failure | RefusalKind::Unknown => Verdict::BadInput,
        RefusalKind::Forbidden | RefusalKind::Missing | RefusalKind::Rule => Verdict::No,
    };
    if json {
        output.json_line(&**refusal);
    } else if refusal.kind == RefusalKind::Failure {
        output.complain(&match lang::in_force() {
            Lang::En => format!("{place}: {refusal} ({}{})", refusal.zh, refusal.next_zh),
            Lang::Zh => format!("{place}: {}{}", refusal.zh, refusal.next_zh),
        });
    } else if verdict == Verdict::BadInput {
        output.complain(&match lang::in_force() {
            Lang::En => refusal.to_string(),
            Lang::Zh => format!("{}{}", refusal.zh, refusal.next_zh),
        });
    } else if lang::in_force() == Lang::Zh {
        output.verdict(verdict, &format!("拒绝：{}{}", refusal.zh, refusal.next_zh));
    } else {
        output.verdict(verdict, &format!("refused: {refusal}"));
        output.line(&format!("{} {}", refusal.zh, refusal.next_zh));
    }
    Ok(verdict)
}

/// The area that was named, or the only one there is.
pub(super) fn area(centre: &Centre, place: &Place, named: Option<&str>) -> Result<Region, String> {
    if let Some(code) = named {
        return Region::new(code).map_err(|error| format!("--area: {error}; it must be six digits"));
    }
    let areas = centre.areas().map_err(|error| damaged(place, error))?;
    match areas.as_slice() {
        [only] => Ok(*only),
        [] => Err(format!("{place} knows no area yet: qiyong centre init --db {place} --area 320100")),
        _ => Err(format!("{place} has several areas; name one with --area")),
    }
}

fn typed(act: &Entry, matches: &ArgMatches) -> Result<Value, String> {
    let mut body = Map::new();
    for field in fields(act) {
        let Some(text) = matches.get_one::<String>(&field.name) else { continue };
        let flag = field.name.replace('_', "-");
        let value = match field.shape {
            Shape::Text => {
                Value::String(if text.starts_with('@') { read(text)?.trim_end().to_owned() } else { text.clone() })
            }
            Shape::Number => {
                serde_json::from_str(text).map_err(|_| format!("--{flag} must be a number, true or false"))?
            }
            Shape::Json => {
                serde_json::from_str(&read(text)?).map_err(|error| format!("--{flag} must be JSON: {error}"))?
            }
        };
        body.insert(field.name, value);
    }
    Ok(Value::Object(body))
}

/// `text` itself, the file that it names after `@`, or standard input for `-`.
fn read(text: &str) -> Result<String, String> {
    let (name, result) = match text.strip_prefix('@') {
        Some(file) => (file, std::fs::File::open(file).and_then(|file| text_within(file, BODY_MAX))),
        None if text == "-" => ("standard input", text_within(std::io::stdin(), BODY_MAX)),
        None => return Ok(text.to_owned()),
    };
    let whole = result.map_err(|error| format!("{name}: {error}"))?;
    whole.ok_or_else(|| format!("{name}: it must have at most {BODY_MAX} bytes, since no act takes more"))
}

/// An answer as lines, one a value; what belongs together is indented. Names are those of its JSON, and values may be other people's
/// words: both stay as they are.
fn show(value: &Value, depth: usize, output: &mut Output) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(items) if items.is_empty() => {
                        output.as_it_is(&format!("{indent}{name}: {}", lang::say("none")))
                    }
                    Value::Object(_) | Value::Array(_) => {
                        output.as_it_is(&format!("{indent}{name}:"));
                        show(value, depth + 1, output);
                    }
                    value => output.as_it_is(&format!("{indent}{name}: {}", plain(value))),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(fields) if fields.values().all(|value| !value.is_object() && !value.is_array()) => {
                        let line: Vec<_> =
                            fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
                        output.as_it_is(&format!("{indent}{}", line.join(", ")));
                    }
                    Value::Object(_) => {
                        output.as_it_is(&format!("{indent}-"));
                        show(item, depth + 1, output);
                    }
                    item => output.as_it_is(&format!("{indent}{}", plain(item))),
                }
            }
        }
        value => output.as_it_is(&format!("{indent}{}", plain(value))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => lang::say("yes").into(),
        Value::Bool(false) => lang::say("no").into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no field of an act is called, since these are flags of every act.
    const OWN_FLAGS: [&str; 7] = ["db", "keys", "as", "area", "key", "body", "json"];

    #[test]
    fn every_act_is_a_command_and_no_field_hides_a_flag() {
        let command = ActVerb::augment_subcommands(Command::new("centre"));
        command.clone().debug_assert();
        for entry in registry::acts() {
            let (room, verb) = entry.name.split_once('.').unwrap();
            let verbs = command.find_subcommand(room).and_then(|room| room.find_subcommand(verb));
            let verb = verbs.unwrap_or_else(|| panic!("{}", entry.name));
            assert!(verb.get_about().is_some_and(|about| !about.to_string().is_empty()), "{} says nothing", entry.name);
            for field in fields(entry) {
                assert!(!OWN_FLAGS.contains(&field.name.as_str()), "{}: {}", entry.name, field.name);
                assert!(!field.about.is_empty(), "{}: {} says nothing", entry.name, field.name);
            }
        }
    }
}
