//! Defaults for flags that take a value: from variables of the environment, `QIYONG_` with the verb and the flag, and from
//! `qiyong.toml`, whose tables are verbs and whose keys are flags. What stands on the command line counts more than both, and the
//! environment more than the files.
//!
//! They become defaults of the flags before the command line is read, so that they conflict with nothing and `--help` shows them. No
//! flag is named here but those that hold a secret, which must not lie in files or in the environment.

mod file;
mod files;
mod flag;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env;

use clap::Command;

use files::File;
use flag::{Flag, Given, check, flags};

/// What the names of variables begin with.
const PREFIX: &str = "QIYONG_";

/// The command with these defaults.
///
/// # Errors
/// A file cannot be read, or something in it or in the environment is no value of a flag: the place, and what is allowed.
pub(crate) fn with_defaults(command: Command) -> Result<Command, String> {
    let variables =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    apply(command, &files::found()?, variables.filter(|(name, _)| name.starts_with(PREFIX)).collect())
}

fn apply(command: Command, files: &[File], variables: BTreeMap<String, String>) -> Result<Command, String> {
    let mut given = BTreeMap::new();
    if !variables.is_empty() {
        of_environment(&command, &[], &variables, &mut given)?;
    }
    for file in files {
        file::enter(file, &command, &mut given)?;
    }
    Ok(insert(command, &[], &given))
}

/// The flags that variables are for.
fn of_environment(
    command: &Command,
    verb: &[String],
    variables: &BTreeMap<String, String>,
    given: &mut BTreeMap<Flag, Given>,
) -> Result<(), String> {
    for (argument, flag) in flags(command) {
        let words = verb.iter().map(String::as_str).chain([flag]);
        let name = PREFIX.to_owned() + &words.collect::<Vec<_>>().join("_").replace('-', "_").to_uppercase();
        if let Some(value) = variables.get(&name) {
            let values = vec![value.clone()];
            check(argument, verb, flag, &values).map_err(|problem| format!("{name}: {problem}"))?;
            given.insert((verb.to_vec(), flag.to_owned()), Given { values, by: name });
        }
    }
    for below in command.get_subcommands() {
        let verb = [verb, &[below.get_name().to_owned()]].concat();
        of_environment(below, &verb, variables, given)?;
    }
    Ok(())
}

/// The command, and those below it, with these defaults.
fn insert(mut command: Command, verb: &[String], given: &BTreeMap<Flag, Given>) -> Command {
    let ids: Vec<(String, String)> =
        flags(&command).map(|(argument, flag)| (argument.get_id().to_string(), flag.to_owned())).collect();
    for (id, flag) in ids {
        let Some(Given { values, by }) = given.get(&(verb.to_vec(), flag)) else { continue };
        command = command.mut_arg(id, |argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            // Kept until the program ends: the command line's defaults are.
            let values: Vec<&'static str> =
                values.iter().map(|value| &*Box::leak(value.clone().into_boxed_str())).collect();
            argument.required(false).help(format!("{help} (by {by})")).default_values(values)
        });
    }
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        let verb = [verb, std::slice::from_ref(&name)].concat();
        if given.keys().any(|(words, _)| words.starts_with(&verb)) {
            command = command.mut_subcommand(name, |below| insert(below, &verb, given));
        }
    }
    command
}
