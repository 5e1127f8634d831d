//! Settlement between a terminal and the centre (docs/centre.md §22): when a batch is settled, and what follows. Each verdict is in
//! [`verdicts`], what holds for any history in [`histories`], what people see in [`acts`].

pub(crate) mod acts;
mod faults;
mod histories;
mod later;
mod verdicts;

use std::collections::BTreeMap;

use qiyong_protocol::centre::{BatchState, Deal, Ended, Entry, Totals, UPLOAD_MAX};

use super::*;
use crate::store::database::Database;
use crate::store::value::values;

const OPEN: Option<Answer> = Some(Answer::Batch(BatchState::Open));
const BALANCED: Option<Answer> = Some(Answer::Batch(BatchState::Balanced));
const DIFFERS: Option<Answer> = Some(Answer::Batch(BatchState::Differs));
const CLOSED: Option<Answer> = Some(Answer::Batch(BatchState::Closed));
const SETTLED: Option<Answer> = Some(Answer::Refused(Reason::BatchSettled));

/// A terminal with a journal, at a centre with one card, and a line that may lose messages.
struct Till {
    centre: Centre,
    card: CardRecord,
    place: &'static str,
    batch: u32,
    /// Its entries that are done.
    entries: Vec<Entry>,
    /// Those that were approved, and are neither confirmed nor reversed.
    open: BTreeMap<u32, Entry>,
    /// Of a thousand messages so many are lost, by these dice.
    loss: u32,
    dice: u32,
    lost: u32,
}

impl Till {
    fn new() -> Self {
        Self::at(PHARMACY)
    }

    fn at(place: &'static str) -> Self {
        let card = CardRecord { account: Fen(1_000_000), ..inactive(b"X00000019") };
        let centre = centre_with(&card);
        Self { centre, card, place, batch: 1, entries: vec![], open: BTreeMap::new(), loss: 0, dice: 1, lost: 0 }
    }

    /// Whether this message is lost.
    fn loses(&mut self) -> bool {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let lost = self.dice / 65_536 % 1_000 < self.loss;
        self.lost += u32::from(lost);
        lost
    }

    /// Says something; `None`: the message or its answer was lost.
    fn say(&mut self, body: Body<'_>) -> Option<Answer> {
        if self.loses() {
            return None;
        }
        let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(self.batch) };
        let institution = InstitutionCode::new(self.place).unwrap();
        let answer = self.centre.handle(&Request { institution, terminal: TILL, batch, time: noon(), body }).unwrap();
        (!self.loses()).then(|| without_session(answer))
    }

    /// Says it until it is answered.
    fn insist(&mut self, body: &Body<'_>) -> Answer {
        loop {
            if let Some(answer) = self.say(body.clone()) {
                return answer;
            }
        }
    }

    fn transact(&mut self, stan: u32, operation: &Operation) -> Option<Answer> {
        let card = presented(&self.card);
        let answer = self.say(Body::Transact { stan: Stan(stan), card: &card, operation });
        let total = operation.bill().map_or(Fen(0), Bill::total);
        let original = Original { card: card.number, total, time: noon() };
        let entry = |charge| {
            let deal = Deal::of(operation)?;
            Some(Entry { stan: Stan(stan), deal, original, charge, ended: Ended::Confirmed })
        };
        let charge = match &answer {
            Some(Answer::Approved(receipt)) => receipt.effects.charge,
            // Nobody knows what became of it.
            None => Fen(0),
            _ => return answer,
        };
        self.open.extend(entry(charge).map(|entry| (stan, entry)));
        answer
    }

    fn buy(&mut self, stan: u32, fen: u64) -> Option<Answer> {
        self.transact(stan, &purchase(fen))
    }

    /// Confirms or reverses an open entry until it is acknowledged.
    fn end(&mut self, stan: u32, ended: Ended) -> Answer {
        let entry = self.open[&stan];
        let (stan, original) = (entry.stan, entry.original);
        let answer = match ended {
            Ended::Confirmed => self.insist(&Body::Confirm { stan, original, result: None }),
            Ended::Reversed => self.insist(&Body::Reverse { stan, original }),
        };
        if answer == Answer::Done {
            let charge = if ended == Ended::Confirmed { entry.charge } else { Fen(0) };
            self.entries.push(Entry { ended, charge, ..entry });
            self.open.remove(&stan.0);
        }
        answer
    }

    fn sell(&mut self, stan: u32, fen: u64) {
        assert!(matches!(self.buy(stan, fen), Some(Answer::Approved(_))));
        assert_eq!(self.end(stan, Ended::Confirmed), Answer::Done);
    }

    fn totals(&self) -> Totals {
        let confirmed = self.entries.iter().filter(|entry| entry.ended == Ended::Confirmed);
        confirmed.fold(Totals::default(), |totals, entry| {
            totals.and(entry.deal, entry.original.total, entry.charge).unwrap()
        })
    }

    fn settle(&mut self) -> Option<Answer> {
        let totals = self.totals();
        self.settle_with(totals)
    }

    fn settle_with(&mut self, totals: Totals) -> Option<Answer> {
        Some(self.insist(&Body::SettleBatch { totals: &totals }))
    }

    /// Uploads all entries, and says that these were all.
    fn upload(&mut self) -> Option<Answer> {
        let entries = self.entries.clone();
        for (at, entries) in entries.chunks(UPLOAD_MAX).enumerate() {
            let from = (at * UPLOAD_MAX + 1) as u32;
            assert_eq!(Some(self.insist(&Body::Upload { from, entries })), DIFFERS);
        }
        Some(self.insist(&Body::UploadDone { count: entries.len() as u32 }))
    }

    fn sign_in(&mut self) -> Option<Answer> {
        let answer = self.say(Body::SignIn { token: TOKEN });
        if let Some(Answer::SignedIn { lease, .. }) = &answer {
            self.batch = lease.batch.0;
        }
        answer
    }

    /// Number and verdict of each finding of a batch.
    fn findings(&self, batch: u32) -> Vec<(Option<u32>, String)> {
        let sql = format!("SELECT stan, verdict FROM batch_findings WHERE batch = {batch} ORDER BY number");
        let rows = self.centre.store.rows(&sql, values![]).unwrap();
        rows.iter().map(|row| (row.get("stan").unwrap(), row.get("verdict").unwrap())).collect()
    }

    /// What the findings of the first batch say.
    fn words(&self) -> Vec<String> {
        let rows = self.centre.store.rows("SELECT what FROM batch_findings WHERE batch = 1 ORDER BY number", values![]);
        rows.unwrap().iter().map(|row| row.get("what").unwrap()).collect()
    }

    fn at_hour(&mut self, hours: i64) {
        let now = noon_here().checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        self.centre.set_clock(Box::new(SetClock::new(now)));
    }
}

