//! What differs between the entries that a terminal has uploaded and what the centre has on record of the batch. Pure: `rows` reads
//! both. Each entry gets one of five verdicts (match, mismatch, missing, duplicate, conflicting duplicate), and so does each
//! transaction that stands at the centre and that the terminal has not named.

use std::collections::BTreeMap;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::centre::{Deal, Ended, Entry, Original, Stan, Sum, Totals};
use qiyong_protocol::rules::money::Fen;

use super::faults::{Fault, bent};
use crate::store::value::words;
use crate::terminal::journal::Phase;

words! {
    /// What is said of an entry of a batch.
    pub(crate) enum Verdict {
        /// Both have the same.
        Match,
        /// Both have it, and something differs.
        Mismatch,
        /// One of the two has it.
        Missing,
        /// The terminal has named it before, with the same content.
        Duplicate,
        /// The terminal has named the number before, with another content.
        ConflictingDuplicate,
        /// It was decided in another region, and is compared by people.
        Elsewhere,
        /// The terminal's totals are not those of its own entries.
        Totals,
        /// It was pending, and is resolved by the upload.
        Resolved,
        /// It was confirmed after the settlement.
        LateConfirmation,
        /// It was reversed after the settlement.
        LateReversal,
        /// Nobody confirmed it in time, and the centre has undone it after the settlement.
        LateExpiry,
    }
}

impl Verdict {
    /// Whether people have to look at it.
    pub(crate) const fn is_difference(self) -> bool {
        !matches!(self, Self::Match | Self::Resolved)
    }
}

/// A verdict, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The transaction's number; `None`: it is about the totals.
    pub(crate) stan: Option<Stan>,
    pub(crate) verdict: Verdict,
    /// In words, with both sides' values.
    pub(crate) what: String,
}

impl Finding {
    const fn new(stan: Stan, verdict: Verdict, what: String) -> Self {
        Self { stan: Some(stan), verdict, what }
    }

    /// That a pending transaction became what the terminal says.
    pub(crate) fn resolved(entry: &Entry) -> Self {
        Self::new(entry.stan, Verdict::Resolved, format!("was pending, and is {} now", side(entry.ended)))
    }
}

/// A transaction of the batch as the centre has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) stan: Stan,
    /// `None`: a query, which no terminal uploads.
    pub(crate) deal: Option<Deal>,
    pub(crate) original: Original,
    pub(crate) charge: Fen,
    /// What became of it; `None`: it was not approved.
    pub(crate) phase: Option<Phase>,
}

const fn side(ended: Ended) -> &'static str {
    match ended {
        Ended::Confirmed => "confirmed",
        Ended::Reversed => "reversed",
    }
}

impl Recorded {
    /// What of an entry's content differs; states apart.
    fn differences(&self, entry: &Entry) -> Vec<String> {
        let Original { card, total, time } = entry.original;
        let own = &self.original;
        let mut differences = Vec::new();
        let mut differ = |name: &str, told: String, own: String| {
            if told != own {
                differences.push(format!("{name}: terminal {told}, centre {own}"));
            }
        };
        if !bent(Fault::CardIgnored) {
            differ("card", card.to_string(), own.card.to_string());
        }
        differ("kind", entry.deal.as_str().into(), self.deal.map_or("query", Deal::as_str).into());
        differ("total", total.0.to_string(), own.total.0.to_string());
        // Who reverses may never have heard what was charged.
        if entry.ended == Ended::Confirmed && !bent(Fault::ChargeIgnored) {
            differ("charge", entry.charge.0.to_string(), self.charge.0.to_string());
        }
        if !bent(Fault::TimeIgnored) {
            differ("time", time.to_string(), own.time.to_string());
        }
        differences
    }

    /// Whether it is at the centre what the terminal says that it is.
    fn agrees(&self, ended: Ended) -> bool {
        match (ended, self.phase) {
            (Ended::Reversed, Some(Phase::Posted)) => bent(Fault::ReversedMayStand),
            (Ended::Confirmed, phase) => matches!(phase, Some(Phase::Posted)),
            // Nothing was sold, for whatever reason.
            (Ended::Reversed, phase) => matches!(phase, Some(Phase::Voided | Phase::Expired) | None),
        }
    }

    const fn word(&self) -> &'static str {
        match self.phase {
            Some(phase) => phase.as_str(),
            None => "refused",
        }
    }
}

