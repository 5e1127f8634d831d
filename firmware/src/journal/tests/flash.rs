//! A flash in RAM for these tests: a double word is written once, only zeros may be written over it, and the power may fail at any
//! byte. Pages may be worn. What a cut leaves is arbitrary, and the same in each run.

use std::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Room for six items.
pub(crate) const SMALL: usize = 504;

#[derive(Clone)]
pub(crate) struct Flash<const PAGE: usize = SMALL>(Rc<RefCell<Chip<PAGE>>>);

#[derive(Clone)]
struct Chip<const PAGE: usize> {
    bytes: Vec<u8>,
    /// Bytes that may still be changed before the power fails.
    power: u64,
    work: u64,
    /// How often each page was erased.
    erased: Vec<u32>,
    /// From which page on, and how often that can be.
    endurance: (usize, u32),
    chance: u32,
}

impl<const PAGE: usize> Flash<PAGE> {
    pub(crate) fn new(pages: u32) -> Self {
        let pages = pages as usize;
        let chip = Chip {
            bytes: std::vec![0xFF; pages * PAGE],
            power: u64::MAX,
            work: 0,
            erased: std::vec![0; pages],
            endurance: (0, u32::MAX),
            chance: 7,
        };
        Self(Rc::new(RefCell::new(chip)))
    }

    /// Another flash with the same contents.
    pub(crate) fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// The power fails while the byte after so many is changed; what is left then depends on `seed`.
    pub(crate) fn cut_after(&self, bytes: u64, seed: u32) {
        let mut chip = self.0.borrow_mut();
        (chip.power, chip.chance) = (bytes, seed.wrapping_mul(2_654_435_761) | 1);
    }

    pub(crate) fn power_on(&self) {
        self.0.borrow_mut().power = u64::MAX;
    }

    pub(crate) fn is_off(&self) -> bool {
        self.0.borrow().power == 0
    }

    /// How many bytes were written or erased.
    pub(crate) fn work(&self) -> u64 {
        self.0.borrow().work
    }

    pub(crate) fn erasures(&self) -> Vec<u32> {
        self.0.borrow().erased.clone()
    }

    pub(crate) fn endure(&self, from: u32, erasures: u32) {
        self.0.borrow_mut().endurance = (from as usize, erasures);
    }

    pub(crate) fn put(&self, at: usize, bytes: &[u8]) {
        self.0.borrow_mut().bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn flip(&self, at: usize, bit: usize) {
        self.0.borrow_mut().bytes[at] ^= 1 << bit;
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().bytes.clone()
    }
}

impl<const PAGE: usize> Chip<PAGE> {
    fn any(&mut self) -> u8 {
        self.chance = self.chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.chance >> 24) as u8
    }

    /// One byte of work. False if the power fails meanwhile.
    fn step(&mut self) -> bool {
        self.work += 1;
        self.power = self.power.saturating_sub(1);
        self.power > 0
    }

    fn is_worn(&self, at: usize) -> bool {
        at / PAGE >= self.endurance.0 && self.erased[at / PAGE] > self.endurance.1
    }

    fn write_word(&mut self, at: usize, word: &[u8]) -> Result<(), NorFlashErrorKind> {
        let is_erased = self.bytes[at..at + 8].iter().all(|byte| *byte == 0xFF);
        if self.power == 0 || !is_erased && word.iter().any(|byte| *byte != 0) {
            return Err(NorFlashErrorKind::Other);
        }
        for (offset, byte) in word.iter().enumerate() {
            if !self.step() {
                for at in at + offset..at + 8 {
                    self.bytes[at] &= self.any();
                }
                return Err(NorFlashErrorKind::Other);
            }
            // A cell of a worn page stays as it is.
            let stuck = if self.is_worn(at) && offset == 3 { 0x40 } else { 0 };
            self.bytes[at + offset] &= byte | stuck;
        }
        Ok(())
    }

    fn erase_page(&mut self, page: usize) -> Result<(), NorFlashErrorKind> {
        self.erased[page] += u32::from(self.power > 0);
        for _ in 0..PAGE {
            if self.power == 0 {
                return Err(NorFlashErrorKind::Other);
            }
            if !self.step() {
                // Some bytes are erased, some half, and some not at all.
                let share = self.any();
                for at in page * PAGE..(page + 1) * PAGE {
                    if self.any() < share {
                        self.bytes[at] |= if share.is_multiple_of(2) { 0xFF } else { self.any() };
                    }
                }
                return Err(NorFlashErrorKind::Other);
            }
        }
        if !self.is_worn(page * PAGE) {
            self.bytes[page * PAGE..(page + 1) * PAGE].fill(0xFF);
        }
        Ok(())
    }
}

impl<const PAGE: usize> ErrorType for Flash<PAGE> {
    type Error = NorFlashErrorKind;
}

impl<const PAGE: usize> ReadNorFlash for Flash<PAGE> {
    const READ_SIZE: usize = 8;

    fn read(&mut self, at: u32, room: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let chip = self.0.borrow();
        room.copy_from_slice(
            chip.bytes.get(at as usize..at as usize + room.len()).ok_or(NorFlashErrorKind::OutOfBounds)?,
        );
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl<const PAGE: usize> NorFlash for Flash<PAGE> {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        (from as usize / PAGE..to as usize / PAGE).try_for_each(|page| self.0.borrow_mut().erase_page(page))
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let words = (at as usize..).step_by(8).zip(bytes.chunks(8));
        words.into_iter().try_for_each(|(at, word)| self.0.borrow_mut().write_word(at, word))
    }
}
