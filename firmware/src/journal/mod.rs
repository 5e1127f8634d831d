//! The journal of transactions: what a terminal has begun, and what became of it, until terminal and centre agree
//! (docs/design.md §1, invariants 1 and 3; docs/never-lost.md §2).
//!
//! Whenever a transaction changes its [`State`], a whole snapshot of it is written anew; the newest one counts. Of the open
//! ones, at most [`OPEN_MAX`], the newest snapshots are in RAM; of the closed ones only how many there are, and the totals.
//! `item` is the bytes of a snapshot, `ring` the pages.
//!
//! There is no index. A snapshot is needed still if it is the newest of an open transaction, or a closed one of the present
//! batch. When pages run short, what is needed of the oldest is copied to a fresh one, in the same order and with the same numbers;
//! then the oldest counts no longer. So of one transaction a later snapshot always lies behind an earlier one, whatever was
//! copied, and a start reads all of them in one pass.

mod item;
mod ring;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use item::Snapshot;
pub use item::State;

use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;
use qiyong_protocol::centre::{Batch, Deal, Ended, Entry as Upload, Sum, TerminalId, Totals};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use zerocopy::byteorder::little_endian::U32;

use crate::faults::{Fault, has};
use crate::keyring::Name;
use crate::terminal::{Closed, MemoryError, Owed, Transaction};
use item::Item;
use ring::{Ring, Span};

/// The most transactions that are open at a time. Only the parked ones can be more than one.
pub const OPEN_MAX: usize = 8;
/// The most transactions of a batch that are kept, if the region has room for so many (docs/never-lost.md §5).
pub const BATCH_MAX: u32 = 400;
/// So many pages are free whenever nothing is being written: one to copy to, and one in its place if that is worn out.
const RESERVE: u32 = 2;

/// A batch of a name.
pub(crate) type Leased = (InstitutionCode, TerminalId, Batch);

/// A transaction in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the centre knows it by.
    pub transaction: Transaction,
    /// What it does.
    pub deal: Deal,
    /// Where it stands.
    pub state: State,
    /// What the personal account paid, once that is known.
    pub charge: Fen,
    /// The centre did not take what it is owed, and others go on meanwhile.
    pub parked: bool,
}

impl Entry {
    /// What a terminal uploads of it when totals differ; `None`: it is open, or never stood at the centre.
    pub(crate) const fn upload(&self) -> Option<Upload> {
        let (charge, ended) = match self.state {
            State::Closed(Closed::Confirmed, _) => (self.charge, Ended::Confirmed),
            State::Closed(Closed::Reversed, _) => (Fen(0), Ended::Reversed),
            State::Closed(Closed::Unsent | Closed::Refused, _)
            | State::Begun
            | State::Answered
            | State::CardResult(_) => return None,
        };
        let Transaction { stan, original, .. } = self.transaction;
        Some(Upload { stan, deal: self.deal, original, charge, ended })
    }
}

/// What is known of the closed transactions of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    closed: u32,
    totals: Totals,
}

impl Sums {
    /// Counts one more.
    fn count(&mut self, snapshot: &Snapshot) {
        self.closed = self.closed.saturating_add(1);
        if let Some((transaction, deal, State::Closed(Closed::Confirmed, _), charge)) = snapshot.parts() {
            // A batch has no more numbers than fit, and a message no larger amount.
            self.totals = self.totals.and(deal, transaction.original.total, charge).unwrap_or(self.totals);
        }
    }
}

/// The journal in `PAGES` pages of a flash, which every method is given.
#[derive(Debug)]
pub(crate) struct Journal<F, const PAGES: u32> {
    ring: Ring<F, PAGES>,
    /// The pages that count.
    span: Option<Span>,
    /// The newest page.
    page: u32,
    /// Its first place that was never written to.
    place: u32,
    /// The number of the last item.
    sequence: u32,
    /// The newest snapshots of the open transactions.
    open: Vec<Snapshot, OPEN_MAX>,
    /// The present batch.
    leased: Option<Leased>,
    sums: Sums,
    /// The highest number used in it, 0 if none was.
    last: u32,
}

