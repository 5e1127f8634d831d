//! The oracle: a plain list of all transactions that were ever begun, beside a terminal's memory that is told the same.

use std::format;
use std::string::String;
use std::vec::Vec;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Policy, Stan, TerminalId, Totals};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::flash::Flash;
use crate::journal::{Entry, OPEN_MAX, State};
use crate::storage::Store;
use crate::terminal::{Closed, Memory, MemoryError, Owed, Settings};

pub(super) const RECORDS: u32 = 3;
pub(super) const JOURNAL: u32 = 6;
/// The entries of a batch for which six pages with six items each have room.
pub(super) const ROOM: usize = 10;
/// After so many rounds something is parked.
pub(super) const ROUNDS: u8 = 2;

pub(super) type Memory6 = Store<Flash, RECORDS, 0, JOURNAL>;
pub(super) type Verdict = Result<(), String>;

/// What happens to a terminal's memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Begin(Deal),
    Answered(u64),
    CardResult(Option<Reason>),
    Close(Closed),
    Missed,
    Resume,
    /// A sign-in that brings another batch.
    Batch,
    Restart,
}

/// A transaction.
#[derive(Clone, Debug)]
struct One {
    entry: Entry,
    rounds: u8,
    /// When it changed last, and whether it was parked then: a start knows no more.
    changed: u64,
    parked: bool,
}

impl One {
    fn is_open(&self) -> bool {
        !matches!(self.entry.state, State::Closed(..))
    }
}

/// What the memory must have.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    entries: Vec<One>,
    batch: u32,
    /// How often something was begun: cards and bills are by this.
    begun: u64,
    changes: u64,
}

pub(super) fn settings() -> Settings {
    let settings = Settings::at(InstitutionCode::new("P32010000017").unwrap(), TerminalId(*b"00000001"));
    Settings { policy: Policy { rounds: ROUNDS, ..Policy::DEFAULT }, ..settings }
}

fn original(begun: u64) -> Original {
    let card = CardNumber::new(format!("X0000{:03}9", begun % 1000).as_bytes()).unwrap();
    Original { card, total: Fen(begun * 7), time: Timestamp::UNSET.after(begun as u32) }
}

impl Model {
    /// That of a terminal that has signed in.
    pub(super) fn signed_in(memory: &mut Memory6) -> Self {
        memory.keep_lease(&settings(), Lease { batch: Batch(1), next: Stan(1) }).unwrap();
        Self { batch: 1, ..Self::default() }
    }

    fn open(&self) -> impl Iterator<Item = &One> {
        self.entries.iter().filter(|one| one.is_open())
    }

    /// That of which something is owed first: nothing happened to it for the longest time.
    fn owed(&self) -> Option<&One> {
        self.open().filter(|one| !one.entry.parked).min_by_key(|one| one.changed)
    }

    fn closed(&self) -> Vec<Entry> {
        let closed = self.entries.iter().filter(|one| !one.is_open()).map(|one| one.entry);
        closed.filter(|entry| entry.transaction.batch == Batch(self.batch)).collect()
    }

    /// The last number of the batch.
    fn last(&self, batch: Batch) -> u32 {
        let of = self.entries.iter().map(|one| one.entry.transaction).filter(|one| one.batch == batch);
        of.map(|one| one.stan.0).max().unwrap_or_default()
    }

    fn is_full(&self) -> bool {
        self.open().count() >= OPEN_MAX || self.open().count() + self.closed().len() >= ROOM
    }

    /// Does something with the memory and notes it here; what the memory says is compared. False if the power failed, and then
    /// nothing is noted here.
    pub(super) fn act(&mut self, memory: &mut Memory6, flash: &Flash, op: Op) -> Result<bool, String> {
        let mut after = self.clone();
        let done = after.try_act(memory, flash, op);
        if flash.is_off() {
            return Ok(false);
        }
        done?;
        *self = after;
        Ok(true)
    }

