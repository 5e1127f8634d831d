//! The flash of a terminal in the model: it keeps what it held after each change, so that the power can be cut there.
//! That a single write is whole or not there is the journal's own proof (`firmware/src/journal/tests`), not this one's.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Pages of the record and of the journal.
pub(crate) const PAGES: u32 = 3;
pub(crate) const JOURNAL: u32 = 6;
const PAGE: usize = 512;

/// What a flash holds.
pub(crate) type Image = Arc<[u8]>;

/// A flash that nobody has written to.
pub(crate) fn erased() -> Image {
    vec![0xFF; (PAGES + JOURNAL) as usize * PAGE].into()
}

/// A clone is the same flash.
#[derive(Clone)]
pub(crate) struct Flash(Rc<RefCell<Chip>>);

struct Chip {
    bytes: Vec<u8>,
    changes: Vec<Image>,
}

impl Flash {
    pub(crate) fn new(image: &Image) -> Self {
        Self(Rc::new(RefCell::new(Chip { bytes: image.to_vec(), changes: Vec::new() })))
    }

    /// What it holds.
    pub(crate) fn image(&self) -> Image {
        self.0.borrow().bytes.clone().into()
    }

    /// What it held after each change since this was asked for the last time.
    pub(crate) fn take_changes(&self) -> Vec<Image> {
        std::mem::take(&mut self.0.borrow_mut().changes)
    }
}

impl Chip {
    fn change(&mut self, from: u32, count: usize, change: impl Fn(usize, &mut u8)) -> Result<(), NorFlashErrorKind> {
        let from = from as usize;
        let place = self.bytes.get_mut(from..from + count).ok_or(NorFlashErrorKind::OutOfBounds)?;
        place.iter_mut().enumerate().for_each(|(at, byte)| change(at, byte));
        self.changes.push(self.bytes.clone().into());
        Ok(())
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, from: u32, room: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let chip = self.0.borrow();
        let from = from as usize;
        room.copy_from_slice(chip.bytes.get(from..from + room.len()).ok_or(NorFlashErrorKind::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.0.borrow_mut().change(from, (to - from) as usize, |_, byte| *byte = 0xFF)
    }

    fn write(&mut self, from: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.0.borrow_mut().change(from, bytes.len(), |at, byte| *byte &= bytes[at])
    }
}
