//! Defaults for flags that take a value: from variables of the environment, `QIYONG_` with the verb and the flag, and from
//! `qiyong.toml`, whose tables are verbs and whose keys are flags. What stands on the command line counts more than both, and the
//! environment more than the files.
//!
//! They become defaults of the flags before the command line is read, so that they conflict with nothing and `--help` shows them. A
//! default gives way to a flag on the command line that excludes it, and counts where one of several flags must be there. No flag is
//! named here but those that hold a secret, which must not lie in files or in the environment, and the one that has a variable for
//! all verbs.

mod file;
mod files;
mod flag;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env;

use clap::builder::ArgPredicate;
use clap::{Arg, Command, Id};

use files::File;
use flag::{Flag, Given, check, flags};

/// What the names of variables begin with.
const PREFIX: &str = "QIYONG_";
/// The flag that one variable is for, whatever the verb: a centre's keys are the same for all that is done there. The verb's own variable
/// counts more.
const FOR_ALL: (&str, &str) = ("keys", "QIYONG_KEYS");

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
        let names = [Some(name), (flag == FOR_ALL.0).then(|| FOR_ALL.1.to_owned())];
        // An empty one is how a variable is taken back.
        let value = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let found = names.into_iter().flatten().find_map(|name| Some((value(&name)?, name)));
        if let Some((value, name)) = found {
            let values = vec![value];
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
    let ids: Vec<(Id, String)> =
        flags(&command).map(|(argument, flag)| (argument.get_id().clone(), flag.to_owned())).collect();
    for (id, flag) in ids {
        let Some(Given { values, by }) = given.get(&(verb.to_vec(), flag)) else { continue };
        let groups: Vec<Id> = command
            .get_groups()
            .filter(|group| group.get_args().any(|of| *of == id))
            .map(|group| group.get_id().clone())
            .collect();
        let others = excluding(&command, &id);
        for group in groups {
            command = command.mut_group(group, |group| group.required(false));
        }
        command = command.mut_arg(id, |argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            // Kept until the program ends: the command line's defaults are.
            let values: Vec<&'static str> =
                values.iter().map(|value| &*Box::leak(value.clone().into_boxed_str())).collect();
            // One that must be there is there, whatever else is.
            let others = if argument.is_required_set() { Vec::new() } else { others };
            // One with a default of its own falls back to it.
            let own = argument.get_default_values().to_vec();
            let argument = argument.required(false).help(format!("{help} (by {by})")).default_values(values);
            others.into_iter().fold(argument, |argument, (other, there)| match own.is_empty() {
                true => argument.default_value_if(other, there, None),
                false => argument.default_values_if(other, there, own.clone()),
            })
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

/// The flags that cannot be there together with this one, and when they are. One with a default of its own is always there: it does not
/// count.
fn excluding(command: &Command, id: &Id) -> Vec<(Id, ArgPredicate)> {
    let excludes = |one: &Arg, other: &Id| command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other);
    let own = command.get_arguments().find(|argument| argument.get_id() == id);
    let in_one_of = |other: &Id| {
        let mut groups = command.get_groups().filter(|group| !(*group).clone().is_multiple());
        groups.any(|group| [id, other].iter().all(|id| group.get_args().any(|of| of == *id)))
    };
    let others = command.get_arguments().filter(|argument| {
        let other = argument.get_id();
        let excluded = excludes(argument, id) || own.is_some_and(|own| excludes(own, other)) || in_one_of(other);
        other != id && excluded && argument.get_default_values().is_empty()
    });
    let there = |argument: &Arg| match argument.get_action().takes_values() {
        true => ArgPredicate::IsPresent,
        false => ArgPredicate::Equals("true".into()),
    };
    others.map(|argument| (argument.get_id().clone(), there(argument))).collect()
}
