//! The pages of the journal (docs/never-lost.md §4): which of them count, what lies in their places, and how one is opened. What an item means is not
//! known here.
//!
//! ```text
//! ┌─────────────────────────────────────────────┬────────────────────┬────────┬────────┬─   ─┬─────────┐
//! │ head: magic, version, kind, number, oldest, │ mark of a page of  │ item   │ item   │ ... │ not yet │
//! │ CRC-32                                      │ copies: zeros when │        │        │     │ written │
//! │                                             │ all are there      │        │        │     │         │
//! └─────────────────────────────────────────────┴────────────────────┴────────┴────────┴─   ─┴─────────┘
//! 0                                             16                   24       104      184             2048
//! ```
//!
//! Each page that is opened has the next number, and names the oldest page that counts beside it. So the newest page decides
//! about all: the pages from that number to its own count, and no others. A page that is to take another's items counts only when
//! its mark says that they are there. Until then the others count, as before; from then on those that were copied do not. A page
//! is erased when it counts no longer, and just before it is opened: what a cut leaves of that is of no consequence.

use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;
use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::item::{ITEM, Item, Snapshot};
use crate::faults::{Fault, has};
use crate::pages::{self, WORD, checksum};
use crate::terminal::MemoryError;

const MAGIC: [u8; 2] = *b"QP";
const VERSION: u8 = 1;
/// A page that begins empty.
const EMPTY: u8 = 0;
/// A page that takes others' items.
const COPIES: u8 = 1;

/// How a page begins.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Head {
    what: What,
    crc: U32,
    mark: [u8; WORD],
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct What {
    magic: [u8; 2],
    version: u8,
    kind: u8,
    number: U32,
    oldest: U32,
}

/// The numbers of the pages that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) oldest: u32,
    pub(super) newest: u32,
}

/// `PAGES` pages of a flash.
#[derive(Debug)]
pub(super) struct Ring<F, const PAGES: u32> {
    /// Where the first one begins.
    start: u32,
    flash: PhantomData<fn(F)>,
}

impl<F, const PAGES: u32> Clone for Ring<F, PAGES> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, const PAGES: u32> Copy for Ring<F, PAGES> {}

impl<F: NorFlash, const PAGES: u32> Ring<F, PAGES> {
    /// How many items a page has room for.
    pub(super) const PLACES: u32 = ((F::ERASE_SIZE - size_of::<Head>()) / ITEM) as u32;

    const FITS: () = {
        pages::fits::<F>(PAGES, 0);
        assert!(F::ERASE_SIZE >= size_of::<Head>() + ITEM, "a page must have room for its head and an item");
        assert!(PAGES >= 4 && PAGES <= 32, "the journal needs 4 pages, and can use 32");
    };

    pub(super) const fn new(start: u32) -> Self {
        let () = Self::FITS;
        Self { start, flash: PhantomData }
    }

    /// The pages that count; `None` if the journal is empty.
    ///
    /// # Errors
    /// When the flash cannot be read, or a page is another version's.
    pub(super) fn span(&self, flash: &mut F) -> Result<Option<Span>, MemoryError> {
        let mut span: Option<Span> = None;
        for page in 0..PAGES {
            let Some(found) = self.head(flash, page)? else { continue };
            if span.is_none_or(|span| span.newest < found.newest) {
                span = Some(found);
            }
        }
        if has(Fault::OldPagesCount)
            && let Some(span) = &mut span
        {
            for page in 0..PAGES {
                span.oldest = self.head(flash, page)?.map_or(span.oldest, |old| span.oldest.min(old.newest));
            }
        }
        Ok(span)
    }

    /// What the head of a page says, if that counts: its number is the newest.
    fn head(&self, flash: &mut F, page: u32) -> Result<Option<Span>, MemoryError> {
        let mut head = Head::new_zeroed();
        self.read(flash, self.start_of(page), head.as_mut_bytes())?;
        let Head { what, crc, mark } = head;
        let is_whole = crc.get() == checksum(what.as_bytes()) || has(Fault::HeadNotChecked);
        if what.magic != MAGIC || !is_whole {
            return Ok(None);
        }
        if what.version != VERSION {
            return Err(MemoryError::OtherVersion);
        }
        let counts = match what.kind {
            EMPTY => true,
            _ => mark == [0; WORD] || has(Fault::CopiesCountEarly),
        };
        Ok(counts.then_some(Span { oldest: what.oldest.get(), newest: what.number.get() }))
    }

    /// The page with a number; `near` is where to look first.
    ///
    /// # Errors
    /// When it is not there, since its head has decayed.
    pub(super) fn find(&self, flash: &mut F, number: u32, near: u32) -> Result<u32, MemoryError> {
        for page in (near..PAGES).chain(0..near.min(PAGES)) {
            if self.head(flash, page)?.is_some_and(|found| found.newest == number) {
                return Ok(page);
            }
        }
        Err(MemoryError::Unreadable)
    }

