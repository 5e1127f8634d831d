//! What a terminal keeps over a power cut: its settings and keys, the numbers it has used, its journal of transactions, how
//! often it started and how it crashed last.
//!
//! [`Store`] keeps the journal (its own module) and, as one record of 160 bytes, all else. It writes the whole record anew whenever
//! something changes, so that what belongs together is kept together or not at all. `record` is its bytes, `log` the pages, `keys` what
//! becomes of a key, [`Crash`] what a panic or fault leaves behind. Where the pages are is a driver's business: any [`NorFlash`] will do that is
//! written in pieces of 8 bytes or less.
//!
//! The region is [`REGION`] pages of 2 KiB. The records lie in the first [`PAGES`], in turn; the journal, in the others, shares
//! neither a page nor an erasure with them.
//!
//! ```text
//! ┌────────┬────────┬────────┬─   ─┬────────┬────────┬─                        ─┬─────────┐
//! │ page 0 │ page 1 │ page 2 │ ... │ page 7 │ page 8 │ ...                      │ page 31 │
//! │        │        │        │     │        │        │                          │         │
//! │ older  │ newest │ oldest │ ... │ older  │        │ the journal              │         │
//! └────────┴────────┴────────┴─   ─┴────────┴────────┴─                        ─┴─────────┘
//!
//! A page of records:
//! ┌────────┬─────────────────────────────────┬───────────┬────────┬───────────┬─   ─┬──────────┬────────┐
//! │  mark  │ header of record 22             │ record 22 │ header │ record 23 │ ... │ not yet  │ always │
//! │ zeros  │ CRC-32, length, CRC-16 of that  │           │        │           │     │ written  │ erased │
//! └────────┴─────────────────────────────────┴───────────┴────────┴───────────┴─   ─┴──────────┴────────┘
//! 0        8                                 16          176      184         344              2040     2048
//! ```
//!
//! A record is whole if its CRC is right; of the whole ones, the one with the highest number counts. So it does not matter what a
//! power cut leaves of a double word or page that was being written or erased: the page of the newest record is only appended
//! to, every other page is erased before it is used again, and what is not whole is no record. After a record was written, it is
//! looked for in the way in which the next start will look. If it is not found, it is written to the next page; if no page takes
//! it, that is [`MemoryError::Worn`].
//!
//! A transaction costs one record, a start one, a new lease one, and a key one. 12 fit a page, which stands 10 000 erasures
//! (STM32L475 data sheet), so the pages last for 960 000 transactions: 26 years of a hundred a day. A transaction's number is noted in the
//! journal first, and in the record then: whichever is ahead decides about the next one (docs/never-lost.md §3).
//!
//! A region that holds no record of ours, blank or with anything in it, is a fresh one: its pages are erased one by one, when
//! they are needed. One that holds records of another version is left as it is: [`MemoryError::OtherVersion`].
//!
//! Pages and headers are those of a queue of sequential-storage (8.0), one page each, and that crate can read them, as tests
//! show. It does not write them here. Its queue took 7 KiB more of the image than `log` did (13 164 against 5 880 bytes
//! with all around it, at `opt-level = "z"`), most of it for states of pages that a queue of one page does not have; and it
//! has bounds checks that can panic, as far as the compiler sees.

mod crash;
#[cfg(doctest)]
mod flashes;
mod keys;
mod log;
mod record;

pub use crash::Crash;

use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;
use qiyong_protocol::centre::{
    Batch, Deal, Entry as Upload, Lease, Original, Policy, Stan, TerminalId, Token, Totals, UPLOAD_MAX,
};
use qiyong_protocol::ecr::State;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;
use zerocopy::IntoBytes;
use zerocopy::byteorder::little_endian::U32;

use crate::faults::{Fault, has};
use crate::journal::{self, Entry, Journal};
use crate::keyring::Name;
use crate::pages;
use crate::terminal::{Closed, Duties, Memory, MemoryError, Owed, Settings, Transaction};
use log::Log;
use record::Record;

