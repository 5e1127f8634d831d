//! A JSON Schema for every verb that has `--json`, derived from the types that are printed. They stand in `docs/schemas`, and the
//! tests here say when those are not as the types are; `QIYONG_WRITE_SCHEMAS=1` writes them.
//!
//! Not here: whether what is printed is as the schema says, which the end-to-end tests see. The acts of a centre answer as they do
//! over HTTP, where `/openapi.json` describes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

use clap::{Command, CommandFactory};
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::{
    Cli, atr, attach, card_record, card_send, card_show, centre, chaos, demo, doctor, emulate, exchange, flash,
};
use crate::{probes, readers, terminal, till};
use qiyong_sim::decode::Decoded;
use qiyong_sim::scenario::report::FileReport;

/// Writes the schemas instead of comparing them.
const WRITE: &str = "QIYONG_WRITE_SCHEMAS";

/// One of these; each row that is printed is one.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema is wanted")]
enum OneOf<A, B, C = A, D = A, E = A> {
    A(A),
    B(B),
    C(C),
    D(D),
    E(E),
}

/// Two shapes.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema is wanted")]
enum Either<A, B> {
    A(A),
    B(B),
}

/// Objects have the names that are listed, and no others.
#[derive(Clone, Debug)]
struct NoOther;

impl Transform for NoOther {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".into(), false.into());
        }
        transform_subschemas(self, schema);
    }
}

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().with_transform(NoOther).into_generator().into_root_schema_for::<T>()
}

/// The schemas by verb. Several objects: one in each row. A list: one row.
fn all() -> BTreeMap<&'static str, Schema> {
    type Till<'a> =
        OneOf<till::Status, terminal::Receipt, till::FormerReceipt<'a>, till::FormerTold<'a>, terminal::load_key::Told>;
    BTreeMap::from([
        ("atr", of::<Either<atr::Report, atr::Unreadable<'_>>>()),
        ("attach", of::<attach::Line<'_>>()),
        ("card record", of::<card_record::Told>()),
        ("card send", of::<card_send::Session>()),
        ("card show", of::<card_show::Shown>()),
        ("centre backup", of::<centre::backup::Told>()),
        ("centre doctor", of::<Vec<qiyong_centre::doctor::Finding>>()),
        ("centre populate", of::<centre::populate::Told<'_>>()),
        ("centre verify", of::<Vec<centre::Verified>>()),
        ("chaos", of::<chaos::Told>()),
        ("demo", of::<demo::DemoReport>()),
        ("doctor", of::<doctor::Told<'_>>()),
        ("emulate", of::<Either<emulate::Visit<'_>, emulate::Outside<'_>>>()),
        ("exchange replay", of::<Either<exchange::Line<'_>, exchange::Unreadable<'_>>>()),
        ("flash", of::<Either<flash::Told<'_>, flash::uf2::Told<'_>>>()),
        ("message", of::<Decoded>()),
        ("pcscd ctl list", of::<qiyong_pcsc::ctl::Listing>()),
        ("probes", of::<Vec<probes::Found>>()),
        ("readers", of::<Vec<readers::Reader>>()),
        ("scenario run", of::<FileReport>()),
        ("terminal", of::<Either<terminal::Receipt, terminal::load_key::Told>>()),
        ("till", of::<Till<'_>>()),
    ])
}

/// The text of each file of the folder.
fn texts() -> BTreeMap<String, String> {
    let text = |(verb, mut schema): (&str, Schema)| {
        schema.insert("title".into(), format!("qiyong {verb} --json").into());
        let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        (format!("{}.json", verb.replace(' ', "-")), format!("{text}\n"))
    };
    all().into_iter().map(text).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas")
}

#[test]
fn the_schemas_are_as_the_types_are() {
    let folder = folder();
    if env::var_os(WRITE).is_some() {
        for (name, text) in texts() {
            fs::write(folder.join(name), text).expect("the folder of the schemas");
        }
    }
    let files = fs::read_dir(&folder).expect("the folder of the schemas").map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("a schema"))
    };
    let is_schema = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let written: BTreeMap<String, String> = files.filter(is_schema).map(read).collect();
    let expected = texts();
    assert_eq!(written.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{WRITE}=1 writes them");
    for (name, text) in &expected {
        assert!(written.get(name) == Some(text), "docs/schemas/{name} is not as the types are: {WRITE}=1 writes it");
    }
}

/// The verbs that have `--json`, in words.
fn verbs(command: &Command, path: &str, found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
        found.insert(path.to_owned());
    }
    for verb in command.get_subcommands() {
        verbs(verb, format!("{path} {}", verb.get_name()).trim_start(), found);
    }
}

#[test]
fn every_verb_with_json_has_a_schema() {
    let mut found = BTreeSet::new();
    verbs(&Cli::command(), "", &mut found);
    // They answer as over HTTP.
    let is_act = |verb: &&String| {
        let mut words = verb.split(' ');
        words.next() == Some("centre") && words.clone().count() == 2
    };
    let acts = found.iter().filter(is_act).count();
    assert!(acts > 100, "{acts} acts");
    let found: Vec<&str> = found.iter().filter(|verb| !is_act(verb)).map(String::as_str).collect();
    assert_eq!(found, all().into_keys().collect::<Vec<_>>());
}

/// Every name with its type and unit, wherever a schema says it.
fn names(value: &Value, at: &str, found: &mut BTreeMap<String, BTreeMap<String, String>>, bare: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                for (name, property) in properties {
                    let mut shape = property.clone();
                    let says = shape.as_object_mut().and_then(|shape| shape.remove("description"));
                    // The variant of an enum is described as a whole.
                    let of_variant = properties.len() == 1 && fields.get("description").is_some();
                    if says.is_none() && shape.get("$ref").is_none() && !of_variant {
                        bare.push(format!("{at}: {name}"));
                    }
                    found.entry(name.clone()).or_default().entry(kind(&shape)).or_insert_with(|| at.to_owned());
                }
            }
            fields.values().for_each(|value| names(value, at, found, bare));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, at, found, bare)),
        _ => {}
    }
}