    /// The first page from `near` on that does not count and is none of `except`, a set of bits; and how many there are.
    pub(super) fn free(
        &self,
        flash: &mut F,
        span: Span,
        near: u32,
        except: u32,
    ) -> Result<Option<(u32, u32)>, MemoryError> {
        let (mut first, mut count) = (None, 0);
        for page in (near..PAGES).chain(0..near.min(PAGES)) {
            let counts =
                self.head(flash, page)?.is_some_and(|found| (span.oldest..=span.newest).contains(&found.newest));
            if !counts && except & 1 << page == 0 {
                first = first.or(Some(page));
                count += 1;
            }
        }
        Ok(first.map(|page| (page, count)))
    }

    /// What lies in a place of a page.
    pub(super) fn item(&self, flash: &mut F, page: u32, place: u32) -> Result<Item, MemoryError> {
        let mut item = Item::new_zeroed();
        self.read(flash, self.place(page, place), item.as_mut_bytes())?;
        Ok(item)
    }

    /// Shows every whole snapshot on the pages of a span, in the order in which they were written.
    ///
    /// # Errors
    /// When the flash cannot be read, a page has decayed, or something is another version's.
    pub(super) fn walk(
        &self,
        flash: &mut F,
        span: Option<Span>,
        mut see: impl FnMut(&Snapshot),
    ) -> Result<(), MemoryError> {
        let Some(Span { oldest, newest }) = span else { return Ok(()) };
        let mut page = 0;
        for number in oldest..=newest {
            page = self.find(flash, number, page)?;
            self.walk_page(flash, page, &mut see)?;
        }
        Ok(())
    }

    /// The same, of one page.
    pub(super) fn walk_page(
        &self,
        flash: &mut F,
        page: u32,
        mut see: impl FnMut(&Snapshot),
    ) -> Result<(), MemoryError> {
        for place in 0..Self::PLACES {
            if let Some(snapshot) = self.item(flash, page, place)?.snapshot()? {
                see(&snapshot);
            }
        }
        Ok(())
    }

    /// Writes an item, and tells whether it is there.
    pub(super) fn write(&self, flash: &mut F, page: u32, place: u32, item: &Item) -> bool {
        let at = self.place(page, place);
        let _ = flash.write(at, item.as_bytes());
        has(Fault::NotVerified) || self.item(flash, page, place).is_ok_and(|found| found.as_bytes() == item.as_bytes())
    }

    /// The place after the last that was written to, in whatever way.
    pub(super) fn first_erased(&self, flash: &mut F, page: u32) -> Result<u32, MemoryError> {
        let mut first = 0;
        for place in 0..Self::PLACES {
            if !self.item(flash, page, place)?.is_erased() {
                first = place + 1;
            }
        }
        Ok(first)
    }

    /// Erases a page and begins it with this span; one of copies counts only after [`Ring::seal`]. Tells whether that worked.
    pub(super) fn open(&self, flash: &mut F, page: u32, span: Span, copies: bool) -> bool {
        let start = self.start_of(page);
        let kind = if copies { COPIES } else { EMPTY };
        let (number, oldest) = (U32::new(span.newest), U32::new(span.oldest));
        let what = What { magic: MAGIC, version: VERSION, kind, number, oldest };
        let head = Head { crc: U32::new(checksum(what.as_bytes())), what, mark: [0xFF; WORD] };
        let _ = flash.erase(start, start + F::ERASE_SIZE as u32);
        // The mark's word stays erased.
        let _ = flash.write(start, head.as_bytes().get(..size_of::<Head>() - WORD).unwrap_or_default());
        self.has_head(flash, page, &head)
    }

    /// Makes a page of copies count. Tells whether that worked.
    pub(super) fn seal(&self, flash: &mut F, page: u32) -> bool {
        let mut head = Head::new_zeroed();
        let _ = self.read(flash, self.start_of(page), head.as_mut_bytes());
        head.mark = [0; WORD];
        let _ = flash.write(self.start_of(page) + (size_of::<Head>() - WORD) as u32, &head.mark);
        self.has_head(flash, page, &head)
    }

    fn has_head(&self, flash: &mut F, page: u32, head: &Head) -> bool {
        let mut found = Head::new_zeroed();
        has(Fault::NotVerified)
            || self.read(flash, self.start_of(page), found.as_mut_bytes()).is_ok()
                && found.as_bytes() == head.as_bytes()
    }

    fn read(&self, flash: &mut F, at: u32, room: &mut [u8]) -> Result<(), MemoryError> {
        flash.read(at, room).map_err(|_| MemoryError::Unreadable)
    }

    const fn start_of(&self, page: u32) -> u32 {
        self.start + page * F::ERASE_SIZE as u32
    }

    const fn place(&self, page: u32, place: u32) -> u32 {
        self.start_of(page) + size_of::<Head>() as u32 + place * ITEM as u32
    }
}
