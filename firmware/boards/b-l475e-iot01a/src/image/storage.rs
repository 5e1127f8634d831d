//! The driver of the storage region: the last 64 KiB of the flash's second bank (RM0351 section 3). No code lies in that bank, so
//! the program runs on while a page of it is erased. Where there is no flash controller, as in QEMU, a part of SRAM1 takes the flash's
//! place and behaves as it would: words are written once, and only pages are erased.
//!
//! What is kept there is for `qiyong_firmware::storage`; where the region is, for memory.x and `words`.

use core::sync::atomic::{AtomicU32, Ordering};

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use stm32_metapac as pac;

use super::{time, words};

/// A page, in bytes: what can be erased.
const PAGE: usize = 2048;
/// A double word, in bytes: what can be written, since the flash keeps an ECC for each.
const DOUBLE_WORD: usize = 8;
/// Where the second bank begins, whose pages are numbered from there.
const BANK_2: usize = 0x0808_0000;
/// How long an erasure may take, in cycles: 24.5 ms by the data sheet, with room.
const ERASE: u64 = 50_000 * time::US;
/// How long a double word may take to be written, in cycles: 91 µs by the data sheet, with room.
const WRITE: u64 = 1_000 * time::US;

/// Why the flash did not do as told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FlashError {
    /// The range is not of whole pages, or double words, of the region.
    Range,
    /// It does not unlock, or its last operation never ends.
    Busy,
    /// The controller could not write or erase: a double word was not erased before, or the page is protected or broken.
    Refused,
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Range => NorFlashErrorKind::OutOfBounds,
            Self::Busy | Self::Refused => NorFlashErrorKind::Other,
        }
    }
}

/// The region.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    words: &'static [AtomicU32],
    has_controller: bool,
}

impl Region {
    pub(crate) fn new() -> Self {
        // A controller is locked since the reset; where there is none, all its registers read as zero.
        let has_controller = pac::FLASH.cr().read().lock();
        if has_controller {
            // Writing to one bank while reading the other may leave wrong data in the data cache (errata ES0250). At 16 MHz
            // the flash needs no wait states, so nothing is lost without it.
            pac::FLASH.acr().modify(|w| w.set_dcen(false));
        }
        Self { words: words::storage_words(has_controller), has_controller }
    }

    /// The words from `offset`, this many bytes.
    fn words(&self, offset: u32, length: usize, unit: usize) -> Result<&'static [AtomicU32], FlashError> {
        // The first half lies behind the second one, and no piece is in both: see memory.x.
        let offset = offset as usize ^ self.words.len() * 2;
        if !offset.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashError::Range);
        }
        self.words.get(offset / 4..(offset + length) / 4).ok_or(FlashError::Range)
    }

    fn write_double(&self, to: &[AtomicU32], from: [u8; DOUBLE_WORD]) -> Result<(), FlashError> {
        let ([first, second], [a, b, c, d, e, f, g, h]) = (to, from) else {
            return Err(FlashError::Range);
        };
        let (low, high) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let write = || {
            first.store(low, Ordering::SeqCst);
            second.store(high, Ordering::SeqCst);
        };
        if self.has_controller {
            unlock()?;
            pac::FLASH.cr().modify(|w| w.set_pg(true));
            write();
            return finish(WRITE);
        }
        let erased = first.load(Ordering::SeqCst) & second.load(Ordering::SeqCst) == u32::MAX;
        // RM0351 section 3.3.7: zeros alone may be written over something.
        if !erased && low | high != 0 {
            return Err(FlashError::Refused);
        }
        write();
        Ok(())
    }

    fn erase_page(&self, words: &[AtomicU32]) -> Result<(), FlashError> {
        if !self.has_controller {
            words.iter().for_each(|word| word.store(u32::MAX, Ordering::SeqCst));
            return Ok(());
        }
        unlock()?;
        pac::FLASH.cr().modify(|w| {
            w.set_per(true);
            w.set_bker(true);
            w.set_pnb((words.as_ptr().addr().saturating_sub(BANK_2) / PAGE) as u8);
        });
        pac::FLASH.cr().modify(|w| w.set_start(true));
        finish(ERASE)
    }
}

/// Makes the controller ready for an operation.
fn unlock() -> Result<(), FlashError> {
    let flash = pac::FLASH;
    if flash.cr().read().lock() {
        flash.keyr().write_value(0x4567_0123);
        flash.keyr().write_value(0xCDEF_89AB);
    }
    // Errors of the last operation, cleared by writing them as they are, would stop this one.
    flash.sr().write_value(flash.sr().read());
    let ready = !flash.cr().read().lock() && !flash.sr().read().bsy();
    if ready { Ok(()) } else { Err(FlashError::Busy) }
}

/// Waits for the end of an operation, at most so long, and tells how it went.
fn finish(within: u64) -> Result<(), FlashError> {
    let deadline = time::now().saturating_add(within);
    // Each look takes several cycles: there are fewer looks than cycles, also if time stood still.
    let mut looks = within;
    while pac::FLASH.sr().read().bsy() && time::now() < deadline && looks > 0 {
        looks -= 1;
    }
    let status = pac::FLASH.sr().read();
    pac::FLASH.cr().write(|w| w.set_lock(true));
    if status.bsy() {
        return Err(FlashError::Busy);
    }
    let refused =
        status.operr() || status.progerr() || status.wrperr() || status.pgaerr() || status.sizerr() || status.pgserr();
    if refused { Err(FlashError::Refused) } else { Ok(()) }
}

impl ErrorType for Region {
    type Error = FlashError;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = DOUBLE_WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let words = self.words(offset, bytes.len(), DOUBLE_WORD)?;
        let (pieces, _) = bytes.as_chunks_mut();
        let read =
            || pieces.iter_mut().zip(words).for_each(|(to, from)| *to = from.load(Ordering::SeqCst).to_le_bytes());
        if let ((), true) = words::read_checked(read) {
            // Nothing that has a CRC.
            bytes.fill(0);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.words.len() * 4
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = DOUBLE_WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::Range)? as usize;
        let words = self.words(from, length, PAGE)?;
        words.chunks_exact(PAGE / 4).try_for_each(|words| self.erase_page(words))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let words = self.words(offset, bytes.len(), DOUBLE_WORD)?;
        let (pieces, _) = bytes.as_chunks();
        words.chunks_exact(2).zip(pieces).try_for_each(|(to, from)| self.write_double(to, *from))
    }
}