/// How many pages, from the first of the region, are for records.
pub const PAGES: u32 = 8;
/// How many pages behind them are for the journal.
pub const JOURNAL_PAGES: u32 = 24;
/// How many pages the region has.
pub const REGION: u32 = PAGES + JOURNAL_PAGES;

/// The terminal's memory in flash: `COUNT` pages of records, of which the first begins at the byte `START` of `F`, and behind
/// them `JOURNAL` pages of the journal.
///
/// The compiler refuses a flash that cannot hold it. Both [sizes](NorFlash) of `F` in which it is read and written must divide
/// 8 bytes; a page (`ERASE_SIZE`) must be a multiple of 8 bytes and at least 184; there must be two pages of records and four
/// of the journal, and `START` must be where a page begins. How many pages `F` really has is not known before the program runs:
/// where they are too few, [`Store::trouble`] is [`MemoryError::Unreadable`].
#[derive(Debug)]
pub struct Store<F, const COUNT: u32 = PAGES, const START: u32 = 0, const JOURNAL: u32 = JOURNAL_PAGES> {
    flash: F,
    log: Log<F, COUNT, START>,
    journal: Journal<F, JOURNAL>,
    /// The newest record.
    record: Record,
    /// Why the newest record or the journal could not be read; then nothing is written either.
    unreadable: Option<MemoryError>,
    /// Why the last change was not kept.
    trouble: Option<MemoryError>,
}

impl<F: NorFlash, const COUNT: u32, const START: u32, const JOURNAL: u32> Store<F, COUNT, START, JOURNAL> {
    /// Where the journal begins.
    const JOURNAL_START: u32 = {
        pages::fits::<F>(COUNT + JOURNAL, START);
        START + COUNT * F::ERASE_SIZE as u32
    };

    /// Recalls what is kept in `flash`, and counts this start and the crash before it, if there was one. Never fails:
    /// [`Store::trouble`] tells whether that worked, and every method of [`Memory`] tells it again.
    pub fn open(flash: F, crash: Option<Crash>) -> Self {
        let mut store = Self::recall(flash);
        if let Err(error) = store.take_over() {
            // What the record alone knows must stay there.
            store.unreadable = Some(error);
        }
        let mut record = store.record.clone();
        record.renew();
        record.starts = U32::new(record.starts.get().saturating_add(1));
        if let Some(crash) = crash {
            record.crashes = U32::new(record.crashes.get().saturating_add(1));
            record.set_crash(crash);
        }
        let _ = store.keep(&mut record);
        store
    }

    /// Recalls what is kept and counts nothing, as for a look at another terminal's memory.
    pub fn recall(flash: F) -> Self {
        let (log, journal) = (Log::new(), Journal::new(Self::JOURNAL_START));
        let mut store = Self { flash, log, journal, record: Record::fresh(), unreadable: None, trouble: None };
        let loaded = store.log.load(&mut store.flash).and_then(|record| {
            store.record = record;
            store.load_journal()
        });
        (store.unreadable, store.trouble) = (loaded.err(), loaded.err());
        store
    }

    /// Recalls the journal, as far as it concerns the record's batch.
    fn load_journal(&mut self) -> Result<(), MemoryError> {
        self.journal.load(&mut self.flash, self.record.leased())?;
        if !has(Fault::NumberFromRecord) {
            self.record.raise_next(self.journal.last());
        }
        Ok(())
    }

    /// Notes in the journal what a record from before it has. If the power fails before the next record is written, that is found
    /// again, and is in the journal already.
    fn take_over(&mut self) -> Result<(), MemoryError> {
        if self.unreadable.is_some() || has(Fault::OldEntryForgotten) {
            return Ok(());
        }
        match self.record.unanswered()? {
            Some((transaction, kind)) if self.journal.last() < transaction.stan.0 => {
                self.journal.begin(&mut self.flash, &transaction, kind)
            }
            _ => Ok(()),
        }
    }

