//! What the terminal is to do, in words: the same ones on the command line and in rows that are keyed.
//!
//! `operations` has the rows and what a place offers; what somebody leaves out is asked for here, at the desk.

use clap::{Args, Subcommand};

use qiyong_protocol::card::codes::IdNumber;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
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
        /// The whole bill in yuan, such as 152.00; asked for if it is left out, with the fund's part
        #[arg(value_parser = input::yuan)]
        total: Option<Fen>,
        /// What of it the pooled fund pays, in yuan; nothing if the total alone is given
        #[arg(long, value_name = "YUAN", value_parser = input::yuan)]
        fund: Option<Fen>,
    },
    /// Pharmacy: pay a purchase
    Purchase {
        /// The price in yuan, such as 35.80; asked for if it is left out
        #[arg(value_parser = input::yuan)]
        total: Option<Fen>,
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

    /// Whether it only asks or settles, so that there is nothing to approve.
    pub(super) const fn changes_nothing(&self) -> bool {
        matches!(self, Self::Serve(Operation::Query) | Self::Attend(_))
    }
}

/// The document that the holder of the card shows.
#[derive(Args, Clone, Debug)]
pub(crate) struct DocumentArgs {
    /// Its kind, such as id-card or passport, or `none`; asked for if it is left out
    #[arg(long, value_name = "KIND", value_parser = kind)]
    document: Option<Shown>,
    /// The name on it; asked for if it is left out
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// The last day of its validity, YYYY-MM-DD, or long-term; asked for if it is left out
    #[arg(long, value_name = "DAY")]
    valid_until: Option<String>,
}

/// The kind of what is shown; `None` if nothing is.
type Shown = Option<DocumentKind>;

fn kind(text: &str) -> Result<Shown, String> {
    if text == "none" {
        return Ok(None);
    }
    let words = || DocumentKind::ALL.map(DocumentKind::as_str).join(", ");
    DocumentKind::from_word(text).map(Some).ok_or_else(|| format!("must be none, or one of {}", words()))
}

/// The same, or its number in the list that was shown.
fn kind_of_list(answer: &str) -> Result<Shown, String> {
    match answer.parse::<usize>() {
        Ok(0) => Ok(None),
        Ok(number) => match DocumentKind::ALL.get(number - 1) {
            Some(kind) => Ok(Some(*kind)),
            None => Err(format!("the number must be from 0 to {}", DocumentKind::ALL.len())),
        },
        Err(_) => kind(answer),
    }
}

impl Asked {
    /// `apply`, with all to be asked for.
    pub(super) const APPLY: Self = Self::Apply(DocumentArgs { document: None, holder: None, valid_until: None });
    /// `settle`, in the same way.
    pub(super) const SETTLE: Self = Self::Settle { total: None, fund: None };
    /// `purchase`, in the same way.
    pub(super) const PURCHASE: Self = Self::Purchase { total: None };

