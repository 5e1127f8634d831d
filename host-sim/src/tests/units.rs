//! Each flag that takes a number names its unit, in its help or in the name of its value.

use std::any::TypeId;

use clap::{Arg, Command, CommandFactory};

use qiyong_protocol::rules::money::Fen;

use crate::Cli;

/// Names of values that say what is counted; `NUMBER` is one that counts nothing, such as a seed.
const NAMES: &[&str] = &["BYTES", "COUNT", "ETU", "FEN", "HZ", "MS", "N", "NUMBER", "PORT", "SECONDS", "YUAN"];
/// The same in a sentence.
const WORDS: &[&str] =
    &["bytes", "etu", "in fen", "in yuan", "in ms", "milliseconds", "in Hz", "seconds", "minute", "percent"];

fn takes_a_number(argument: &Arg) -> bool {
    let numbers = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<i64>(),
        TypeId::of::<f64>(),
        TypeId::of::<Fen>(),
    ];
    let own = argument.get_value_parser().type_id();
    argument.get_action().takes_values() && numbers.iter().any(|number| own == *number)
}

fn has_a_unit(argument: &Arg) -> bool {
    let mut names = argument.get_value_names().unwrap_or_default().iter();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    names.any(|name| NAMES.contains(&name.as_str())) || WORDS.iter().any(|word| help.contains(word))
}

/// The flags that take a number: how many, and those without a unit.
fn judge(command: &Command, path: &str, without: &mut Vec<String>) -> usize {
    let numbers: Vec<&Arg> = command.get_arguments().filter(|argument| takes_a_number(argument)).collect();
    without.extend(
        numbers.iter().filter(|argument| !has_a_unit(argument)).map(|argument| format!("{path} {}", argument.get_id())),
    );
    let below = |verb: &Command| format!("{path} {}", verb.get_name());
    numbers.len() + command.get_subcommands().map(|verb| judge(verb, &below(verb), without)).sum::<usize>()
}

#[test]
fn every_flag_that_takes_a_number_names_its_unit() {
    let mut without = Vec::new();
    let numbers = judge(&Cli::command(), "qiyong", &mut without);
    assert!(without.is_empty(), "without a unit: {without:#?}");
    assert!(numbers > 20, "{numbers}");
}

/// Deliberate faults.
#[test]
fn a_number_without_a_unit_is_found() {
    let faulty = |argument: Arg| {
        let mut without = Vec::new();
        let verb = Command::new("verb").arg(argument);
        judge(&Command::new("program").subcommand(verb), "program", &mut without);
        without.len()
    };
    let number = || Arg::new("wait").long("wait").value_parser(clap::value_parser!(u16)).help("How long to wait");
    assert_eq!(faulty(number()), 1, "no unit");
    assert_eq!(faulty(number().value_name("WAIT")), 1, "a name that is none");
    assert_eq!(faulty(number().value_parser(qiyong_sim::input::yuan).help("The price")), 1, "an amount of what");
    assert_eq!(faulty(number().value_name("SECONDS")), 0);
    assert_eq!(faulty(number().help("How many seconds to wait")), 0);
    assert_eq!(faulty(Arg::new("name").long("name").help("A name")), 0, "no number");
}
