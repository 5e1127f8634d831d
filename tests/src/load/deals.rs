//! Terminals' notes as transactions: what each terminal knows of each number that it used, and since when.

use std::collections::BTreeMap;
use std::fmt;

use qiyong_protocol::centre::{Answer, Receipt};
use qiyong_protocol::rules::reason::Reason;

use super::diary::{Asked, Diary, Sale};

/// What a transaction is known by. A terminal of a load has one batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Where.
    pub institution: String,
    /// Which terminal.
    pub terminal: String,
    /// Which of its numbers.
    pub stan: u32,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.institution, self.terminal, self.stan)
    }
}

/// What a terminal knows of a number that it used.
#[derive(Clone, Debug)]
pub struct Deal {
    /// The number.
    pub key: Key,
    /// What was asked.
    pub sale: Sale,
    /// What was answered to it, and when, in order; not the answers that it was not decided.
    pub answers: Vec<(u64, Answer)>,
    /// It was told at least once that nothing was done.
    pub turned_away: bool,
    /// When it was first to be undone.
    pub undo_sent: Option<u64>,
    /// When the centre first said that it is undone.
    pub undone: Option<u64>,
    /// Other answers to that.
    pub not_undone: Vec<Answer>,
}

impl Deal {
    /// The receipt that the terminal had by this moment.
    #[must_use]
    pub fn receipt(&self, by: u64) -> Option<Receipt> {
        let approved = |(at, answer): &(u64, Answer)| match answer {
            Answer::Approved(receipt) if *at <= by => Some(*receipt),
            _ => None,
        };
        self.answers.iter().find_map(approved)
    }

    /// Why it was refused, as far as the terminal knew by this moment.
    #[must_use]
    pub fn refusal(&self, by: u64) -> Option<Reason> {
        let refused = |(at, answer): &(u64, Answer)| match answer {
            Answer::Refused(reason) if *at <= by => Some(*reason),
            _ => None,
        };
        self.answers.iter().find_map(refused)
    }

    /// Whether the centre had said by this moment that it is undone.
    #[must_use]
    pub fn is_undone(&self, by: u64) -> bool {
        self.undone.is_some_and(|at| at <= by)
    }
}

/// Everything that terminals noted, by number, and what they noted and cannot have.
#[must_use]
pub fn of(diaries: &[Diary]) -> (BTreeMap<Key, Deal>, Vec<String>) {
    let (mut deals, mut wrong) = (BTreeMap::new(), Vec::new());
    for diary in diaries {
        let (institution, terminal) = (diary.institution.to_string(), diary.terminal.as_str().to_owned());
        let mut batch = None;
        for note in &diary.notes {
            if let Some(Err(words)) = &note.answer {
                wrong.push(format!(
                    "{institution} {terminal}: {:?} was answered so that nobody takes it: {words}",
                    note.asked
                ));
            }
            let (Asked::Sale(sale) | Asked::Undo(sale)) = note.asked else { continue };
            if *batch.get_or_insert(note.batch) != note.batch {
                wrong.push(format!("{institution} {terminal}: it has a second batch, {}", note.batch.0));
            }
            let key = Key { institution: institution.clone(), terminal: terminal.clone(), stan: sale.stan.0 };
            let deal = deals.entry(key.clone()).or_insert_with(|| Deal {
                key,
                sale,
                answers: Vec::new(),
                turned_away: false,
                undo_sent: None,
                undone: None,
                not_undone: Vec::new(),
            });
            let answer = note.answer.clone().and_then(Result::ok);
            match (note.asked, answer) {
                (Asked::Undo(_), answer) => {
                    deal.undo_sent.get_or_insert(note.sent);
                    match answer {
                        Some(Answer::Done) => {
                            deal.undone.get_or_insert(note.heard_at);
                        }
                        Some(Answer::Refused(reason)) if nothing_done(reason) => {}
                        Some(other) => deal.not_undone.push(other),
                        None => {}
                    }
                }
                (_, Some(Answer::Refused(reason))) if nothing_done(reason) => deal.turned_away = true,
                (_, Some(answer)) => deal.answers.push((note.heard_at, answer)),
                (_, None) => {}
            }
        }
    }
    (deals, wrong)
}

/// Whether this refusal says that the centre has decided nothing, and keeps nothing of it.
const fn nothing_done(reason: Reason) -> bool {
    matches!(reason, Reason::CentreBusy | Reason::RegionDown)
}