/// Two sold, one reversed, one refused.
fn worked() -> Till {
    let mut till = Till::new();
    till.sell(1, 3_580);
    till.sell(2, 500);
    till.buy(3, 700);
    till.end(3, Ended::Reversed);
    assert_eq!(till.buy(4, 90_000_000), Some(Answer::Refused(Reason::InsufficientFunds)));
    till
}

#[test]
fn equal_totals_settle_the_batch_once_and_the_next_one_begins_with_1() {
    let mut till = worked();
    let totals = till.totals();
    for _ in 0..3 {
        assert_eq!(till.settle(), BALANCED);
    }
    let other = totals.and(Deal::Purchase, Fen(1), Fen(1)).unwrap();
    assert_eq!(till.settle_with(other), SETTLED);
    assert_eq!((till.upload_of_nothing(), till.say(Body::UploadDone { count: 0 })), (BALANCED, BALANCED));
    // Nothing new is done in it; what is known is answered as before.
    for _ in 0..2 {
        assert_eq!(till.buy(5, 100), SETTLED);
    }
    assert!(matches!(till.buy(1, 3_580), Some(Answer::Approved(_))));
    assert_eq!(till.say(Body::Echo), Some(Answer::Done), "the session goes on");
    assert_eq!(till.sign_in(), Some(signed_in(2, 1)));
    assert_eq!(till.sign_in(), Some(signed_in(2, 1)));
    till.batch = 1;
    assert_eq!((till.buy(5, 100), till.settle(), till.settle_with(other)), (SETTLED, BALANCED, SETTLED));
    till.batch = 2;
    till.entries.clear();
    till.sell(1, 200);
    assert_eq!((till.settle(), till.sign_in()), (BALANCED, Some(signed_in(3, 1))));
    assert_eq!((till.findings(1), till.findings(2)), (vec![], vec![]));
    let card = now(&till.centre, &till.card);
    assert_eq!(till.card.account.0 - card.account.0, 3_580 + 500 + 200);
}

impl Till {
    fn upload_of_nothing(&mut self) -> Option<Answer> {
        let entry = self.entries[0];
        self.say(Body::Upload { from: 1, entries: &[entry] })
    }
}

#[test]
fn after_999_999_comes_1_of_the_next_batch() {
    let mut till = Till::new();
    till.sell(999_998, 100);
    assert_eq!(till.sign_in(), Some(signed_in(1, 999_999)));
    till.sell(999_999, 200);
    assert_eq!((till.settle(), till.sign_in()), (BALANCED, Some(signed_in(2, 1))));
    till.entries.clear();
    till.sell(1, 300);
    assert_eq!((till.settle(), till.sign_in()), (BALANCED, Some(signed_in(3, 1))));
    // A batch that ended without a settlement is settled later.
    till.entries.clear();
    till.sell(999_999, 400);
    assert_eq!(till.sign_in(), Some(signed_in(4, 1)));
    till.batch = 3;
    assert_eq!(till.settle(), BALANCED);
    till.batch = 4;
    till.entries.clear();
    till.sell(1, 1);
    assert_eq!(till.settle(), BALANCED);
}

