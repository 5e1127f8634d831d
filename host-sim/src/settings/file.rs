//! What a settings file says: tables are verbs, keys are flags.

use std::collections::BTreeMap;

use clap::Command;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::files::File;
use super::flag::{Flag, Given, check, flags};
use qiyong_sim::input::{place, placed};

/// Takes what `file` says of the flags of `command`, unless it is given already.
///
/// # Errors
/// It is no TOML, or says something of no verb or flag, or no value that the flag may have: line, column and what is allowed.
pub(super) fn enter(file: &File, command: &Command, given: &mut BTreeMap<Flag, Given>) -> Result<(), String> {
    let wrong = |at: usize, problem: &str| {
        let place = place(&file.text, at);
        format!("{}: {}", file.shown, placed(place.as_ref(), problem))
    };
    let table = DeTable::parse(&file.text).map_err(|error| {
        let at = error.span().map_or(usize::MAX, |span| span.start);
        wrong(at, &error.message().replace('\n', ", "))
    })?;
    let reader = Reader { file, wrong: &wrong };
    reader.verb(table.get_ref(), command, &[], given)
}

struct Reader<'a> {
    file: &'a File,
    wrong: &'a dyn Fn(usize, &str) -> String,
}

impl Reader<'_> {
    fn verb(
        &self,
        table: &DeTable<'_>,
        command: &Command,
        verb: &[String],
        given: &mut BTreeMap<Flag, Given>,
    ) -> Result<(), String> {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let wrong = |problem: &str| (self.wrong)(key.span().start, problem);
            if let DeValue::Table(inner) = value.get_ref() {
                let below = command.get_subcommands().find(|below| below.get_name() == name);
                let below = below.ok_or_else(|| wrong(&no_such_verb(command, verb, name)))?;
                self.verb(inner, below, &[verb, &[name.to_owned()]].concat(), given)?;
                continue;
            }
            let found = flags(command).find(|(_, flag)| *flag == name);
            let (argument, flag) = found.ok_or_else(|| wrong(&no_such_flag(command, verb, name)))?;
            let wrong = |problem: &str| (self.wrong)(value.span().start, problem);
            let values =
                values(value).ok_or_else(|| wrong(&format!("`{name}` must be a text, a number or a list of them")))?;
            check(argument, verb, flag, &values).map_err(|problem| wrong(&problem))?;
            let line = place(&self.file.text, key.span().start).map_or(0, |place| place.line);
            let by = format!("{}, line {line}", self.file.shown);
            given.entry((verb.to_vec(), flag.to_owned())).or_insert(Given { values, by });
        }
        Ok(())
    }
}

/// The words of a value; `None` if it is none that a flag has.
fn values(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    match value.get_ref() {
        DeValue::Array(items) if !items.is_empty() => {
            items.iter().map(|item| word(item.get_ref())).collect::<Option<Vec<_>>>()
        }
        one => word(one).map(|word| vec![word]),
    }
}

fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(is) => Some(is.to_string()),
        _ => None,
    }
}

fn no_such_verb(command: &Command, verb: &[String], name: &str) -> String {
    let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    format!("there is no verb `{}`; {}", [verb, &[name.to_owned()]].concat().join(" "), list(&known))
}

fn no_such_flag(command: &Command, verb: &[String], name: &str) -> String {
    match command.get_arguments().find(|argument| argument.get_long() == Some(name)) {
        Some(argument) if argument.get_action().takes_values() => {
            return format!(
                "--{name} is what the centre is asked, which no file lays down: give it on the command line"
            );
        }
        Some(_) => return format!("--{name} takes no value: give it on the command line"),
        None => {}
    }
    let known: Vec<&str> = flags(command).map(|(_, flag)| flag).collect();
    match verb {
        [] => format!("there is no flag --{name} without a verb; {}", list(&known)),
        verb => format!("there is no flag --{name} of `{}`; {}", verb.join(" "), list(&known)),
    }
}

/// What there is.
fn list(names: &[&str]) -> String {
    if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) }
}
