//! The table of a recorded card in its file, in rows that a person can read.

use std::fmt::Write as _;

use serde::Deserialize;

use super::problem::{Problem, ValueProblem};
use crate::card::recorded::{Exchange, Place, Recorded};

/// `[recorded]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordedTable {
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    exchanges: Vec<Row>,
}

/// An exchange: hex, and µs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(rename = "in")]
    place: String,
    command: String,
    micros: u64,
    answer: Option<String>,
}

/// What the table says.
pub(super) fn read(table: RecordedTable) -> Result<Recorded, Problem> {
    let hex = |at: usize, key: &str, text: &str| {
        hex::decode(text).map_err(|error| (format!("recorded.exchanges.{at}.{key}"), ValueProblem::NotHex(error)))
    };
    let rows = (1..).zip(table.exchanges);
    let exchanges = rows.map(|(at, Row { place, command, micros, answer })| {
        let (df, ef) = place.split_once('/').unwrap_or((&place, ""));
        let place = Place { df: hex(at, "in", df)?, ef: hex(at, "in", ef)? };
        let answer = answer.map(|answer| hex(at, "answer", &answer)).transpose()?;
        let command = hex(at, "command", &command)?;
        let short =
            |key: &str, most: usize| Err((format!("recorded.exchanges.{at}.{key}"), ValueProblem::AtLeast(most)));
        match answer.as_ref().map(Vec::len) {
            Some(0..2) => short("answer", 2),
            _ if command.len() < 4 => short("command", 4),
            _ => Ok(Exchange { place, command, micros, answer }),
        }
    });
    Ok(Recorded { exchanges: exchanges.collect::<Result<_, _>>()?, missing: table.missing })
}

/// The table, if the card was recorded.
pub(super) fn write(recorded: &Recorded, out: &mut String) -> std::fmt::Result {
    let Recorded { exchanges, missing } = recorded;
    if exchanges.is_empty() && missing.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n[recorded]  # from a real card, with its holder's details replaced; an answer where it differs")?;
    writeln!(out, "missing = [")?;
    missing.iter().try_for_each(|words| writeln!(out, "  {},", toml::Value::from(words.as_str())))?;
    writeln!(out, "]\nexchanges = [  # what was selected, the command, and how long it took in µs")?;
    for Exchange { place, command, micros, answer } in exchanges {
        let mut place_text = hex::encode_upper(&place.df);
        if !place.ef.is_empty() {
            write!(place_text, "/{}", hex::encode_upper(&place.ef))?;
        }
        write!(out, "  {{ in = \"{place_text}\", command = \"{}\", micros = {micros}", hex::encode_upper(command))?;
        if let Some(answer) = answer {
            write!(out, ", answer = \"{}\"", hex::encode_upper(answer))?;
        }
        writeln!(out, " }},")?;
    }
    writeln!(out, "]")
}
