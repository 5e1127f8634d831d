//! The pages that the records lie in: finds the newest record, and writes the next. What a record means is not known here, only
//! its bytes and its number.

use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;
use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::record::{Content, LEN, Record};
use crate::pages::{self, WORD, checksum};
use crate::terminal::MemoryError;

/// A record with its header, in bytes.
const ITEM: usize = WORD + LEN;

/// A record with its header.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Item {
    crc: U32,
    /// Other headers are not of records.
    length: [u8; 4],
    record: Record,
}

/// A record's length in its header, and the CRC-16F/4.2 of that.
const LENGTH: [u8; 4] = [LEN as u8, 0, 0x17, 0xF7];
/// `PAGES` pages of a flash, from the byte `START` on.
#[derive(Debug)]
pub(super) struct Log<F, const PAGES: u32, const START: u32> {
    flash: PhantomData<fn(F)>,
    /// Where the newest record lies.
    newest: Option<Spot>,
}

/// A page in use.
#[derive(Clone, Copy, Debug)]
struct Spot {
    page: u32,
    /// Where its unwritten rest begins.
    free: u32,
}

impl<F: NorFlash, const PAGES: u32, const START: u32> Log<F, PAGES, START> {
    /// What a flash must be. The compiler looks at it where a store is made for a flash.
    const FITS: () = {
        pages::fits::<F>(PAGES, START);
        assert!(F::ERASE_SIZE >= WORD + ITEM + WORD, "a page must have room for its mark, a record, and its last word");
        assert!(PAGES >= 2, "records need two pages: the newest must outlive the erasure of another");
    };

    pub(super) const fn new() -> Self {
        let () = Self::FITS;
        Self { flash: PhantomData, newest: None }
    }

    /// The newest record of all; a fresh one if there is none.
    ///
    /// # Errors
    /// When the flash cannot be read, or a page has a record of another version.
    pub(super) fn load(&mut self, flash: &mut F) -> Result<Record, MemoryError> {
        let mut newest = Record::fresh();
        for page in 0..PAGES {
            let (record, spot) = Self::read_page(flash, page)?;
            if let Some(record) = record
                && record.number.get() > newest.number.get()
            {
                (newest, self.newest) = (record, Some(spot));
            }
        }
        Ok(newest)
    }

    /// Writes a record, so that [`Log::load`] finds it if it has the highest number.
    ///
    /// # Errors
    /// When no page takes it; then it is on none.
    pub(super) fn append(&mut self, flash: &mut F, record: &Record) -> Result<(), MemoryError> {
        let item = Item { crc: U32::new(checksum(record.as_bytes())), length: LENGTH, record: *record };

        let mut page = self.newest.map_or(0, |newest| newest.page);
        for _ in 0..PAGES {
            // Only the newest record's page is known to be in order; another page is erased, whatever it holds. Whether erasing
            // and writing worked is seen by reading: what counts is what the next start will find.
            let at = match self.newest {
                Some(newest) if newest.page == page => newest.free,
                _ => Self::erase(flash, page),
            };
            if at + ITEM as u32 <= Self::last_word(page) {
                let _ = flash.write(at, item.as_bytes());
                if let Ok((Some(found), spot)) = Self::read_page(flash, page)
                    && found.number == record.number
                {
                    self.newest = Some(spot);
                    return Ok(());
                }
            }
            page = if page + 1 < PAGES { page + 1 } else { 0 };
        }
        Err(MemoryError::Worn)
    }

    /// Where a page starts: with its mark.
    const fn start_of(page: u32) -> u32 {
        START + page * F::ERASE_SIZE as u32
    }

    /// Where a page's last word starts. It stays erased: a mark there would tell sequential-storage that the page is closed.
    const fn last_word(page: u32) -> u32 {
        Self::start_of(page + 1) - WORD as u32
    }

    /// Erases a page and marks it as begun. Returns where it can be written.
    fn erase(flash: &mut F, page: u32) -> u32 {
        let start = Self::start_of(page);
        let _ = flash.erase(start, Self::start_of(page + 1));
        let _ = flash.write(start, &[0; WORD]);
        start + WORD as u32
    }

    /// The newest record on a page, and where its unwritten rest begins.
    fn read_page(flash: &mut F, page: u32) -> Result<(Option<Record>, Spot), MemoryError> {
        let end = Self::last_word(page);
        let mut at = Self::start_of(page) + WORD as u32;
        let mut newest = None;
        while at + ITEM as u32 <= end {
            let mut item = Item::new_zeroed();
            flash.read(at, item.as_mut_bytes()).map_err(|_| MemoryError::Unreadable)?;
            let header = (item.crc.get(), u32::from_le_bytes(item.length));
            if header == (u32::MAX, u32::MAX) {
                break;
            }
            if item.length != LENGTH {
                // A header that a power cut left half written, or somebody else's.
                at += WORD as u32;
                continue;
            }
            at += ITEM as u32;
            if item.crc.get() == checksum(item.record.as_bytes()) {
                match item.record.content() {
                    Content::Ours => newest = Some(item.record),
                    Content::OtherVersion => return Err(MemoryError::OtherVersion),
                    Content::Foreign => {}
                }
            }
        }
        Ok((newest, Spot { page, free: at }))
    }
}
