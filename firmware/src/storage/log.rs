//! The pages that the records lie in: finds the newest record, and writes the next. Of a record it knows the bytes and the
//! number.

use crc::{Algorithm, CRC_16_IBM_SDLC, CRC_32_ISCSI, Crc, NoTable};
use embedded_storage::nor_flash::NorFlash;
use zerocopy::IntoBytes;

use super::record::{Content, LEN, Record};
use crate::terminal::MemoryError;

/// The flash is read and written in pieces of this many bytes.
const WORD: usize = 8;
/// A record with its header.
const ITEM: usize = WORD + LEN;

/// The check of an item's length, as sequential-storage has it: CRC-16F/4.2.
static LENGTH_CRC: Crc<u16, NoTable> = Crc::<u16, NoTable>::new(&Algorithm { poly: 0x7458, ..CRC_16_IBM_SDLC });
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
            let (record, place) = self.read_page(page)?;
            if let Some(record) = record
                && record.number.get() > newest.number.get()
            {
                (newest, self.newest) = (record, Some(place));
            }
        }
        Ok(newest)
    }

    /// Writes a record, so that [`Log::load`] finds it if it has the highest number.
    ///
    /// # Errors
    /// When no page takes it; then it is on none.
    pub(super) fn append(&mut self, record: &Record) -> Result<(), MemoryError> {
        let mut item = [0; ITEM];
        let (header, data) = item.split_at_mut(WORD);
        data.iter_mut().zip(record.as_bytes()).for_each(|(to, from)| *to = *from);
        header.iter_mut().zip(header_of(record)).for_each(|(to, from)| *to = from);

        let first = self.newest.map_or(0, |newest| newest.page);
        for page in (first..self.pages).chain(0..first) {
            // Only the newest record's page is known to be in order; others are erased, whatever they hold. How that and
            // the writing went is seen by reading: what counts is what the next start will find.
            let at = match self.newest {
                Some(newest) if newest.page == page => newest.free,
                _ => self.erase(page),
            };
            if at + ITEM as u32 <= last_word::<F>(page) {
                let _ = self.flash.write(at, &item);
                if let Ok((Some(found), place)) = self.read_page(page)
                    && found.number == record.number
                {
                    self.newest = Some(place);
                    return Ok(());
                }
            }
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
        while at < end {
            let header = self.read_word(at)?;
            if header == [0xFF; WORD] {
                break;
            }
            at += WORD as u32;
            let [a, b, c, d, length @ .., e, f] = header;
            let after = at + u32::from(u16::from_le_bytes(length)).next_multiple_of(WORD as u32);
            if u16::from_le_bytes([e, f]) != length_crc(length) || after > end {
                // Power was cut while this was being written, or this is no header at all.
                continue;
            }
            match self.read_item(at, u16::from_le_bytes(length).into(), u32::from_le_bytes([a, b, c, d]))? {
                Content::Record(record) => newest = Some(record),
                Content::OtherVersion => return Err(MemoryError::OtherVersion),
                Content::Foreign => {}
            }
            at = after;
        }
        Ok((newest, Spot { page, free: at }))
    }

    /// What an item is. One whose CRC is wrong is nobody's.
    fn read_item(&mut self, at: u32, length: usize, crc: u32) -> Result<Content, MemoryError> {
        let mut begin = [0; LEN];
        let mut digest = DATA_CRC.digest();
        for offset in (0..length).step_by(WORD) {
            let word = self.read_word(at + offset as u32)?;
            let data = word.get(..length - offset).unwrap_or(&word);
            digest.update(data);
            begin.iter_mut().skip(offset).zip(data).for_each(|(to, from)| *to = *from);
        }
        Ok(if adapted(digest.finalize()) == crc { Record::read(begin, length) } else { Content::Foreign })
    }

    fn read_word(&mut self, at: u32) -> Result<[u8; WORD], MemoryError> {
        let mut word = [0; WORD];
        self.flash.read(at, &mut word).map_err(|_| MemoryError::Worn)?;
        Ok(word)
    }
}

/// The header of a record: its CRC, its length, the CRC of that.
fn header_of(record: &Record) -> [u8; WORD] {
    let [a, b, c, d] = adapted(DATA_CRC.checksum(record.as_bytes())).to_le_bytes();
    let length = (LEN as u16).to_le_bytes();
    let ([e, f], [g, h]) = (length, length_crc(length).to_le_bytes());
    [a, b, c, d, e, f, g, h]
}

/// The CRC of a length, which is never that of an erased word.
fn length_crc(length: [u8; 2]) -> u16 {
    LENGTH_CRC.checksum(&length).min(0xFFFE)
}

/// The CRC of data: never zero, which marks a removed item, and with a first byte that cannot be mistaken for one that was
/// not written or not wholly.
const fn adapted(crc: u32) -> u32 {
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