    /// Keeps where the terminal stands, and the number of its next transaction if that is ahead of the one that is kept
    /// for this place: numbers never go back. What is owed stays owed under the name of its time.
    ///
    /// # Errors
    /// When that is not kept; then all is as before.
    pub fn set_up(
        &mut self,
        institution: InstitutionCode,
        terminal: TerminalId,
        next: Stan,
    ) -> Result<(), MemoryError> {
        let mut record = self.record.clone();
        record.set_place(institution, terminal);
        if !record.knows_next() || record.next().is_some_and(|own| own < next) {
            record.set_next(Some(next));
        }
        self.keep_changed(&mut record)
    }

    /// Where the terminal stands; `None` before it has been set up.
    pub fn place(&self) -> Option<Name> {
        self.record.place()
    }

    /// How often and how long to try, as the centre said at the last sign-in.
    pub fn policy(&self) -> Policy {
        self.record.policy()
    }

    /// A terminal where this one stands, with the usual waits and that policy. Before it has been set up it stands nowhere, and the
    /// link lets nothing through but its first key.
    pub fn settings(&self) -> Settings {
        let (institution, terminal) = self.place().unwrap_or((InstitutionCode::NOWHERE, TerminalId(*b"00000000")));
        Settings { policy: self.policy(), ..Settings::at(institution, terminal) }
    }

    /// The number of the next transaction, as far as is known: 1 before the first sign-in, and the last of the batch when all
    /// were used.
    pub fn next(&self) -> Stan {
        let unknown = if self.record.knows_next() { Stan::LAST } else { Stan(1) };
        self.record.next().unwrap_or(unknown)
    }

    /// Shows what the journal has: the open transactions and the closed ones of the present batch.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&mut self, see: impl FnMut(Entry)) -> Result<(), MemoryError> {
        self.readable()?;
        self.journal.list(&mut self.flash, see)
    }

    /// How often the terminal has started, this time included.
    pub const fn starts(&self) -> u32 {
        self.record.starts.get()
    }

    /// How often it crashed, and how the last time.
    pub fn crashes(&self) -> (u32, Option<Crash>) {
        (self.record.crashes.get(), self.record.crash())
    }

    /// What the till is told of a terminal that has just started, on a chip with this serial number.
    pub fn state(&self, serial: [u8; 12]) -> State {
        let Duties { reversal, confirmation, parked } = self.duties();
        State {
            set_up: false,
            reversal_due: reversal,
            confirmation_due: confirmation,
            parked,
            visit: None,
            next_stan: self.next(),
            starts: self.starts(),
            crashes: self.record.crashes.get(),
            serial,
            key: None,
        }
    }

    /// Why what is kept could not be read, or the last change of it not be written.
    pub const fn trouble(&self) -> Option<MemoryError> {
        self.trouble
    }

    /// Writes a record if it is not as the present one.
    fn keep_changed(&mut self, record: &mut Record) -> Result<(), MemoryError> {
        if record.as_bytes() == self.record.as_bytes() { Ok(()) } else { self.keep(record) }
    }

    /// Writes a record; it is the present one only if that succeeds.
    fn keep(&mut self, record: &mut Record) -> Result<(), MemoryError> {
        // The key of the name before is kept as long as it is good for something.
        if record.former_name().is_some_and(|former| !self.journal.owes_as(former)) {
            record.forget_former();
        }
        record.number = U32::new(record.number.get().saturating_add(1));
        let kept = self.readable().and_then(|()| self.log.append(&mut self.flash, record));
        self.trouble = kept.err();
        kept?;
        let is_other = record.leased() != self.record.leased();
        self.record.clone_from(record);
        if is_other && let Err(error) = self.load_journal() {
            (self.unreadable, self.trouble) = (Some(error), Some(error));
            return Err(error);
        }
        Ok(())
    }

    fn readable(&self) -> Result<(), MemoryError> {
        self.unreadable.map_or(Ok(()), Err)
    }

    /// Notes how the transaction goes on that [`Memory::owed`] is about.
    fn change(&mut self, change: impl FnOnce(&mut journal::Snapshot)) -> Result<(), MemoryError> {
        let changed = self.readable().and_then(|()| self.journal.change(&mut self.flash, change));
        self.trouble = changed.err();
        changed
    }
}

