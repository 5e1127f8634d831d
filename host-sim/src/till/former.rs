//! What became of the request that was under way when this program was killed, or when the terminal's power was cut. The terminal's
//! journal settles it with the centre; here it is found out and told, and nothing is begun anew.

use serde::Serialize;

use qiyong_protocol::centre::Stan;
use qiyong_protocol::ecr::{Ended, Reference, State};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::note::{Open, Word};
use super::sale::Till;
use super::told;
use crate::output::{self, Output, Verdict};
use crate::terminal::Task;

/// What became of it.
pub(super) struct Former {
    open: Open,
    state: State,
    became: Became,
}

enum Became {
    /// The terminal has told its end.
    Ended(Box<Ended>),
    /// No transaction was sent.
    NotSent,
    /// The centre has refused it.
    Refused,
    /// The centre has undone it.
    Reversed,
    /// The centre has booked it.
    Confirmed,
    /// The centre has not heard yet what became of it.
    Owed,
    /// Neither terminal nor till knows.
    Unknown,
}

impl Became {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Ended(_) => "ended",
            Self::NotSent => "not-sent",
            Self::Refused => "refused",
            Self::Reversed => "reversed",
            Self::Confirmed => "confirmed",
            Self::Owed => "owed",
            Self::Unknown => "unknown",
        }
    }

    const fn words(&self) -> &'static str {
        match self {
            Self::Ended(_) => "ended",
            Self::NotSent => "was not sent to the centre: nobody was charged 未扣款",
            Self::Refused => "was refused by the centre: nobody was charged 未扣款",
            Self::Reversed => "was reversed: nobody was charged 已冲正，未扣款",
            Self::Confirmed => "is done and booked: the holder was charged once 已扣款",
            Self::Owed => "is not settled yet: the terminal tells the centre first at its next visit 待报",
            Self::Unknown => "cannot be told from here: look at the centre for its number 请向中心查询",
        }
    }
}

/// For programs, if the terminal has not told the end.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told<'a> {
    /// True: this is a request of before.
    former: bool,
    /// The institution where the terminal stands.
    institution: String,
    /// The terminal's name.
    terminal: &'a str,
    /// What the terminal was to do.
    operation: &'a str,
    /// The whole bill, in fen.
    total: u64,
    /// The transaction's number.
    stan: u32,
    /// What became of it: not-sent, refused, reversed, confirmed, owed or unknown.
    became: &'static str,
}

/// Finds out what became of the request that is noted; `None`: none is. `state` is the terminal's, which serves nobody.
pub(super) fn settle(till: &mut Till, state: &State) -> Result<Option<Former>, String> {
    let Some(open) = till.note.under_way().cloned() else { return Ok(None) };
    output::tell(
        &format!("a request of before, {}, is still open: finding out what became of it", open.operation),
        till.json,
    );
    let (became, state) = became(till, &open, state)?;
    // What was heard meanwhile is in the note.
    let open = till.note.under_way().cloned().unwrap_or(open);
    Ok(Some(Former { open, state, became }))
}

fn became(till: &mut Till, open: &Open, state: &State) -> Result<(Became, State), String> {
    let is_same = hex::encode_upper(state.serial) == open.serial && state.starts >= open.starts;
    if is_same
        && state.starts == open.starts
        && let Some(ended) = till.ask_end(Reference(open.reference))?
    {
        return Ok((Became::Ended(Box::new(ended)), *state));
    }
    if is_same && state.next_stan.0 == open.next_stan && open.word.is_none() {
        return Ok((Became::NotSent, *state));
    }
    let state = till.echo()?;
    let heard = till.note.under_way().and_then(|open| open.word);
    let stan = Stan(open.next_stan);
    let word = heard
        .filter(|word| *word != Word::Sent)
        .or_else(|| till.carrier.looked_up((till.institution, till.name), stan));
    let became = match word {
        Some(Word::Refused) => Became::Refused,
        Some(Word::Reversed) => Became::Reversed,
        Some(Word::Confirmed) => Became::Confirmed,
        Some(Word::Sent) | None if state.reversal_due || state.confirmation_due => Became::Owed,
        Some(Word::Sent) | None => Became::Unknown,
    };
    Ok((became, state))
}

impl Former {
    /// Tells it; what is over is forgotten then.
    pub(super) fn tell(self, till: &mut Till, output: &mut Output) -> Verdict {
        let Self { open, state, became } = self;
        let place = (till.institution, till.name);
        let verdict = match &became {
            Became::Ended(ended) => {
                let receipt = told::receipt(place, &task(&open), ended, &state);
                told::print_former(&receipt, till.json, output);
                if ended.reason.is_none() { Verdict::Done } else { Verdict::No }
            }
            other => {
                if till.json {
                    output.json_line(&Told {
                        former: true,
                        institution: till.institution.to_string(),
                        terminal: till.name.as_str(),
                        operation: &open.operation,
                        total: open.total,
                        stan: open.next_stan,
                        became: other.as_str(),
                    });
                } else {
                    output.line(&format!("{} {:06} {}", open.operation, open.next_stan, other.words()));
                }
                if matches!(other, Became::Confirmed) { Verdict::Done } else { Verdict::No }
            }
        };
        if !matches!(became, Became::Owed)
            && let Err(problem) = till.note.close()
        {
            output.complain(&problem);
            return Verdict::BadInput;
        }
        verdict
    }
}

/// The request, for its receipt: of a document, only that there was one.
fn task(open: &Open) -> Task {
    let bill = Bill::new(Fen(open.total), Fen(open.fund));
    Task::Serve(match (open.operation.as_str(), bill) {
        ("settle", Some(bill)) => Operation::Settle(bill),
        ("purchase", Some(bill)) => Operation::Purchase(bill),
        ("apply", _) => Operation::Apply { document: None },
        _ => Operation::Query,
    })
}
