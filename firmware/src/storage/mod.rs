//! What a terminal keeps over a power cut: its settings, the numbers it has used, the transaction it must reverse, how
//! often it started and how it crashed last.
//!
//! [`Store`] keeps all of that as one record of 104 bytes, and writes the whole record anew whenever something changes, so
//! that what belongs together (a transaction's number, its card, the duty to reverse it) is kept together or not at all. `record`
//! is its bytes, `log` the pages, [`Crash`] what a panic or fault leaves behind. Where the pages are is a driver's business:
//! any [`NorFlash`] will do that is written in pieces of 8 bytes or less.
//!
//! The region is 16 pages of 2 KiB. The records lie in the first [`PAGES`], in turn; the others wait for the journal of
//! transactions, which shares neither a page nor an erasure with them.
//!
//! ```text
//! ┌────────┬────────┬────────┬─   ─┬────────┬────────┬─                        ─┬─────────┐
//! │ page 0 │ page 1 │ page 2 │ ... │ page 7 │ page 8 │ ...                      │ page 15 │
//! │        │        │        │     │        │        │                          │         │
//! │ older  │ newest │ oldest │ ... │ older  │        │ free, for the journal    │         │
//! └────────┴────────┴────────┴─   ─┴────────┴────────┴─                        ─┴─────────┘
//!
//! A page of records:
//! ┌────────┬─────────────────────────────────┬───────────┬────────┬───────────┬─   ─┬──────────┬────────┐
//! │  mark  │ header of record 22             │ record 22 │ header │ record 23 │ ... │ not yet  │ always │
//! │ zeros  │ CRC-32, length, CRC-16 of that  │           │        │           │     │ written  │ erased │
//! └────────┴─────────────────────────────────┴───────────┴────────┴───────────┴─   ─┴──────────┴────────┘
//! 0        8                                 16          120      128         232              2040     2048
//! ```
//!
//! A record is whole if its CRC is right; of the whole ones, the one with the highest number counts. So it does not matter what a
//! power cut leaves of a double word or page that was being written or erased: the page of the newest record is only appended
//! to, every other page is erased before it is used again, and what is not whole is no record. After a record was written, it is
//! looked for in the way in which the next start will look. If it is not found, it is written to the next page; if no page takes
//! it, that is [`MemoryError::Worn`].
//!
//! A transaction costs two records, a start one, and a new lease one. 18 fit a page, which stands 10 000 erasures (STM32L475
//! data sheet), so the pages last for 720 000 transactions: 20 years of a hundred a day.
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
mod log;
mod record;

pub use crash::Crash;

use embedded_storage::nor_flash::NorFlash;
use qiyong_protocol::centre::{Batch, Lease, Original, Stan, TerminalId, Token};
use qiyong_protocol::ecr::State;
use qiyong_protocol::rules::institution::InstitutionCode;
use zerocopy::IntoBytes;
use zerocopy::byteorder::little_endian::U32;

use crate::application::Kept;
use crate::terminal::{Memory, MemoryError, Settings, Unanswered};
use log::Log;
use record::Record;

/// How many pages, from the first of the region, are for records.
pub const PAGES: u32 = 8;

/// The terminal's memory in flash: in `COUNT` pages, of which the first begins at the byte `START` of `F`.
///
/// The compiler refuses a flash that cannot hold it. Both [sizes](NorFlash) of `F` in which it is read and written must divide
/// 8 bytes; a page (`ERASE_SIZE`) must be a multiple of 8 bytes and at least 128; there must be two pages, and `START` must be
/// where a page begins. How many pages `F` really has is not known before the program runs: where they are too few,
/// [`Store::trouble`] is [`MemoryError::Unreadable`].
#[derive(Debug)]
pub struct Store<F, const COUNT: u32 = PAGES, const START: u32 = 0> {
    log: Log<F, COUNT, START>,
    /// The newest record.
    record: Record,
    /// Why the newest record could not be read; then nothing is written either.
    unreadable: Option<MemoryError>,
    /// Why the last change was not kept.
    trouble: Option<MemoryError>,
}

impl<F: NorFlash, const COUNT: u32, const START: u32> Store<F, COUNT, START> {
    /// Recalls what is kept in `flash`, and counts this start and the crash before it, if there was one. Never fails:
    /// [`Store::trouble`] tells whether that worked, and every method of [`Memory`] tells it again.
    pub fn open(flash: F, crash: Option<Crash>) -> Self {
        let mut store = Self::recall(flash);
        let mut record = store.record;
        record.starts = U32::new(record.starts.get().saturating_add(1));
        if let Some(crash) = crash {
            record.crashes = U32::new(record.crashes.get().saturating_add(1));
            record.set_crash(crash);
        }
        let _ = store.keep(record);
        store
    }

