//! A NOR flash in memory whose power can be cut in the middle of a byte, and whose pages wear out. It behaves like that of the STM32L475 (RM0351 section 3): double words of eight bytes. Each may be written once
//! between two erasures; only zeros may be written over anything. If a cut interrupts writing or erasing, the contents
//! of that double word or page are random afterwards.

use std::cell::{Ref, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A double word, in bytes.
const WORD: usize = 8;

/// The flash, with pages of so many bytes. A clone is the same flash, so that its owner and a terminal can both have it.
#[derive(Clone)]
pub struct Flash<const PAGE: usize>(Rc<RefCell<Cells<PAGE>>>);

struct Cells<const PAGE: usize> {
    bytes: Vec<u8>,
    /// The double words that were, or perhaps were, written since the last erasure.
    written: Vec<bool>,
    /// How many bytes may still be written or erased before the power fails.
    power: Option<u64>,
    /// How many bytes were written or erased.
    work: u64,
    worn: BTreeSet<usize>,
    /// It takes nothing, wherever it is written or erased.
    refuses: bool,
    erasures: Vec<u32>,
    /// How many erasures a page endures.
    endurance: u32,
    chance: ChaCha8Rng,
}

impl<const PAGE: usize> Flash<PAGE> {
    /// A flash of so many erased pages; `seed` determines what is random.
    #[must_use]
    pub fn new(pages: usize, seed: u64) -> Self {
        Self(Rc::new(RefCell::new(Cells {
            bytes: vec![0xFF; pages * PAGE],
            written: vec![false; pages * PAGE / WORD],
            power: None,
            work: 0,
            worn: BTreeSet::new(),
            refuses: false,
            erasures: vec![0; pages],
            endurance: u32::MAX,
            chance: ChaCha8Rng::seed_from_u64(seed),
        })))
    }

    /// Cuts the power after so many more bytes written or erased.
    pub fn cut_after(&self, bytes: u64) {
        self.0.borrow_mut().power = Some(bytes);
    }

    /// Whether the power is cut.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.borrow().power == Some(0)
    }

    /// The power comes back, or a planned cut is cancelled.
    pub fn power_on(&self) {
        self.0.borrow_mut().power = None;
    }

    /// How many bytes were written or erased so far.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.0.borrow().work
    }

    /// The number of erasures of all pages together.
    #[must_use]
    pub fn erasures(&self) -> u32 {
        self.0.borrow().erasures.iter().sum()
    }

    /// From now on this page does not accept what is written to it.
    pub fn wear(&self, page: usize) {
        self.0.borrow_mut().worn.insert(page);
    }

    /// Whether it refuses everything that is written to it or erased, as one that is worn out to the last page, and
    /// keeps what it has.
    pub fn refuse(&self, refuses: bool) {
        self.0.borrow_mut().refuses = refuses;
    }

    /// From now on each page endures so many erasures.
    pub fn set_endurance(&self, erasures: u32) {
        self.0.borrow_mut().endurance = erasures;
    }

    /// Its contents.
    #[must_use]
    pub fn bytes(&self) -> Ref<'_, [u8]> {
        Ref::map(self.0.borrow(), |cells| cells.bytes.as_slice())
    }

    /// Another flash of the same size, erased, takes its place.
    pub fn renew(&self) {
        let mut cells = self.0.borrow_mut();
        cells.bytes.fill(0xFF);
        cells.written.fill(false);
    }

    /// Replaces its contents.
    pub fn fill(&self, bytes: &[u8]) {
        let mut cells = self.0.borrow_mut();
        cells.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        cells.written.fill(true);
    }
}