/// The type that a schema names, without what may be missing and how large a number may be.
fn kind(shape: &Value) -> String {
    let word = |word: &Value| word.as_str().filter(|word| *word != "null").map(str::to_owned);
    let one = match (shape.get("type"), shape.get("$ref"), shape.get("anyOf")) {
        (Some(Value::Array(words)), ..) => words.iter().find_map(word),
        (Some(only), ..) => word(only),
        (_, Some(reference), _) => word(reference),
        (_, _, Some(Value::Array(shapes))) => {
            return shapes.iter().map(kind).find(|kind| kind != "null").unwrap_or_default();
        }
        _ => None,
    };
    one.unwrap_or_else(|| "null".into())
}

/// Names that mean two things, each with the reason.
const TWO_MEANINGS: &[(&str, &str)] = &[
    ("steps", "of a scenario: its visits; of chaos: how many there were"),
    ("line", "of a step: what the card did on the line; of what never fired: where it stands in the file"),
    ("cards", "of the demo in its order; of a scenario by name"),
    ("activations", "the demo's visits; a card's records at the centre; of chaos: how many"),
    ("error", "of an unreadable file as of a readable one"),
    ("cause", "of a visit and of a finding"),
    ("log", "of a visit: all rows; of a board that runs: one"),
    ("records", "of a card: those that are not blank; of a centre's chain: how many"),
    ("implicit", "of an ATR: what it leaves to its defaults; of the specific mode: whether its rate is not TA1's"),
    ("findings", "of the doctor: what is wrong; of chaos: how many"),
];

/// One word for one thing: docs/glossary.md.
#[test]
fn a_name_has_one_type_and_every_name_is_described() {
    let (mut found, mut bare) = (BTreeMap::new(), Vec::new());
    for (verb, schema) in all() {
        names(schema.as_value(), verb, &mut found, &mut bare);
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
    let several = found.iter().filter(|(_, kinds)| kinds.len() > 1);
    let wrong: Vec<_> = several.filter(|(name, _)| !TWO_MEANINGS.iter().any(|(known, _)| known == name)).collect();
    assert!(wrong.is_empty(), "two types under one name: {wrong:#?}");
    // What used to be said in two ways.
    for old in ["do", "charged", "financial_activated", "status_now", "ok", "milliseconds"] {
        assert!(!found.contains_key(old), "{old}");
    }
}