    /// Recalls what is kept and counts nothing, as for a look at another terminal's memory.
    pub fn recall(flash: F) -> Self {
        let mut log = Log::new(flash);
        let (record, unreadable) = match log.load() {
            Ok(record) => (record, None),
            Err(error) => (Record::fresh(), Some(error)),
        };
        Self { log, record, unreadable, trouble: unreadable }
    }

    /// Keeps where the terminal stands, and the number of its next transaction if that is ahead of the one that is kept
    /// for this place: numbers never go back. A place under which a transaction is unanswered stays until that is reversed.
    ///
    /// # Errors
    /// When that is not kept; then all is as before.
    pub fn set_up(
        &mut self,
        institution: InstitutionCode,
        terminal: TerminalId,
        next: Stan,
    ) -> Result<(), MemoryError> {
        let mut record = self.record;
        if self.unanswered()?.is_none() {
            record.set_place(institution, terminal);
        }
        if !record.knows_next() || record.next().is_some_and(|own| own < next) {
            record.set_next(Some(next));
        }
        if record.as_bytes() == self.record.as_bytes() { Ok(()) } else { self.keep(record) }
    }

    /// Where the terminal stands, or stood when it sent what is unanswered; `None` before it has been set up.
    pub fn place(&self) -> Option<(InstitutionCode, TerminalId)> {
        self.record.place()
    }

    /// The number of the next transaction, as far as is known: 1 before the first sign-in, and the last of the batch when all
    /// were used.
    pub fn next(&self) -> Stan {
        let unknown = if self.record.knows_next() { Stan::LAST } else { Stan(1) };
        self.record.next().unwrap_or(unknown)
    }

    /// Whether a transaction must be reversed before anything else is done, as far as is known.
    pub fn is_reversal_due(&self) -> bool {
        self.unanswered().is_ok_and(|unanswered| unanswered.is_some())
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
        State {
            set_up: false,
            reversal_due: self.is_reversal_due(),
            visit: None,
            next_stan: self.next(),
            starts: self.starts(),
            crashes: self.record.crashes.get(),
            serial,
        }
    }

    /// Why what is kept could not be read, or the last change of it not be written.
    pub const fn trouble(&self) -> Option<MemoryError> {
        self.trouble
    }

    /// Writes a record; it is the present one only if that succeeds.
    fn keep(&mut self, mut record: Record) -> Result<(), MemoryError> {
        record.number = U32::new(record.number.get().saturating_add(1));
        let kept = self.unreadable.map_or_else(|| self.log.append(&record), Err);
        self.trouble = kept.err();
        if kept.is_ok() {
            self.record = record;
        }
        kept
    }
}

impl<F: NorFlash, const COUNT: u32, const START: u32> Memory for Store<F, COUNT, START> {
    fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        self.unreadable.map_or_else(|| self.record.unanswered(), Err)
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        if let Some(token) = self.record.token() {
            return Ok(token);
        }
        let mut record = self.record;
        record.set_token(fresh);
        self.keep(record)?;
        Ok(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, Lease { batch, next }: Lease) -> Result<(), MemoryError> {
        let mut record = self.record;
        record.set_place(settings.institution, settings.terminal);
        let is_new = record.batch().is_some_and(|own| own != batch);
        record.set_batch(batch);
        if is_new || !record.knows_next() || record.next().is_some_and(|own| own < next) {
            record.set_next(Some(next));
        }
        if record.as_bytes() == self.record.as_bytes() { Ok(()) } else { self.keep(record) }
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.place().filter(|place| *place == (settings.institution, settings.terminal))?;
        self.record.next().and(self.record.batch())
    }

    fn begin(&mut self, settings: &Settings, original: Original) -> Result<(Batch, Stan), MemoryError> {
        if let Some(error) = self.unreadable {
            return Err(error);
        }
        let (Some(batch), Some(stan)) = (self.batch(settings), self.record.next()) else {
            return Err(MemoryError::NumbersUsedUp);
        };
        let mut record = self.record;
        record.set_next(stan.next());
        record.set_unanswered(Some((stan, original)));
        self.keep(record)?;
        Ok((batch, stan))
    }

    fn end(&mut self) -> Result<(), MemoryError> {
        let mut record = self.record;
        record.set_unanswered(None);
        self.keep(record)
    }
}

impl<F: NorFlash, const COUNT: u32, const START: u32> Kept for Store<F, COUNT, START> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        Self::set_up(self, institution, terminal, next)
    }

    fn next(&self) -> Stan {
        Self::next(self)
    }
}
