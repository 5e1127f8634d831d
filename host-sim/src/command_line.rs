//! The command line: read with clap, with help and complaints in the language that is asked for, and in colour where a person looks.
//!
//! clap says English. Its help is made from our texts, which are said anew before it is made; its own few words (headings, and what
//! is wrong with an argument) are said anew afterwards.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use clap::error::ErrorKind;
use clap::{Arg, ColorChoice, Command, FromArgMatches};

use qiyong::lang::{self, Lang};

use crate::{output, settings};

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

/// The variable that names the language.
const LANG: &str = "QIYONG_LANG";

/// Reads the arguments; with its exit status, when there is nothing to do: help was asked for, or they make no sense.
pub(crate) fn read<C: FromArgMatches>(program: Command) -> Result<C, ExitCode> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let plain = program.clone();
    let program = settings::with_defaults(program);
    let settled = |flag: &str| program.as_ref().ok().and_then(|program| default_of(program, flag));
    let variable = |name: &str| env::var(name).ok().or_else(|| if name == LANG { settled("lang") } else { None });
    lang::set(Lang::asked_for(&words, variable));
    // A wrong word is complained of below.
    let color = lang::typed(&words, "--color").map(str::to_owned).or_else(|| settled("color"));
    let color = color.and_then(|word| word.parse().ok()).unwrap_or(ColorChoice::Auto);
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let (program, problem) = match program {
        Ok(program) => (program, None),
        // Help is there whatever the settings say.
        Err(problem) => (plain, Some(problem)),
    };
    let read = |program: &mut Command| {
        let matches = program.try_get_matches_from_mut(&arguments);
        matches.and_then(|matches| C::from_arg_matches(&matches)).map_err(|error| error.format(program))
    };
    let first = read(&mut program.clone());
    if let Some(problem) = problem.filter(|_| !matches!(&first, Err(error) if is_asked_for(error))) {
        output::complain(&problem);
        return Err(ExitCode::from(2));
    }
    // To say all of help takes time: only where somebody sees it.
    first.or_else(|_| read(&mut said(program).color(color)).map_err(|error| answer(&error)))
}

/// Whether it is no complaint, but help or the version.
fn is_asked_for(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayVersion | ErrorKind::DisplayHelp)
}

/// The default of a flag without a verb.
fn default_of(program: &Command, flag: &str) -> Option<String> {
    let argument = program.get_arguments().find(|argument| argument.get_long() == Some(flag))?;
    argument.get_default_values().first()?.to_str().map(str::to_owned)
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
    // --help and others are everywhere.
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(said) = known.get(text) {
        return said.clone();
    }
    let said = text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n");
    known.insert(text.to_owned(), said.clone());
    said
}

/// clap leaves the full stop of a short text out.
fn paragraph(text: &str) -> String {
    let said = lang::say(text);
    let stopped = format!("{text}.");
    match lang::say(&stopped) {
        whole if said == text && whole != stopped => whole.trim_end_matches('。').to_owned(),
        _ => said.into_owned(),
    }
}

/// clap's own words in a help, and what it says of possible values, a row each.
pub(crate) fn fixed(text: &str) -> String {
    if lang::in_force() == Lang::En {
        return text.to_owned();
    }
    let text = FIXED.iter().fold(text.to_owned(), |text, (english, chinese)| text.replace(english, chinese));
    // No space after a colon of Chinese.
    let text = text.replace("用法： ", "用法：").replace("用法：\u{1b}[0m ", "用法：\u{1b}[0m");
    let row = |row: &str| match row.split_once(": ") {
        Some((value, about)) if !value.trim_start().trim_start_matches("- ").contains(' ') => {
            let padding = about.len() - about.trim_start().len();
            // A page of the manual has its own signs for an apostrophe and a hyphen.
            let plain = about.trim_start().replace("\\*(Aq", "'").replace("\\-", "-");
            let said = lang::say(&plain);
            let said = if said == plain { about.trim_start() } else { &said };
            format!("{value}: {}{said}", &about[..padding])
        }
        _ => row.to_owned(),
    };
    text.split('\n').map(row).collect::<Vec<_>>().join("\n")
}

/// The help that clap gives instead of arguments, in the language in force.
pub(crate) fn help(error: &clap::Error) -> String {
    fixed(&error.render().to_string())
}

/// Prints help or a complaint, and gives the exit status: 0 for help that was asked for, 2 otherwise.
fn answer(error: &clap::Error) -> ExitCode {
    if is_asked_for(error) {
        let written = write!(anstream::stdout(), "{}", fixed(&error.render().ansi().to_string()));
        return output::written(written.err(), ExitCode::SUCCESS);
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
