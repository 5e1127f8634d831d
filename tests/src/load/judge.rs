//! Compares what terminals were told with what the centre has, number by number. What a sale did is what its receipt says:
//! no rule of the centre is known here. Of a copy that was made while the load ran, what was answered before the copy was begun
//! must be in it, and what was asked before may.

use std::collections::BTreeMap;

use qiyong_centre::{DecidedBy, JournalEntry};
use qiyong_protocol::rules::reason::Outcome;

use super::books::Books;
use super::deals::{self, Deal, Key};
use super::diary::Diary;
use super::finding::{Class, Verdict};
use super::pair::Pair;
use super::setting::Setting;
use super::sums;

/// When the books that are compared were closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// After the load.
    Afterwards,
    /// At some moment after this one, while the load ran.
    After(u64),
}

impl Closed {
    /// The moment by which everything that was answered is in the books.
    const fn must(self) -> u64 {
        match self {
            Self::Afterwards => u64::MAX,
            Self::After(moment) => moment,
        }
    }
}

/// Compares them.
#[must_use]
pub fn judge(setting: &Setting, diaries: &[Diary], books: &Books, closed: Closed) -> Verdict {
    let (deals, wrong) = deals::of(diaries);
    let mut verdict = Verdict::default();
    wrong.into_iter().for_each(|words| verdict.find(Class::Mismatch, words));
    let mut entries: BTreeMap<Key, Vec<&JournalEntry>> = BTreeMap::new();
    for entry in books.journal.iter().filter(|entry| entry.decided_by == DecidedBy::Centre) {
        let Some(stan) = entry.stan else { continue };
        let key = Key { institution: entry.institution.to_string(), terminal: entry.terminal.clone(), stan: stan.0 };
        entries.entry(key).or_default().push(entry);
    }
    for (key, entries) in &entries {
        if !deals.contains_key(key) {
            verdict.find(Class::Missing, format!("{key}: the centre has it, and no terminal asked for it"));
        }
        if let [first, rest @ ..] = entries.as_slice()
            && !rest.is_empty()
        {
            let same = rest.iter().all(|entry| alike(first, entry));
            let class = if same { Class::Duplicate } else { Class::ConflictingDuplicate };
            verdict.find(class, format!("{key}: the centre has it {} times", entries.len()));
        }
    }
    let mut pairs = Vec::new();
    for deal in deals.values() {
        let entry = entries.get(&deal.key).and_then(|entries| entries.first().copied());
        let before = verdict.findings.len();
        let pair = compare(deal, entry, closed, &mut verdict);
        if verdict.findings.len() == before {
            verdict.matched += 1;
            verdict.standing += usize::from(pair.stands);
            verdict.activations += usize::from(pair.stands && pair.activates);
            verdict.undone += usize::from(deal.undo_sent.is_some() && !pair.stands);
        }
        pairs.push(pair);
    }
    sums::compare(setting, &pairs, books, &mut verdict);
    if closed == Closed::Afterwards {
        sums::retell(setting, diaries, &deals, &mut verdict);
    }
    verdict
}

/// Whether two entries say the same, apart from whether they were undone.
fn alike(one: &JournalEntry, other: &JournalEntry) -> bool {
    let said = |entry: &JournalEntry| {
        let JournalEntry { card, operation, total, charge, outcome, reason, activated, .. } = entry.clone();
        (card, operation, total, charge, outcome, reason, activated)
    };
    said(one) == said(other)
}

fn compare<'d>(deal: &'d Deal, entry: Option<&'d JournalEntry>, closed: Closed, verdict: &mut Verdict) -> Pair<'d> {
    let (key, must) = (&deal.key, closed.must());
    let (receipt, refusal, undone) = (deal.receipt(must), deal.refusal(must), deal.is_undone(must));
    let mut say = |class, words: String| verdict.find(class, format!("{key}: {words}"));
    if let [(_, first), rest @ ..] = deal.answers.as_slice()
        && let Some((_, other)) = rest.iter().find(|(_, answer)| answer != first)
    {
        say(Class::ConflictingDuplicate, format!("it was answered {first:?} and then {other:?}"));
    }
    if let Some(answer) = deal.not_undone.first() {
        say(Class::Mismatch, format!("it was to be undone, and the answer was {answer:?}"));
    }
    let knows = !deal.answers.is_empty() || deal.turned_away;
    let settled = if deal.undo_sent.is_some() { deal.undone.is_some() } else { knows };
    if closed == Closed::Afterwards && !settled {
        say(Class::Open, "its terminal does not know what became of it".into());
    }
    let Some(entry) = entry else {
        if receipt.is_some() || refusal.is_some() {
            say(Class::Missing, format!("a terminal was told of it, and the centre has nothing ({:?})", deal.sale));
        }
        let stands = receipt.is_some() && deal.undo_sent.is_none();
        return Pair { deal, entry, stands, activates: receipt.is_some_and(|receipt| receipt.effects.activates) };
    };
    let approved = entry.outcome == Outcome::Approved;
    let asked = &deal.sale;
    let is = (entry.card, entry.operation.as_deref(), entry.total, entry.time);
    let must_be = (Some(asked.card), Some(asked.operation), asked.total, asked.time);
    if is != must_be {
        say(Class::Mismatch, format!("the centre has {is:?}, and {must_be:?} was asked"));
    }
    if approved && entry.charge != asked.share {
        say(Class::Mismatch, format!("the account paid {:?}, and its part was {:?}", entry.charge, asked.share));
    }
    if let Some(receipt) = receipt {
        let told = (true, receipt.effects.charge, receipt.effects.activates);
        let has = (approved, entry.charge, entry.activated);
        if has != told {
            say(Class::Mismatch, format!("approved, charge, activates: the centre has {has:?} and told {told:?}"));
        }
    }
    if let Some(reason) = refusal
        && (approved || entry.reason != Some(reason))
    {
        say(Class::Mismatch, format!("it was refused with {reason}, and the centre has {:?}", entry.reason));
    }
    if undone && approved && !entry.reversed {
        say(Class::Missing, "the centre said that it is undone, and it is not".into());
    }
    if entry.reversed && deal.undo_sent.is_none() {
        say(Class::Mismatch, "it is undone, and nobody asked for that".into());
    }
    let by_books = approved && !entry.reversed;
    let stands = match (receipt, refusal, deal.undo_sent) {
        _ if undone => false,
        (_, _, Some(_)) => by_books,
        (Some(_), ..) => true,
        (_, Some(_), _) => false,
        _ => by_books,
    };
    let activates = receipt.map_or(entry.activated, |receipt| receipt.effects.activates);
    Pair { deal, entry: Some(entry), stands, activates }
}