    /// The word for it.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Apply(_) => "apply",
            Self::Settle { .. } => "settle",
            Self::Purchase { .. } => "purchase",
            Self::Query => "query",
            Self::SignOff => "sign-off",
            Self::Echo => "echo",
            Self::SettleBatch => "settle-batch",
            Self::LoadKey(_) => "load-key",
        }
    }

    /// Which kind of place offers it; `None`: every kind.
    pub(super) fn channel(&self) -> Option<Channel> {
        let bill = || Bill::new(Fen(1), Fen(0));
        match self {
            Self::Apply(_) => Operation::Apply { document: None }.channel(),
            Self::Settle { .. } => bill().and_then(|bill| Operation::Settle(bill).channel()),
            Self::Purchase { .. } => bill().and_then(|bill| Operation::Purchase(bill).channel()),
            Self::Query | Self::SignOff | Self::Echo | Self::SettleBatch | Self::LoadKey(_) => None,
        }
    }

    /// The words of what places of this kind offer.
    pub(super) fn offered(place: Channel) -> Vec<&'static str> {
        let all =
            [Self::APPLY, Self::SETTLE, Self::PURCHASE, Self::Query, Self::Echo, Self::SettleBatch, Self::SignOff];
        all.iter().filter(|asked| asked.channel().is_none_or(|channel| channel == place)).map(Self::word).collect()
    }

    /// What it comes to at this place; asks for what is missing.
    ///
    /// # Errors
    /// The place does not offer it, or an answer is missing or wrong.
    pub(crate) fn task(&self, place: InstitutionCode, desk: &mut Desk) -> Result<Task, String> {
        let here = place.channel();
        if let Some(other) = self.channel().filter(|channel| *channel != here) {
            return Err(format!(
                "`{}` is done at a {}; {place} is a {}: choose one of {}",
                self.word(),
                other.as_str(),
                here.as_str(),
                Self::offered(here).join(", "),
            ));
        }
        Ok(Task::Serve(match self {
            Self::SignOff => return Ok(Task::Attend(Formality::SignOff)),
            Self::Echo => return Ok(Task::Attend(Formality::Echo)),
            Self::SettleBatch => return Ok(Task::Attend(Formality::SettleBatch)),
            Self::LoadKey(_) => {
                return Err("a key is loaded before anything else is done: give `load-key` on the command line".into());
            }
            Self::Apply(args) => Operation::Apply { document: args.document(desk)? },
            Self::Settle { total: Some(total), fund } => Operation::Settle(bill(*total, fund.unwrap_or(Fen(0)))?),
            Self::Settle { total: None, fund } => {
                let total = desk.answer("the whole bill, in yuan, such as 152.00", input::yuan)?;
                let fund = match fund {
                    Some(fund) => *fund,
                    None => desk.answer("what of it the pooled fund pays, in yuan (0: nothing)", |text| {
                        let fund = yuan(text)?;
                        bill(total, fund).map(|_| fund)
                    })?,
                };
                Operation::Settle(bill(total, fund)?)
            }
            Self::Purchase { total: Some(total) } => Operation::Purchase(bill(*total, Fen(0))?),
            Self::Purchase { total: None } => {
                Operation::Purchase(desk.answer("the price, in yuan, such as 35.80", |text| bill(yuan(text)?, Fen(0)))?)
            }
            Self::Query => Operation::Query,
        }))
    }
}

fn yuan(text: &str) -> Result<Fen, String> {
    input::yuan(text).map_err(|error| error.to_string())
}

fn bill(total: Fen, fund: Fen) -> Result<Bill, String> {
    Bill::new(total, fund)
        .ok_or_else(|| "the total must be more than nothing, and the fund pays no more than that".into())
}

impl DocumentArgs {
    /// The document; `None` if none is shown. Its number is never on the command line, where others could read it.
    fn document(&self, desk: &mut Desk) -> Result<Option<Document>, String> {
        let kind = match self.document {
            Some(kind) => kind,
            None => {
                desk.tell("the document that the holder shows:");
                desk.tell("  0 none");
                for (kind, number) in DocumentKind::ALL.iter().zip(1..) {
                    desk.tell(&format!("  {number} {:<20} {}", kind.as_str(), kind.chinese()));
                }
                desk.answer("its number or word", kind_of_list)?
            }
        };
        let Some(kind) = kind else { return Ok(None) };
        let number = desk.answer("number of the document", |text| number(kind, text))?;
        let name = given(self.holder.as_deref(), desk, "name on the document", |text| {
            gbk::name(text).ok_or_else(|| "the name cannot be written in GBK: key it with other characters".into())
        })?;
        let valid_until =
            given(self.valid_until.as_deref(), desk, "valid until (YYYY-MM-DD or long-term)", |text| match text {
                "long-term" => Ok(Validity::LongTerm),
                day => input::date(day)
                    .map(Validity::Until)
                    .ok_or_else(|| "the validity must be a day, YYYY-MM-DD, or long-term".into()),
            })?;
        Ok(Some(Document { kind, number, name, valid_until }))
    }
}

fn number(kind: DocumentKind, text: &str) -> Result<DocumentNumber, String> {
    if kind == DocumentKind::IdCard {
        IdNumber::new_citizens(text.as_bytes())
            .map_err(|error| format!("the ID number {error}; key it as it stands on the document"))?;
    }
    DocumentNumber::new(text.as_bytes()).ok_or_else(|| "a document's number has 1 to 20 printable characters".into())
}

/// What was given, or else is asked for.
fn given<T>(
    text: Option<&str>,
    desk: &mut Desk,
    question: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, String> {
    match text {
        Some(text) => read(text),
        None => desk.answer(question, read),
    }
}