impl<F: NorFlash, const PAGES: u32> Journal<F, PAGES> {
    /// How many transactions of a batch are kept: with those that are open at most three quarters of the places, so that
    /// there is always something that is needed no longer.
    pub(crate) const ROOM: u32 = {
        let places = (PAGES - RESERVE) * Ring::<F, PAGES>::PLACES * 3 / 4;
        let room = places.saturating_sub(OPEN_MAX as u32);
        match room {
            0 => 1,
            1..BATCH_MAX => room,
            _ => BATCH_MAX,
        }
    };

    /// One whose first page begins at the byte `start`. It knows nothing before [`Journal::load`].
    pub(crate) const fn new(start: u32) -> Self {
        Self::with(Ring::new(start))
    }

    const fn with(ring: Ring<F, PAGES>) -> Self {
        const NOTHING: Sum = Sum { count: 0, total: Fen(0), charge: Fen(0) };
        let sums = Sums { closed: 0, totals: Totals { apply: NOTHING, settle: NOTHING, purchase: NOTHING } };
        Self { ring, span: None, page: 0, place: 0, sequence: 0, open: Vec::new(), leased: None, sums, last: 0 }
    }

    /// Recalls what is in flash. `leased` is the present batch: of any other one only what is open counts.
    ///
    /// # Errors
    /// When the flash cannot be read, a page that counts has decayed, or something is another version's.
    pub(crate) fn load(&mut self, flash: &mut F, leased: Option<Leased>) -> Result<(), MemoryError> {
        let ring = self.ring;
        *self = Self::with(ring);
        self.leased = leased;
        self.span = ring.span(flash)?;
        let mut fits = true;
        ring.walk(flash, self.span, |snapshot| fits &= self.recall(snapshot))?;
        if !fits {
            // Nobody wrote that: what closed these has decayed.
            return Err(MemoryError::Unreadable);
        }
        if let Some(Span { newest, .. }) = self.span {
            self.page = ring.find(flash, newest, 0)?;
            self.place = ring.first_erased(flash, self.page)?;
        }
        Ok(())
    }

    /// Takes note of a snapshot from flash. False if there are more open ones than there can be.
    fn recall(&mut self, snapshot: &Snapshot) -> bool {
        self.sequence = self.sequence.max(snapshot.sequence.get());
        self.note_number(snapshot);
        if has(Fault::FirstItemCounts) && self.open.iter().any(|open| open.is_same(snapshot)) {
            return true;
        }
        self.take(snapshot)
    }

    /// The newest snapshot of a transaction is this from now on. False if there are more open ones than there can be.
    fn take(&mut self, snapshot: &Snapshot) -> bool {
        if snapshot.is_closed() {
            self.open.retain(|open| !open.is_same(snapshot));
            if self.is_present(snapshot) {
                self.sums.count(snapshot);
            }
            return true;
        }
        match self.open.iter_mut().find(|open| open.is_same(snapshot)) {
            Some(open) => {
                *open = *snapshot;
                true
            }
            None => self.open.push(*snapshot).is_ok(),
        }
    }

    fn note_number(&mut self, snapshot: &Snapshot) {
        let number = self.leased.and_then(|leased| snapshot.number_in(leased));
        self.last = self.last.max(number.unwrap_or_default());
    }

    fn is_present(&self, snapshot: &Snapshot) -> bool {
        self.leased.is_some_and(|leased| snapshot.number_in(leased).is_some())
    }

    /// The highest number that was used in the present batch, 0 if none was.
    pub(crate) const fn last(&self) -> u32 {
        self.last
    }

    /// What was booked in the present batch.
    pub(crate) const fn totals(&self) -> Totals {
        self.sums.totals
    }