impl<F: NorFlash, const COUNT: u32, const START: u32, const JOURNAL: u32> Memory for Store<F, COUNT, START, JOURNAL> {
    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        self.readable()?;
        // One that the journal does not have yet was only looked at.
        let before = self.record.unanswered()?.filter(|(one, _)| self.journal.last() < one.stan.0);
        Ok(before.map(|(transaction, _)| Owed::Reverse(transaction)).or(self.journal.owed()))
    }

    fn parked(&self) -> usize {
        self.journal.parked()
    }

    fn resume(&mut self) {
        self.journal.resume();
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        if let Some(token) = self.record.token() {
            return Ok(token);
        }
        let mut record = self.record.clone();
        record.set_token(fresh);
        self.keep(&mut record)?;
        Ok(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, Lease { batch, next }: Lease) -> Result<(), MemoryError> {
        let mut record = self.record.clone();
        record.set_policy(settings.policy);
        record.set_place(settings.institution, settings.terminal);
        let is_new = record.batch().is_some_and(|own| own != batch);
        record.set_batch(batch);
        if is_new || !record.knows_next() || record.next().is_some_and(|own| own < next) {
            record.set_next(Some(next));
        }
        self.keep_changed(&mut record)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.place().filter(|place| *place == (settings.institution, settings.terminal))?;
        self.record.next().and(self.record.batch())
    }

    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        self.readable()?;
        let Settings { institution, terminal, .. } = *settings;
        let (Some(batch), Some(stan)) = (self.batch(settings), self.record.next()) else {
            return Err(MemoryError::NumbersUsedUp);
        };
        let transaction = Transaction { institution, terminal, batch, stan, original };
        let begun = self.journal.begin(&mut self.flash, &transaction, kind);
        self.trouble = begun.err().filter(|error| *error != MemoryError::JournalFull);
        begun?;
        let mut record = self.record.clone();
        record.set_next(stan.next());
        if let Err(error) = self.keep(&mut record) {
            // It is not sent.
            let _ = self.close(Closed::Unsent, None);
            self.trouble = Some(error);
            return Err(error);
        }
        Ok((batch, stan))
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        self.change(|entry| {
            entry.set_state(journal::State::Answered);
            entry.set_charge(charge);
        })
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        self.change(|entry| entry.set_state(journal::State::CardResult(result)))
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        self.change(|entry| entry.set_state(journal::State::Closed(how, reason)))
    }

    fn unsettled(&self, settings: &Settings) -> Option<Batch> {
        let (institution, terminal, batch) = self.record.leased()?;
        let is_own = (institution, terminal) == (settings.institution, settings.terminal);
        (is_own && self.journal.closed() > 0).then_some(batch)
    }

    fn is_full(&self) -> bool {
        self.journal.is_full()
    }

    fn totals(&self) -> Totals {
        self.journal.totals()
    }

    fn uploads(&mut self, from: u32, room: &mut Vec<Upload, UPLOAD_MAX>) -> Result<(), MemoryError> {
        self.readable()?;
        let mut place = 0;
        self.journal.list(&mut self.flash, |entry| {
            let Some(upload) = entry.upload() else { return };
            place += 1;
            if place >= from {
                // What there is no room for is asked for next.
                let _ = room.push(upload);
            }
        })
    }

    fn settled(&mut self) -> Result<(), MemoryError> {
        let mut record = self.record.clone();
        record.end_lease();
        self.keep(&mut record)
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        let mut is_parked = false;
        self.change(|entry| is_parked = entry.miss(bound))?;
        Ok(is_parked)
    }
}
