//! What the terminal is to do: from the command line, or keyed in rows of the same words.

use clap::{Args, Parser, Subcommand};
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::IdNumber;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::money::{Bill, Fen};

use super::desk::Desk;
use super::load_key::LoadKeyArgs;
use qiyong_sim::{gbk, input};

/// An operation in words.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Asked {
    /// Bank: put the card into use on the holder's application
    Apply(DocumentArgs),
    /// Hospital: settle a bill
    Settle {
        /// The whole bill in yuan, such as 152.00
        #[arg(value_parser = input::yuan)]
        total: Fen,
        /// What of it the pooled fund pays, in yuan
        #[arg(long, value_parser = input::yuan, default_value = "0")]
        fund: Fen,
    },
    /// Pharmacy: pay a purchase
    Purchase {
        /// The price in yuan, such as 35.80
        #[arg(value_parser = input::yuan)]
        total: Fen,
    },
    /// Ask how the card stands
    Query,
    /// Tell the centre that the terminal's work is over: its session ends
    SignOff,
    /// Ask whether the centre is there and knows the terminal
    Echo,
    /// Compare what was sold with the centre, and begin another batch
    SettleBatch,
    /// Give the terminal its master key (`--key FILE`), or a new one; needs no card
    LoadKey(LoadKeyArgs),
}

/// What it comes to.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// A holder is served.
    Serve(Operation),
    /// The terminal settles something with the centre.
    Attend(Formality),
}

impl Task {
    /// Its word.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Serve(operation) => operation.as_str(),
            Self::Attend(what) => what.as_str(),
        }
    }
}

/// The document that the holder of the card shows.
#[derive(Args, Clone, Debug)]
pub(crate) struct DocumentArgs {
    /// Its kind, such as id-card or passport; without it no document is shown
    #[arg(long, value_name = "KIND", value_parser = kind)]
    document: Option<DocumentKind>,
    /// The name on it; asked for if it is left out
    #[arg(long)]
    holder: Option<String>,
    /// The last day of its validity, YYYY-MM-DD, or long-term; asked for if it is left out
    #[arg(long, value_name = "DAY")]
    valid_until: Option<String>,
}

/// A keyed line.
#[derive(Parser)]
#[command(name = "", no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    asked: Asked,
}

fn kind(text: &str) -> Result<DocumentKind, String> {
    let words = || DocumentKind::ALL.map(DocumentKind::as_str).join(", ");
    DocumentKind::from_word(text).ok_or_else(|| format!("must be one of {}", words()))
}

impl Asked {
    /// What it comes to; asks for missing parts of a document.
    pub(crate) fn task(&self, desk: &mut Desk) -> Result<Task, String> {
        let bill = |total: Fen, fund: Fen| {
            Bill::new(total, fund).ok_or("the total must be more than nothing, and the fund pays no more than that")
        };
        Ok(Task::Serve(match self {
            Self::SignOff => return Ok(Task::Attend(Formality::SignOff)),
            Self::Echo => return Ok(Task::Attend(Formality::Echo)),
            Self::SettleBatch => return Ok(Task::Attend(Formality::SettleBatch)),
            Self::LoadKey(_) => {
                return Err("a key is loaded by `load-key` on the command line, before anything else is done".into());
            }
            Self::Apply(DocumentArgs { document: None, .. }) => Operation::Apply { document: None },
            Self::Apply(DocumentArgs { document: Some(kind), holder, valid_until }) => {
                Operation::Apply { document: Some(document(*kind, holder.as_ref(), valid_until.as_ref(), desk)?) }
            }
            Self::Settle { total, fund } => Operation::Settle(bill(*total, *fund)?),
            Self::Purchase { total } => Operation::Purchase(bill(*total, Fen(0))?),
            Self::Query => Operation::Query,
        }))
    }
}

fn document(
    kind: DocumentKind,
    holder: Option<&String>,
    valid_until: Option<&String>,
    desk: &mut Desk,
) -> Result<Document, String> {
    let mut given = |text: Option<&String>, prompt: &str| match text {
        Some(text) => Ok(Zeroizing::new(text.clone())),
        None => desk.ask(prompt).ok_or_else(|| format!("{prompt}: nothing was keyed")),
    };
    // Never on the command line, where others could read it.
    let number = given(None, "number of the document")?;
    if kind == DocumentKind::IdCard {
        IdNumber::new_citizens(number.as_bytes()).map_err(|error| format!("the ID number {error}"))?;
    }
    let number =
        DocumentNumber::new(number.as_bytes()).ok_or("a document's number has 1 to 20 printable characters")?;
    let holder = given(holder, "name on the document")?;
    let name = gbk::name(&holder).ok_or("the name cannot be written in GBK")?;
    let valid_until = match given(valid_until, "valid until (YYYY-MM-DD or long-term)")?.as_str() {
        "long-term" => Validity::LongTerm,
        day => Validity::Until(input::date(day).ok_or("the validity must be a day, YYYY-MM-DD, or long-term")?),
    };
    Ok(Document { kind, number, name, valid_until })
}

/// The operations to be done: the one on the command line, or those that are keyed until the input ends.
pub(crate) struct Operations<'a> {
    given: Option<&'a Asked>,
    from_command_line: bool,
}

impl<'a> Operations<'a> {
    pub(crate) const fn new(given: Option<&'a Asked>) -> Self {
        Self { given, from_command_line: given.is_some() }
    }

    pub(crate) const fn is_from_command_line(&self) -> bool {
        self.from_command_line
    }

    /// The next operation, or what was wrong with the keyed text; `None` at the end.
    pub(crate) fn next(&mut self, desk: &mut Desk) -> Option<Result<Task, String>> {
        if self.from_command_line {
            return self.given.take().map(|asked| asked.task(desk));
        }
        loop {
            let line = desk
                .ask("apply, settle TOTAL --fund FUND, purchase TOTAL, query, echo, settle-batch, sign-off or quit")?;
            let words: Vec<_> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                ["quit"] => return None,
                // Not even shown to the parser, which would keep it.
                [number, ..] if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    return Some(Err("a number was keyed where an operation is asked for: begin with its word".into()));
                }
                words => {
                    let parsed = Line::try_parse_from(words.iter().copied());
                    return Some(match parsed {
                        Ok(line) => line.asked.task(desk),
                        // The rows before the first empty one say what is wrong; the others are about options of a program.
                        Err(error) => {
                            let text = error.to_string();
                            let rows: Vec<&str> =
                                text.lines().map(str::trim).take_while(|row| !row.is_empty()).collect();
                            Err(masked(&rows.join(" ")))
                        }
                    });
                }
            }
        }
    }
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