    /// How many transactions of the present batch are closed.
    pub(crate) const fn closed(&self) -> u32 {
        self.sums.closed
    }

    /// Whether the present batch takes no more transactions.
    pub(crate) fn is_full(&self) -> bool {
        self.sums.closed + self.open.len() as u32 >= Self::ROOM
    }

    /// How many transactions are open and parked.
    pub(crate) fn parked(&self) -> usize {
        self.open.iter().filter(|open| open.parked != 0).count()
    }

    /// What is owed first: for the open transaction that is not parked and was left alone for the longest time.
    pub(crate) fn owed(&self) -> Option<Owed> {
        let (transaction, _, state, _) = self.first()?.parts()?;
        match state {
            State::Begun | State::Answered => Some(Owed::Reverse(transaction)),
            State::CardResult(result) => Some(Owed::Confirm(transaction, result)),
            State::Closed(..) => None,
        }
    }

    /// Whether anything is open under this name, parked or not.
    pub(crate) fn owes_as(&self, name: Name) -> bool {
        self.open.iter().any(|open| open.is_of(name))
    }

    fn first(&self) -> Option<&Snapshot> {
        self.open.iter().filter(|open| open.parked == 0).min_by_key(|open| open.sequence.get())
    }

    /// Shows the open transactions and the closed ones of the present batch.
    ///
    /// # Errors
    /// Those of [`Journal::load`].
    pub(crate) fn list(&self, flash: &mut F, mut see: impl FnMut(Entry)) -> Result<(), MemoryError> {
        let mut show = |snapshot: &Snapshot| {
            if let Some((transaction, deal, state, charge)) = snapshot.parts() {
                see(Entry { transaction, deal, state, charge, parked: snapshot.parked != 0 });
            }
        };
        self.open.iter().for_each(&mut show);
        self.ring.walk(flash, self.span, |snapshot| {
            if snapshot.is_closed() && self.is_present(snapshot) {
                show(snapshot);
            }
        })
    }

    /// Notes that a transaction begins.
    ///
    /// # Errors
    /// When there is no room for it, or no page takes it: nothing has begun.
    pub(crate) fn begin(&mut self, flash: &mut F, transaction: &Transaction, kind: Deal) -> Result<(), MemoryError> {
        if (self.is_full() || self.open.is_full()) && !has(Fault::NoBound) {
            return Err(MemoryError::JournalFull);
        }
        let snapshot = Snapshot::begin(transaction, kind);
        if has(Fault::BegunInRam) {
            let _ = self.take(&snapshot);
            return Ok(());
        }
        self.append(flash, snapshot)
    }

    /// Notes what happened to the transaction for which something is owed first.
    ///
    /// # Errors
    /// When nothing is owed, or no page takes it: then it stands as before.
    pub(crate) fn change(&mut self, flash: &mut F, change: impl FnOnce(&mut Snapshot)) -> Result<(), MemoryError> {
        let mut snapshot = *self.first().ok_or(MemoryError::Worn)?;
        change(&mut snapshot);
        if has(Fault::ClosedInRam) && snapshot.is_closed() {
            let _ = self.take(&snapshot);
            return Ok(());
        }
        self.append(flash, snapshot)
    }

    /// What was parked holds up others again, until it is parked anew.
    pub(crate) fn resume(&mut self) {
        self.open.iter_mut().for_each(|open| open.parked = 0);
    }