/// The entries that say what became of something pending, and agree with it in everything else; a number that the terminal names
/// twice says nothing.
pub(crate) fn resolving<'a>(entries: &'a [Entry], recorded: &[Recorded]) -> Vec<&'a Entry> {
    let recorded = by_number(recorded);
    let once = |entry: &&Entry| {
        entries.iter().filter(|other| other.stan == entry.stan).count() == 1 || bent(Fault::NamedTwiceResolves)
    };
    let is_pending = |entry: &&Entry| {
        recorded
            .get(&entry.stan)
            .filter(|known| known.phase == Some(Phase::Pending))
            .is_some_and(|known| known.differences(entry).is_empty() || bent(Fault::DifferentResolves))
    };
    entries.iter().filter(is_pending).filter(once).collect()
}

fn by_number(recorded: &[Recorded]) -> BTreeMap<Stan, &Recorded> {
    recorded.iter().map(|known| (known.stan, known)).collect()
}

/// Compares. `elsewhere`: the numbers that were passed on, and the areas of their cards. `told`: the terminal's totals.
pub(crate) fn compare(
    entries: &[Entry],
    recorded: &[Recorded],
    elsewhere: &BTreeMap<Stan, Region>,
    told: &Totals,
) -> Vec<Finding> {
    let recorded = by_number(recorded);
    let mut named: BTreeMap<Stan, &Entry> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut sums = Some(Totals::default());
    for entry in entries {
        let stan = entry.stan;
        if let Some(before) = named.get(&stan) {
            let (verdict, what) = if *before == entry || bent(Fault::ConflictIsDuplicate) {
                (Verdict::Duplicate, "the terminal names it twice")
            } else {
                (Verdict::ConflictingDuplicate, "the terminal names the number twice, with other contents")
            };
            findings.push(Finding::new(stan, verdict, what.into()));
            continue;
        }
        named.insert(stan, entry);
        if entry.ended == Ended::Confirmed {
            sums = sums.and_then(|sums| sums.and(entry.deal, entry.original.total, entry.charge));
        }
        let (verdict, what) = judge(entry, recorded.get(&stan).copied(), elsewhere.get(&stan));
        findings.push(Finding::new(stan, verdict, what));
    }
    // What stands at the centre, or may yet, and the terminal does not name.
    for (stan, known) in recorded.iter().filter(|(stan, known)| known.deal.is_some() && !named.contains_key(stan)) {
        if let Some(phase @ (Phase::Posted | Phase::Pending)) = known.phase
            && !bent(Fault::ForgottenUnseen)
        {
            let what = format!("missing at the terminal; at the centre {}", phase.as_str());
            findings.push(Finding::new(*stan, Verdict::Missing, what));
        }
    }
    for (stan, area) in elsewhere.iter().filter(|(stan, _)| !named.contains_key(stan)) {
        let what = format!("passed on to area {}; the terminal does not name it", area.as_str());
        findings.push(Finding::new(*stan, Verdict::Elsewhere, what));
    }
    findings.extend(Deal::ALL.into_iter().filter_map(|deal| contradicted(deal, told, sums.as_ref())));
    findings
}

/// The verdict on an entry whose number comes for the first time.
fn judge(entry: &Entry, known: Option<&Recorded>, elsewhere: Option<&Region>) -> (Verdict, String) {
    let ended = side(entry.ended);
    let Some(known) = known else {
        return match (elsewhere, entry.ended) {
            (Some(area), _) if !bent(Fault::ElsewhereIsMissing) => {
                (Verdict::Elsewhere, format!("passed on to area {}; at the terminal {ended}", area.as_str()))
            }
            (_, Ended::Confirmed) => (Verdict::Missing, format!("missing at the centre; at the terminal {ended}")),
            // It never arrived, and nothing was sold.
            (_, Ended::Reversed) => (Verdict::Match, String::new()),
        };
    };
    let mut differences = known.differences(entry);
    if !known.agrees(entry.ended) {
        differences.push(format!("state: terminal {ended}, centre {}", known.word()));
    }
    let verdict = if differences.is_empty() { Verdict::Match } else { Verdict::Mismatch };
    (verdict, differences.join("; "))
}

/// That the terminal's totals of a kind are not those of its entries. `sums`: `None` if these are more than totals can hold.
fn contradicted(deal: Deal, told: &Totals, sums: Option<&Totals>) -> Option<Finding> {
    let told = told.of(deal);
    let of_entries = sums.map(|sums| sums.of(deal));
    if of_entries == Some(told) || bent(Fault::TotalsUnseen) {
        return None;
    }
    let word = |sum: Sum| format!("{} of {}, charged {}", sum.count, sum.total.0, sum.charge.0);
    let of_entries = of_entries.map_or_else(|| "more than totals hold".into(), word);
    let what = format!("{}: the terminal's totals say {}, its entries {of_entries}", deal.as_str(), word(told));
    Some(Finding { stan: None, verdict: Verdict::Totals, what })
}
