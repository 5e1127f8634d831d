//! The pages that the records lie in: finds the newest record, and writes the next. What a record means is not known here, only
//! its bytes and its number.

use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;
use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::record::{Content, LEN, OLD_LEN, Record};
use crate::pages::{self, WORD, checksum};
use crate::terminal::MemoryError;

/// A record with its header, in bytes.
const ITEM: usize = WORD + LEN;

/// A record with its header.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Item {
    header: Header,
    record: Record,
}

/// What stands before a record.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    crc: U32,
    /// Other headers are not of records.
    length: [u8; 4],
}

/// A record's length in its header, and the CRC-16F/4.2 of that.
const LENGTH: [u8; 4] = [LEN as u8, 0, 0xCA, 0xFC];
/// That of the records before the keys.
const OLD_LENGTH: [u8; 4] = [OLD_LEN as u8, 0, 0x17, 0xF7];

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
            let (is_newer, spot) = Self::read_page(flash, page, &mut newest)?;
            if is_newer {
                self.newest = Some(spot);
            }
        }
        Ok(newest)
    }

    /// Writes a record, so that [`Log::load`] finds it if it has the highest number.
    ///
    /// # Errors
    /// When no page takes it; then it is on none.
    pub(super) fn append(&mut self, flash: &mut F, record: &Record) -> Result<(), MemoryError> {
        let header = Header { crc: U32::new(checksum(record.as_bytes())), length: LENGTH };
        let item = Item { header, record: record.clone() };

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
                let mut found = Record::fresh();
                if let Ok((true, spot)) = Self::read_page(flash, page, &mut found)
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

    /// Looks for a record on a page that is newer than `newest`, which it becomes. Returns whether there was one, and where the page's
    /// unwritten rest begins.
    fn read_page(flash: &mut F, page: u32, newest: &mut Record) -> Result<(bool, Spot), MemoryError> {
        let end = Self::last_word(page);
        let mut at = Self::start_of(page) + WORD as u32;
        let mut is_newer = false;
        while at + (WORD + OLD_LEN) as u32 <= end {
            let mut header = Header::new_zeroed();
            flash.read(at, header.as_mut_bytes()).map_err(|_| MemoryError::Unreadable)?;
            if (header.crc.get(), u32::from_le_bytes(header.length)) == (u32::MAX, u32::MAX) {
                break;
            }
            at += WORD as u32;
            let len = match header.length {
                LENGTH => LEN,
                OLD_LENGTH => OLD_LEN,
                // A header that a power cut left half written, or somebody else's.
                _ => continue,
            };
            let mut record = Record::new_zeroed();
            let Some(bytes) = record.as_mut_bytes().get_mut(..len).filter(|_| at + len as u32 <= end) else { continue };
            flash.read(at, bytes).map_err(|_| MemoryError::Unreadable)?;
            at += len as u32;
            if header.crc.get() == checksum(bytes) {
                match record.content(len) {
                    Content::Ours if record.number.get() > newest.number.get() => {
                        newest.clone_from(&record);
                        is_newer = true;
                    }
                    Content::Ours | Content::Foreign => {}
                    Content::OtherVersion => return Err(MemoryError::OtherVersion),
                }
            }
        }
        Ok((is_newer, Spot { page, free: at }))
    }
}