    /// Writes a snapshot. What cannot be read again is written once more elsewhere.
    fn append(&mut self, flash: &mut F, mut snapshot: Snapshot) -> Result<(), MemoryError> {
        snapshot.sequence = U32::new(self.sequence.saturating_add(1));
        // Pages that do not take what is written.
        let mut worn = 0;
        // Each turn opens a page, or finds one that is worn.
        for _ in 0..3 * PAGES {
            if self.span.is_some() && self.place < Ring::<F, PAGES>::PLACES {
                if self.ring.write(flash, self.page, self.place, &Item::of(snapshot)) {
                    self.place += 1;
                    self.sequence = snapshot.sequence.get();
                    self.note_number(&snapshot);
                    let _ = self.take(&snapshot);
                    return Ok(());
                }
                // The rest of this page is not trusted, what is on it is.
                self.place = Ring::<F, PAGES>::PLACES;
            }
            self.open_page(flash, &mut worn)?;
        }
        Err(MemoryError::Worn)
    }

    /// Begins another page, with what is needed of the oldest ones if pages run short. A page that does not take it is noted in
    /// `worn`; then all is as before.
    fn open_page(&mut self, flash: &mut F, worn: &mut u32) -> Result<(), MemoryError> {
        let (ring, span) = (self.ring, self.span.unwrap_or(Span { oldest: 1, newest: 0 }));
        let (page, usable) = ring.free(flash, span, self.page, *worn)?.ok_or(MemoryError::Worn)?;
        let taken = self.worth_copying(flash, span, usable)?;
        let opened = Span { oldest: span.oldest + taken, newest: span.newest + 1 };
        let mut place = ring.open(flash, page, opened, taken > 0).then_some(0);
        if has(Fault::SealedBeforeCopied) {
            let _ = ring.seal(flash, page);
        }
        for number in span.oldest..opened.oldest {
            if let Some(free) = place {
                place = self.copy(flash, number, (page, free))?;
            }
        }
        match place {
            Some(place) if taken == 0 || ring.seal(flash, page) => {
                (self.span, self.page, self.place) = (Some(opened), page, place);
            }
            _ => *worn |= 1 << page,
        }
        Ok(())
    }

    /// Copies what is needed of the page with this number to `page`, from the place `free` on. Returns the place after it;
    /// `None` if the page does not take it.
    fn copy(&self, flash: &mut F, number: u32, (page, mut free): (u32, u32)) -> Result<Option<u32>, MemoryError> {
        let from = self.ring.find(flash, number, 0)?;
        for old in 0..Ring::<F, PAGES>::PLACES {
            let Some(mut snapshot) = self.ring.item(flash, from, old)?.snapshot()? else { continue };
            if !self.is_needed(&snapshot) {
                continue;
            }
            if has(Fault::CopyRenumbered) {
                snapshot.sequence += U32::new(1000);
            }
            if !self.ring.write(flash, page, free, &Item::of(snapshot)) {
                return Ok(None);
            }
            free += 1;
        }
        Ok(Some(free))
    }

    /// How many of the oldest pages are copied to the next one, so that enough are free afterwards.
    fn worth_copying(&self, flash: &mut F, span: Span, usable: u32) -> Result<u32, MemoryError> {
        let (mut taken, mut needed) = (0, 0);
        for number in span.oldest..=span.newest {
            if usable + taken > RESERVE {
                break;
            }
            let page = self.ring.find(flash, number, 0)?;
            self.ring.walk_page(flash, page, |snapshot| needed += u32::from(self.is_needed(snapshot)))?;
            // One place at least is for what is written next; if the oldest page is full of what is needed, the one after it
            // is not.
            if taken > 0 && needed >= Ring::<F, PAGES>::PLACES {
                break;
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// Whether a snapshot is needed still.
    fn is_needed(&self, snapshot: &Snapshot) -> bool {
        if !snapshot.is_closed() {
            let is_open = |open: &&Snapshot| open.is_same(snapshot) && open.sequence == snapshot.sequence;
            let dropped =
                |open: &Snapshot| has(Fault::OpenNotCopied) || has(Fault::ParkedNotCopied) && open.parked != 0;
            return self.open.iter().find(is_open).is_some_and(|open| !dropped(open));
        }
        self.is_present(snapshot) && !has(Fault::ClosedNotCopied)
    }
}