impl<const PAGE: usize> Cells<PAGE> {
    /// One byte of work; false if the power fails during it.
    fn step(&mut self) -> bool {
        self.work += 1;
        match &mut self.power {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                *left > 0
            }
            None => true,
        }
    }

    fn random(&mut self) -> u8 {
        self.chance.next_u32().to_le_bytes()[0]
    }

    fn write_word(&mut self, at: usize, word: &[u8]) -> Result<(), NorFlashErrorKind> {
        if self.power == Some(0) || self.refuses {
            return Err(NorFlashErrorKind::Other);
        }
        let erased = !self.written[at / WORD];
        if !erased && word.iter().any(|byte| *byte != 0) {
            return Err(NorFlashErrorKind::Other);
        }
        self.written[at / WORD] = true;
        let worn = self.worn.contains(&(at / PAGE));
        for (offset, byte) in word.iter().enumerate() {
            if !self.step() {
                // The bits of this double word are undefined: some are written, some are not, and some never will be.
                for at in at + offset..at + WORD {
                    self.bytes[at] &= self.random();
                }
                return Err(NorFlashErrorKind::Other);
            }
            // A broken cell keeps its value; the flash may or may not notice.
            let stuck = if worn && offset == 5 { 0x10 } else { 0 };
            self.bytes[at + offset] &= byte | stuck;
        }
        if worn && self.random() < 128 { Err(NorFlashErrorKind::Other) } else { Ok(()) }
    }

    fn erase_page(&mut self, page: usize) -> Result<(), NorFlashErrorKind> {
        if self.power == Some(0) || self.refuses {
            return Err(NorFlashErrorKind::Other);
        }
        self.erasures[page] += 1;
        if self.erasures[page] > self.endurance {
            self.worn.insert(page);
        }
        let range = page * PAGE..(page + 1) * PAGE;
        let words = page * PAGE / WORD..(page + 1) * PAGE / WORD;
        self.written[words.clone()].fill(true);
        // A flash may write zeros first, so that all cells age alike; and it erases all cells at once, not one after
        // the other.
        let zeros_first = self.random() < 64;
        for _ in range.clone() {
            if !self.step() {
                let share = self.random();
                for at in range {
                    let random = self.random();
                    match (zeros_first, random < share) {
                        (true, _) => self.bytes[at] &= random,
                        (false, true) => self.bytes[at] = 0xFF,
                        (false, false) => self.bytes[at] |= self.random() & self.random(),
                    }
                }
                return Err(NorFlashErrorKind::Other);
            }
        }
        if self.worn.contains(&page) {
            return if self.random() < 128 { Err(NorFlashErrorKind::Other) } else { Ok(()) };
        }
        self.bytes[range].fill(0xFF);
        self.written[words].fill(false);
        Ok(())
    }
}

impl<const PAGE: usize> ErrorType for Flash<PAGE> {
    type Error = NorFlashErrorKind;
}

impl<const PAGE: usize> ReadNorFlash for Flash<PAGE> {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let offset = offset as usize;
        if !offset.is_multiple_of(WORD) || !bytes.len().is_multiple_of(WORD) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let cells = self.0.borrow();
        let from = cells.bytes.get(offset..offset + bytes.len()).ok_or(NorFlashErrorKind::OutOfBounds)?;
        bytes.copy_from_slice(from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl<const PAGE: usize> NorFlash for Flash<PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let (from, to) = (from as usize, to as usize);
        if !from.is_multiple_of(PAGE) || !to.is_multiple_of(PAGE) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        if from > to || to > self.capacity() {
            return Err(NorFlashErrorKind::OutOfBounds);
        }
        (from / PAGE..to / PAGE).try_for_each(|page| self.0.borrow_mut().erase_page(page))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let offset = offset as usize;
        if !offset.is_multiple_of(WORD) || !bytes.len().is_multiple_of(WORD) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        if offset + bytes.len() > self.capacity() {
            return Err(NorFlashErrorKind::OutOfBounds);
        }
        let words = bytes.chunks(WORD).zip((offset..).step_by(WORD));
        words.into_iter().try_for_each(|(word, at)| self.0.borrow_mut().write_word(at, word))
    }
}
