//! What transactions add up to: what each card paid and what put it into use, what each institution was given, what moved in
//! each area; and whether each terminal was told balances that follow from one another.

use std::collections::{BTreeMap, BTreeSet};

use qiyong_centre::Function;
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::reason::Outcome;

use super::books::{Books, Card, Moved};
use super::deals::{Deal, Key};
use super::diary::{Asked, Diary};
use super::finding::{Class, Verdict};
use super::pair::Pair;
use super::setting::{AREAS, Setting};

/// Compares the sums of what stands with cards and ledger.
pub(super) fn compare(setting: &Setting, pairs: &[Pair<'_>], books: &Books, verdict: &mut Verdict) {
    let mut of_card: BTreeMap<CardNumber, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs {
        of_card.entry(pair.deal.sale.card).or_default().push(pair);
    }
    let mut areas: BTreeMap<CardNumber, &str> = BTreeMap::new();
    for record in setting.cards() {
        areas.insert(record.number, record.area.as_str());
        let pairs = of_card.get(&record.number).map_or(&[][..], Vec::as_slice);
        match books.cards.get(&record.number) {
            Some(card) => compare_card(record, pairs, card, verdict),
            None => verdict.find(Class::Missing, format!("card {}", record.number)),
        }
    }
    let mut given: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut moved: BTreeMap<(&str, &str), (i64, Moved)> = BTreeMap::new();
    for pair in pairs {
        let Some(&area) = areas.get(&pair.deal.sale.card) else { continue };
        let share = fen(pair.deal.sale.share.0);
        if pair.stands {
            *given.entry((area, pair.deal.key.institution.as_str())).or_default() += share;
        }
        let approved = pair.entry.is_some_and(|entry| entry.outcome == Outcome::Approved);
        let (net, gross) = moved.entry((area, pair.deal.sale.operation)).or_default();
        *net += if pair.stands { share } else { 0 };
        if approved && share > 0 {
            *gross = Moved { postings: gross.postings + 1, amount: gross.amount + share };
        }
    }
    for ((area, code), is) in &books.institutions {
        let must = given.get(&(area.as_str(), code.as_str())).copied().unwrap_or_default();
        if *is != must {
            verdict.find(
                Class::Mismatch,
                format!("account institution:{code} in {area} has {is} fen, and {must} were paid"),
            );
        }
    }
    for (area, _) in AREAS {
        for operation in ["purchase", "settle"] {
            let of = |reason: &str| books.moved.get(&(area.to_owned(), reason.to_owned())).copied().unwrap_or_default();
            let (is, back) = (of(operation), of(&format!("{operation}-undone")));
            let (net, gross) = moved.get(&(area, operation)).copied().unwrap_or_default();
            if is != gross || is.amount - back.amount != net {
                let words = format!("day's {operation}s of {area}: the ledger has {is:?} and back {back:?}");
                verdict
                    .find(Class::Mismatch, format!("{words}, and the sales are {gross:?}, of which {net} fen stand"));
            }
        }
    }
}

fn compare_card(record: &CardRecord, pairs: &[&Pair<'_>], card: &Card, verdict: &mut Verdict) {
    let number = record.number;
    let paid: i64 = pairs.iter().filter(|pair| pair.stands).map(|pair| fen(pair.deal.sale.share.0)).sum();
    let must = fen(record.account.0) - paid;
    if fen(card.account.0) != must {
        verdict.find(Class::Mismatch, format!("card {number} has {} fen, and must have {must}", card.account.0));
    }
    let social = || card.activations.iter().filter(|activation| activation.function == Function::Social);
    let key = |activation: &qiyong_centre::Activation| Key {
        institution: activation.institution.to_string(),
        terminal: activation.terminal.clone(),
        stan: activation.stan.0,
    };
    let has: BTreeSet<Key> = social().filter(|activation| !activation.reversed).map(key).collect();
    let must: BTreeSet<Key> =
        pairs.iter().filter(|pair| pair.stands && pair.activates).map(|pair| pair.deal.key.clone()).collect();
    for key in must.difference(&has) {
        verdict.find(
            Class::Missing,
            format!("card {number}: {key} put it into use, and the centre has no activation by it"),
        );
    }
    for key in has.difference(&must) {
        verdict.find(
            Class::Mismatch,
            format!("card {number}: it is in use by {key}, where no payment stands that did it"),
        );
    }
    let undone = social().filter(|activation| activation.reversed).count();
    let was = pairs.iter().filter(|pair| !pair.stands && pair.entry.is_some_and(|entry| entry.activated)).count();
    if undone != was {
        verdict.find(Class::Mismatch, format!("card {number}: {undone} activations are undone, and {was} payments"));
    }
    let in_use = record.status == CardStatus::Active || !must.is_empty();
    if (card.status == CardStatus::Active) != in_use {
        let words = if in_use { "a payment put it into use" } else { "nothing put it into use" };
        verdict.find(Class::Mismatch, format!("card {number} is {}, and {words}", card.status.as_str()));
    }
}

/// Goes through each terminal's notes in order: each receipt's balance follows from the one before, and the first payment that
/// stands is the one that puts a card into use.
pub(super) fn retell(setting: &Setting, diaries: &[Diary], deals: &BTreeMap<Key, Deal>, verdict: &mut Verdict) {
    for (stand, diary) in setting.stands.iter().zip(diaries) {
        let mut left: BTreeMap<CardNumber, i64> =
            stand.cards.iter().map(|card| (card.number, fen(card.account.0))).collect();
        let mut last = 0;
        for note in &diary.notes {
            let Asked::Sale(sale) = note.asked else { continue };
            // Said again: it is the same sale.
            if sale.stan.0 <= last {
                continue;
            }
            last = sale.stan.0;
            let key = Key {
                institution: diary.institution.to_string(),
                terminal: diary.terminal.as_str().to_owned(),
                stan: sale.stan.0,
            };
            let Some(receipt) = deals.get(&key).and_then(|deal| deal.receipt(u64::MAX)) else { continue };
            let balance = left.entry(sale.card).or_default();
            let after = *balance - fen(receipt.effects.charge.0);
            if fen(receipt.balance.0) != after {
                let told = receipt.balance.0;
                verdict.find(
                    Class::Mismatch,
                    format!("{key}: the receipt says that {told} fen are left, and {after} are"),
                );
            }
            if deals.get(&key).is_some_and(|deal| deal.undo_sent.is_none()) {
                *balance = after;
            }
        }
    }
}

fn fen(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