    fn try_act(&mut self, memory: &mut Memory6, flash: &Flash, op: Op) -> Verdict {
        let said = |result: Result<(), MemoryError>| result.map_err(|error| format!("{op:?}: {error}"));
        match op {
            Op::Begin(kind) => {
                let (is_full, original) = (self.is_full(), original(self.begun));
                let begun = memory.begin(&settings(), original, kind);
                match (begun, is_full) {
                    (Err(MemoryError::JournalFull), true) => return Ok(()),
                    (Ok((batch, stan)), false) => self.begin(batch, stan, kind, original)?,
                    (begun, _) => return Err(format!("{op:?} is {begun:?}, full {is_full}")),
                }
            }
            Op::Restart => {
                *memory = Store::open(flash.clone(), None);
                *self = self.clone().restarted();
            }
            Op::Batch => {
                self.batch += 1;
                said(memory.keep_lease(&settings(), Lease { batch: Batch(self.batch), next: Stan(1) }))?;
            }
            Op::Resume => {
                memory.resume();
                self.entries.iter_mut().for_each(|one| one.entry.parked = false);
            }
            _ => {
                let Some(changed) = self.owed().map(|one| one.changed) else { return Ok(()) };
                self.changes += 1;
                let Some(one) = self.entries.iter_mut().find(|one| one.changed == changed) else { return Ok(()) };
                one.changed = self.changes;
                let One { entry, rounds, .. } = one;
                let done = match op {
                    Op::Answered(charge) => {
                        (entry.state, entry.charge) = (State::Answered, Fen(charge));
                        memory.answered(Fen(charge))
                    }
                    Op::CardResult(result) => {
                        entry.state = State::CardResult(result);
                        memory.card_result(result)
                    }
                    Op::Close(how) => {
                        entry.state = State::Closed(how, None);
                        memory.close(how, None)
                    }
                    _ => {
                        *rounds += 1;
                        entry.parked = *rounds >= ROUNDS;
                        memory.missed(ROUNDS).map(drop)
                    }
                };
                one.parked = one.entry.parked;
                said(done)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, batch: Batch, stan: Stan, kind: Deal, original: Original) -> Verdict {
        let last = self.last(batch);
        if batch.0 != self.batch || stan.0 != last + 1 {
            return Err(format!("{stan:?} of {batch:?} follows {last} of {}", self.batch));
        }
        let Settings { institution, terminal, .. } = settings();
        let transaction = crate::terminal::Transaction { institution, terminal, batch, stan, original };
        let entry = Entry { transaction, deal: kind, state: State::Begun, charge: Fen(0), parked: false };
        (self.begun, self.changes) = (self.begun + 1, self.changes + 1);
        self.entries.push(One { entry, rounds: 0, changed: self.changes, parked: false });
        Ok(())
    }

    /// The model after `op`, in which the power failed, if it was done after all.
    pub(super) fn done(&self, op: Op) -> Self {
        let mut after = self.clone();
        let flash = Flash::new(RECORDS + JOURNAL);
        match op {
            Op::Begin(kind) if !self.is_full() => {
                let batch = Batch(self.batch);
                let _ = after.begin(batch, Stan(self.last(batch) + 1), kind, original(self.begun));
            }
            // What the memory says to it is of no interest here.
            Op::Begin(_) => {}
            _ => drop(after.try_act(&mut Store::open(flash.clone(), None), &flash, op)),
        }
        after
    }

    /// Compares all that the memory knows.
    pub(super) fn compare(&self, memory: &mut Memory6) -> Verdict {
        if let Some(trouble) = memory.trouble() {
            return Err(format!("{trouble}"));
        }
        let mut found = Vec::new();
        memory.list(|entry| found.push(entry)).map_err(|error| format!("{error}"))?;
        let mut expected: Vec<Entry> = self.open().map(|one| one.entry).chain(self.closed()).collect();
        let order = |entry: &Entry| (entry.transaction.batch, entry.transaction.stan);
        found.sort_by_key(order);
        expected.sort_by_key(order);
        if found != expected {
            let short = |entries: &[Entry]| {
                let short = entries.iter().map(|Entry { transaction: of, state, parked, .. }| {
                    format!("{}/{} {state:?}{}", of.batch.0, of.stan.0, if *parked { " parked" } else { "" })
                });
                short.collect::<Vec<_>>().join(", ")
            };
            return Err(format!("has [{}] instead of [{}]", short(&found), short(&expected)));
        }
        let mut totals = Totals::default();
        for entry in self.closed() {
            if matches!(entry.state, State::Closed(Closed::Confirmed, _)) {
                let total = totals.of_mut(entry.deal);
                total.count += 1;
                total.total.0 += entry.transaction.original.total.0;
                total.charge.0 += entry.charge.0;
            }
        }
        if memory.totals() != totals {
            return Err(format!("{:?} instead of {totals:?}", memory.totals()));
        }
        let owed = self.owed().map(|one| match one.entry.state {
            State::CardResult(result) => Owed::Confirm(one.entry.transaction, result),
            _ => Owed::Reverse(one.entry.transaction),
        });
        let parked = self.open().filter(|one| one.entry.parked).count();
        if (memory.owed(), memory.parked()) != (Ok(owed), parked) {
            return Err(format!("{:?} is owed instead of {owed:?}, {} parked", memory.owed(), memory.parked()));
        }
        let highest = expected.iter().filter(|entry| entry.transaction.batch == Batch(self.batch));
        match highest.map(|entry| entry.transaction.stan).max() {
            Some(highest) if memory.next() <= highest => Err(format!("{:?} comes after {highest:?}", memory.next())),
            _ => Ok(()),
        }
    }

    /// After a start: what was resumed in RAM alone is parked again.
    pub(super) fn restarted(mut self) -> Self {
        self.entries.iter_mut().for_each(|one| one.entry.parked = one.parked);
        self
    }
}