#[test]
fn whoever_has_not_the_lease_settles_nothing() {
    let mut till = worked();
    let refused = Some(Answer::Refused(Reason::NotSignedIn));
    till.batch = 2;
    assert_eq!(till.settle(), refused, "a batch to come");
    till.batch = 1;
    till.centre.release(InstitutionCode::new(PHARMACY).unwrap(), TILL).unwrap();
    let entry = till.entries[0];
    assert_eq!(till.settle(), refused);
    assert_eq!(till.say(Body::Upload { from: 1, entries: &[entry] }), refused);
    assert_eq!(till.say(Body::UploadDone { count: 1 }), refused);
    let lines = till.centre.journal().unwrap();
    assert_eq!(lines.iter().filter(|line| line.reason == Some(Reason::NotSignedIn)).count(), 4, "on record");
    till.place = STRANGER;
    assert_eq!(till.settle(), Some(Answer::Refused(Reason::InstitutionUnknown)));
}

#[test]
fn totals_come_first_and_an_upload_that_lacks_a_place_is_asked_for_again() {
    let mut till = worked();
    assert_eq!((till.upload_of_nothing(), till.say(Body::UploadDone { count: 0 })), (OPEN, OPEN));
    assert_eq!(till.settle_with(Totals::default()), DIFFERS);
    let [first, second, third] = till.entries[..] else { panic!("three") };
    assert_eq!(till.say(Body::Upload { from: 3, entries: &[third] }), DIFFERS);
    assert_eq!(till.say(Body::UploadDone { count: 3 }), DIFFERS);
    // Said again it stands there once, and what is beyond the end is of an upload that was given up.
    for from in [1, 1, 3, 4, 5] {
        assert_eq!(till.say(Body::Upload { from, entries: &[first, second] }), DIFFERS);
    }
    assert_eq!(till.say(Body::Upload { from: 3, entries: &[third] }), DIFFERS);
    assert_eq!(till.say(Body::UploadDone { count: 3 }), CLOSED);
    assert_eq!(till.findings(1), [(None, "totals".to_owned())]);
    // Totals said anew begin anew.
    let mut till = worked();
    till.settle_with(Totals::default());
    till.upload_of_nothing();
    till.settle_with(Totals::default());
    assert_eq!(till.say(Body::UploadDone { count: 1 }), DIFFERS);
    assert_eq!(till.settle(), BALANCED, "and those that agree settle it");
}

/// At each kind of place the totals have their own row.
#[test]
fn each_kind_of_transaction_has_a_sum_of_its_own() {
    let card = inactive(b"X00000019");
    let bill = Operation::Settle(Bill::new(Fen(12_000), Fen(8_000)).unwrap());
    for (place, operation, deal, total, charge) in [
        (BANK, apply(&card), Deal::Apply, 0, 0),
        (HOSPITAL, bill, Deal::Settle, 12_000, 4_000),
        (PHARMACY, purchase(3_580), Deal::Purchase, 3_580, 3_580),
    ] {
        let mut till = Till::at(place);
        // A query counts nothing.
        assert!(matches!(till.transact(9, &Operation::Query), Some(Answer::Approved(_))));
        assert!(matches!(till.transact(1, &operation), Some(Answer::Approved(_))));
        till.end(1, Ended::Confirmed);
        let sum = till.totals().of(deal);
        assert_eq!((sum.count, sum.total, sum.charge), (1, Fen(total), Fen(charge)));
        assert_eq!(till.settle(), BALANCED, "{place}");
    }
}

/// Under the working key alone, and the answer is bound to its request.
#[test]
fn a_settlement_in_bytes_is_under_the_working_key() {
    let mut till = worked();
    let mut keys = keys_of(&mut till.centre, PHARMACY, TILL, test_mac_key());
    let (institution, totals) = (InstitutionCode::new(PHARMACY).unwrap(), till.totals());
    let body = Body::SettleBatch { totals: &totals };
    let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body };
    let mut buffer = [0; MESSAGE_MAX];
    let (_, forged) =
        qiyong_protocol::centre::message::write_request(&request, Stan(9), &test_mac_key(), &mut buffer).unwrap();
    let answer = till.centre.handle_bytes(forged).unwrap().unwrap();
    let answer = qiyong_protocol::centre::iso8583::Message::read(&answer).unwrap();
    assert_eq!(answer.field(39).unwrap().bytes, b"A0", "the master key signs in, and no more");
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = keys.write(&request, Stan(9), &mut buffer).unwrap();
    let answer = till.centre.handle_bytes(bytes).unwrap().unwrap();
    assert_eq!(keys.read(&answer, &sent).ok(), BALANCED);
}
