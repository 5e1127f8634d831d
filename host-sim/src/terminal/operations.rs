//! The operations to be done: the one on the command line, or rows that are keyed until the input ends. Only those that
//! the place offers are shown.

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

use qiyong_protocol::rules::institution::InstitutionCode;

use super::ask::{Asked, Task};
use super::desk::Desk;
use crate::command_line;
use qiyong::lang;

/// A keyed row.
#[derive(Parser)]
#[command(name = "", no_binary_name = true, disable_help_flag = true)]
struct Row {
    #[command(subcommand)]
    asked: Asked,
}

/// The operations to be done.
pub(crate) struct Operations<'a> {
    given: Option<&'a Asked>,
    from_command_line: bool,
    place: InstitutionCode,
}

impl<'a> Operations<'a> {
    /// `given` is the one of the command line.
    pub(crate) const fn new(given: Option<&'a Asked>, place: InstitutionCode) -> Self {
        Self { given, from_command_line: given.is_some(), place }
    }

    pub(crate) const fn is_from_command_line(&self) -> bool {
        self.from_command_line
    }

    /// The next operation, or what was wrong with the keyed text; `None` at the end.
    pub(crate) fn next(&mut self, desk: &mut Desk) -> Option<Result<Task, String>> {
        if self.from_command_line {
            return self.given.take().map(|asked| asked.task(self.place, desk));
        }
        loop {
            let offered = Asked::offered(self.place.channel());
            let row = desk.ask_operation(&format!("what is to be done? {}, help or quit", offered.join(", ")))?;
            match row.split_whitespace().next() {
                None => continue,
                Some("quit") => return None,
                // Not even shown to the parser, which would keep it.
                Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    return Some(Err("a number was keyed where an operation is asked for: begin with its word".into()));
                }
                Some(_) => {}
            }
            let Some(words) = shlex::split(&row) else {
                return Some(Err("a quotation mark in the row is not closed: key the row again with both".into()));
            };
            let parsed = command(&offered).try_get_matches_from(words).and_then(|found| Row::from_arg_matches(&found));
            match parsed {
                Ok(keyed) => {
                    desk.remember(&row);
                    return Some(keyed.asked.task(self.place, desk));
                }
                Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => {
                    command_line::help(&error).trim_end().lines().for_each(|row| desk.tell(row));
                }
                Err(error) => return Some(Err(masked(&in_a_row(&error.to_string())))),
            }
        }
    }
}

/// The parser of a row. All operations are understood, and those that are offered here shown.
fn command(offered: &[&str]) -> clap::Command {
    let command = Row::command().override_usage("OPERATION; help OPERATION");
    command_line::said(command.mut_subcommands(|operation| {
        let is_offered = offered.contains(&operation.get_name());
        operation.hide(!is_offered)
    }))
}

/// The rows of clap's message before its advice on how a program is called, as one.
fn in_a_row(message: &str) -> String {
    let rows = message.lines().map(str::trim).take_while(|row| !row.starts_with("Usage:"));
    // Each is a text of its own.
    rows.filter(|row| !row.is_empty()).map(lang::say).collect::<Vec<_>>().join(" ")
}

/// The same text with `***` for each four digits or more in a row: whoever keys a PIN or an ID number in the wrong
/// place does not see it said again.
fn masked(text: &str) -> String {
    let (mut shown, mut digits) = (String::with_capacity(text.len()), String::new());
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        shown.push_str(if digits.len() < 4 { &digits } else { "***" });
        digits.clear();
        shown.push(character);
    }
    shown.truncate(shown.len() - 1);
    shown
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn what_may_be_a_secret_is_not_said_again() {
        for (text, shown) in [
            ("'271828'", "'***'"),
            ("purchase '12.345'", "purchase '12.345'"),
            ("'11010119900307123X' is none", "'***X' is none"),
            ("at the end 123456", "at the end ***"),
            ("", ""),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
