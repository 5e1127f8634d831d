//! The pages that the records lie in: finds the newest record, and writes the next. Of a record it knows the bytes and the
//! number.

use crc::{Algorithm, CRC_32_ISCSI, Crc, NoTable};
use embedded_storage::nor_flash::NorFlash;
use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::record::{Content, LEN, Record};
use crate::terminal::MemoryError;

/// The flash is read and written in pieces of this many bytes.
const WORD: usize = 8;
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
const LENGTH: [u8; 4] = [LEN as u8, 0, 0x49, 0xF7];
/// The check of an item's data, as sequential-storage has it: CRC-32C with another beginning.
static DATA_CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&Algorithm { init: 0x7777_7777, ..CRC_32_ISCSI });

/// The pages.
#[derive(Debug)]
pub(super) struct Log<F> {
    flash: F,
    pages: u32,
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

impl<F: NorFlash> Log<F> {
    pub(super) const fn new(flash: F, pages: u32) -> Self {
        Self { flash, pages, newest: None }
    }

    /// The newest record of all; a fresh one if there is none.
    ///
    /// # Errors
    /// When the flash cannot be read, or a page has a record of another version.
    pub(super) fn load(&mut self) -> Result<Record, MemoryError> {
        let mut newest = Record::fresh();
        for page in 0..self.pages {
            let (record, spot) = self.read_page(page)?;
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
    pub(super) fn append(&mut self, record: &Record) -> Result<(), MemoryError> {
        let item = Item { crc: U32::new(checksum(record)), length: LENGTH, record: *record };

        let mut page = self.newest.map_or(0, |newest| newest.page);
        for _ in 0..self.pages {
            // Only the newest record's page is known to be in order; others are erased, whatever they hold. How that and
            // the writing went is seen by reading: what counts is what the next start will find.
            let at = match self.newest {
                Some(newest) if newest.page == page => newest.free,
                _ => self.erase(page),
            };
            if at + ITEM as u32 <= last_word::<F>(page) {
                let _ = self.flash.write(at, item.as_bytes());
                if let Ok((Some(found), spot)) = self.read_page(page)
                    && found.number == record.number
                {
                    self.newest = Some(spot);
                    return Ok(());
                }
            }
            page = if page + 1 < self.pages { page + 1 } else { 0 };
        }
        Err(MemoryError::Worn)
    }

    /// Erases a page and marks it as begun. Returns where it can be written.
    fn erase(&mut self, page: u32) -> u32 {
        let start = page_start::<F>(page);
        let _ = self.flash.erase(start, page_start::<F>(page + 1));
        let _ = self.flash.write(start, &[0; WORD]);
        start + WORD as u32
    }

    /// The newest record on a page, and where its unwritten rest begins.
    fn read_page(&mut self, page: u32) -> Result<(Option<Record>, Spot), MemoryError> {
        let end = last_word::<F>(page);
        let mut at = page_start::<F>(page) + WORD as u32;
        let mut newest = None;
        while at + ITEM as u32 <= end {
            let mut item = Item::new_zeroed();
            self.flash.read(at, item.as_mut_bytes()).map_err(|_| MemoryError::Unreadable)?;
            let header = (item.crc.get(), u32::from_le_bytes(item.length));
            if header == (u32::MAX, u32::MAX) {
                break;
            }
            if item.length != LENGTH {
                // What power was cut in, or somebody else's.
                at += WORD as u32;
                continue;
            }
            at += ITEM as u32;
            if item.crc.get() == checksum(&item.record) {
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

/// The CRC of a record: never zero, which marks a removed item of sequential-storage, and with a first byte that cannot be
/// mistaken for one that was not written, or not wholly.
fn checksum(record: &Record) -> u32 {
    let crc = DATA_CRC.checksum(record.as_bytes());
    match crc.to_le_bytes() {
        [0, 0, 0, 0] => 1,
        [0 | 0xFF, ..] => crc ^ 1,
        _ => crc,
    }
}

/// Where a page starts: with its mark.
const fn page_start<F: NorFlash>(page: u32) -> u32 {
    page * F::ERASE_SIZE as u32
}

/// Where a page's last word starts, which stays erased: its mark would tell sequential-storage that the page is closed.
const fn last_word<F: NorFlash>(page: u32) -> u32 {
    page_start::<F>(page + 1) - WORD as u32
}
