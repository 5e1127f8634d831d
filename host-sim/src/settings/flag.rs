//! A flag that settings may give a value: which flags these are, and which values they may have.

use clap::{Arg, ArgAction, Command};

/// Flags that hold a PIN, a key or a token themselves.
const SECRET: &[&str] = &["pin", "new-pin", "old-pin", "password", "sealed", "token"];
/// Verbs with a flag of such a name that is none.
const HARMLESS: &[&str] = &["doctor"];

/// A flag of a verb: the verb's words, and the flag without its dashes.
pub(super) type Flag = (Vec<String>, String);

/// The values of a flag, and who gives them.
pub(super) struct Given {
    pub(super) values: Vec<String>,
    pub(super) by: String,
}

/// The flags of a verb that take a value, but of an act at a centre not what it is asked: nobody wants to hand out a card by a file
/// that lies about.
pub(super) fn flags(command: &Command) -> impl Iterator<Item = (&Arg, &str)> {
    let is_act = ["as", "body"].iter().all(|flag| command.get_arguments().any(|argument| argument.get_id() == *flag));
    let is_asked = move |argument: &&Arg| {
        let names = argument.get_value_names().unwrap_or_default();
        is_act && (names.iter().any(|name| name == "VALUE") || ["body", "key"].contains(&argument.get_id().as_str()))
    };
    let takes = move |argument: &&Arg| argument.get_action().takes_values() && !is_asked(argument);
    command.get_arguments().filter(takes).filter_map(|argument| Some((argument, argument.get_long()?)))
}

/// Whether it is an address with a password in it, as that of a database may be.
fn has_password(value: &str) -> bool {
    let before = value.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    before.is_some_and(|(user, _)| user.contains(':'))
}

/// Whether the flag may have these values, and have them from here.
pub(super) fn check(argument: &Arg, verb: &[String], flag: &str, values: &[String]) -> Result<(), String> {
    let is_harmless = verb.first().is_some_and(|verb| HARMLESS.contains(&verb.as_str()));
    if (SECRET.contains(&flag) && !is_harmless) || values.iter().any(|value| has_password(value)) {
        return Err(format!(
            "--{flag} holds a secret, which must not lie in settings or in the environment, where other programs read it: give it on \
             the command line, or key it"
        ));
    }
    if values.len() > 1 && !matches!(argument.get_action(), ArgAction::Append) {
        return Err(format!("--{flag} takes one value"));
    }
    // By the flag's own rules; a default that breaks them would be a fault of this program.
    let alone =
        Arg::new("value").long("value").value_parser(argument.get_value_parser().clone()).allow_hyphen_values(true);
    let alone = Command::new("qiyong").arg(alone.action(ArgAction::Append));
    let words = values.iter().flat_map(|value| ["--value".to_owned(), value.clone()]);
    let tried = alone.try_get_matches_from(std::iter::once("qiyong".to_owned()).chain(words));
    tried.map(|_| ()).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.strip_prefix("error: ").unwrap_or(first).replace("--value <value>", &format!("--{flag}"));
        let allowed = text.lines().find(|line| line.trim_start().starts_with("[possible values"));
        allowed.map_or(first.clone(), |allowed| format!("{first} {}", allowed.trim()))
    })
}
