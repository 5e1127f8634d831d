//! The command line: read with clap, with help and complaints in the language that is asked for, and in colour where a person looks.
//!
//! clap says English. Its help is made from our texts, which are said anew before it is made; its own few words (headings, and what
//! is wrong with an argument) are said anew afterwards.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::error::ErrorKind;
use clap::{Arg, ColorChoice, Command, FromArgMatches};

use qiyong::lang::{self, Lang};

use crate::output;

/// Words of clap's that are in a help and in no text of ours.
const FIXED: [(&str, &str); 11] = [
    ("Usage:", "用法："),
    ("Commands:", "子命令："),
    ("Arguments:", "参数："),
    ("Options:", "选项："),
    ("[OPTIONS]", "[选项]"),
    ("<COMMAND>", "<子命令>"),
    ("[COMMAND]", "[子命令]"),
    ("[default: ", "[默认："),
    ("[possible values: ", "[可选值："),
    ("Possible values:", "可选值："),
    ("[aliases: ", "[别名："),
];

/// Reads the arguments; with its exit status, when there is nothing to do: help was asked for, or they make no sense.
pub(crate) fn read<C: FromArgMatches>(program: Command) -> Result<C, ExitCode> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    if let Err(error) = lang::set(Lang::asked_for(&words, |name| env::var(name).ok())) {
        output::complain(&error.to_string());
        return Err(ExitCode::from(2));
    }
    // A wrong word is complained of below.
    let color = lang::typed(&words, "--color").and_then(|word| word.parse().ok()).unwrap_or(ColorChoice::Auto);
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let mut program = said(program).color(color);
    let read = program.try_get_matches_from_mut(arguments).and_then(|matches| C::from_arg_matches(&matches));
    read.map_err(|error| answer(&error.format(&mut program)))
}

/// The same program with its help in the language in force.
pub(crate) fn said(mut program: Command) -> Command {
    if lang::in_force() == Lang::En {
        return program;
    }
    // What clap adds of its own (--help, help, --lang everywhere) is there after this.
    program.build();
    command(program)
}

fn command(mut command: Command) -> Command {
    if let Some(text) = command.get_about().map(ToString::to_string) {
        command = command.about(paragraphs(&text));
    }
    if let Some(text) = command.get_long_about().map(ToString::to_string) {
        command = command.long_about(paragraphs(&text));
    }
    if let Some(text) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(paragraphs(&text));
    }
    command.mut_args(argument).mut_subcommands(self::command)
}

fn argument(mut argument: Arg) -> Arg {
    if let Some(text) = argument.get_help().map(ToString::to_string) {
        argument = argument.help(paragraphs(&text));
    }
    if let Some(text) = argument.get_long_help().map(ToString::to_string) {
        argument = argument.long_help(paragraphs(&text));
    }
    let names = argument.get_value_names().unwrap_or_default();
    // clap keeps names of values for ever; there is one program.
    let names: Vec<&'static str> = names.iter().map(|name| &*lang::say(name).into_owned().leak()).collect();
    if names.is_empty() || !argument.get_action().takes_values() { argument } else { argument.value_names(names) }
}

/// Each paragraph is a text of its own, so that a short help and the beginning of a long one are the same.
fn paragraphs(text: &str) -> String {
    let said: Vec<_> = text.split("\n\n").map(lang::say).collect();
    said.join("\n\n")
}

/// clap's own words in a help.
fn fixed(text: &str) -> String {
    match lang::in_force() {
        Lang::En => text.to_owned(),
        Lang::Zh => FIXED.iter().fold(text.to_owned(), |text, (english, chinese)| text.replace(english, chinese)),
    }
}

/// The help that clap gives instead of arguments, in the language in force.
pub(crate) fn help(error: &clap::Error) -> String {
    fixed(&error.render().to_string())
}

/// Prints help or a complaint, and gives the exit status: 0 for help that was asked for, 2 otherwise.
fn answer(error: &clap::Error) -> ExitCode {
    if error.kind() == ErrorKind::DisplayVersion || error.kind() == ErrorKind::DisplayHelp {
        let _ = write!(anstream::stdout(), "{}", fixed(&error.render().ansi().to_string()));
        return ExitCode::SUCCESS;
    }
    let text = error.render().ansi().to_string();
    let text = match (lang::in_force(), error.kind()) {
        (Lang::En, _) => text,
        (Lang::Zh, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) => fixed(&text),
        (Lang::Zh, _) => wrong(&error.render().to_string()),
    };
    let _ = write!(anstream::stderr(), "{text}");
    ExitCode::from(2)
}

/// What is wrong with an argument, row by row.
fn wrong(text: &str) -> String {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let mut said = String::new();
    for row in text.lines() {
        match row.strip_prefix("error: ") {
            Some(what) => said.push_str(&format!("{red}错误：{red:#}{}", lang::say(what))),
            None => said.push_str(&fixed(&lang::say(row))),
        }
        said.push('\n');
    }
    said
}
