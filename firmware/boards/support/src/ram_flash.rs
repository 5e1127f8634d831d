//! RAM in place of flash, behind the trait that flash has: words are written once, and only pages are erased. For an emulator
//! whose flash cannot be written, and for the first hours at a new board; nothing outlives a power cut in it.

use core::sync::atomic::{AtomicU32, Ordering};

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// A word, in bytes.
const WORD: usize = size_of::<AtomicU32>();

/// So many words, in pages of `PAGE` bytes.
#[derive(Clone, Copy, Debug)]
pub struct RamFlash<const PAGE: usize>(&'static [AtomicU32]);

impl<const PAGE: usize> RamFlash<PAGE> {
    /// Over these words, with what they hold.
    pub const fn new(words: &'static [AtomicU32]) -> Self {
        Self(words)
    }

    /// The words from `offset`, so many bytes, in whole units.
    fn words(&self, offset: u32, length: usize, unit: usize) -> Result<&'static [AtomicU32], NorFlashErrorKind> {
        let start = offset as usize;
        if !start.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let end = start.checked_add(length).ok_or(NorFlashErrorKind::OutOfBounds)?;
        self.0.get(start / WORD..end / WORD).ok_or(NorFlashErrorKind::OutOfBounds)
    }
}

impl<const PAGE: usize> ErrorType for RamFlash<PAGE> {
    type Error = NorFlashErrorKind;
}

impl<const PAGE: usize> ReadNorFlash for RamFlash<PAGE> {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let words = self.words(offset, bytes.len(), WORD)?;
        let (pieces, _) = bytes.as_chunks_mut();
        pieces.iter_mut().zip(words).for_each(|(to, from)| *to = from.load(Ordering::SeqCst).to_le_bytes());
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len() * WORD
    }
}

impl<const PAGE: usize> NorFlash for RamFlash<PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let length = to.checked_sub(from).ok_or(NorFlashErrorKind::OutOfBounds)? as usize;
        self.words(from, length, PAGE)?.iter().for_each(|word| word.store(u32::MAX, Ordering::SeqCst));
        Ok(())
    }

    /// A word that is not erased takes nothing but zeros.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let words = self.words(offset, bytes.len(), WORD)?;
        let (pieces, _) = bytes.as_chunks();
        for (to, from) in words.iter().zip(pieces) {
            let value = u32::from_le_bytes(*from);
            if to.load(Ordering::SeqCst) != u32::MAX && value != 0 {
                return Err(NorFlashErrorKind::Other);
            }
            to.store(value, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash() -> RamFlash<64> {
        RamFlash::new(Box::leak(Box::new([const { AtomicU32::new(7) }; 48])))
    }

    #[test]
    fn a_word_is_written_once_between_two_erasures_and_zeros_at_any_time() {
        let mut flash = flash();
        let read = |flash: &mut RamFlash<64>| {
            let mut bytes = [0; 8];
            flash.read(64, &mut bytes).map(|()| bytes)
        };
        assert_eq!(flash.write(64, &[1; 8]), Err(NorFlashErrorKind::Other));
        flash.erase(64, 128).unwrap();
        assert_eq!(read(&mut flash), Ok([0xFF; 8]));
        flash.write(64, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(read(&mut flash), Ok([1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(flash.write(68, &[9; 4]), Err(NorFlashErrorKind::Other));
        flash.write(64, &[0; 8]).unwrap();
        assert_eq!(read(&mut flash), Ok([0; 8]));
        let mut other = [0; 4];
        flash.read(60, &mut other).unwrap();
        assert_eq!(other, [7, 0, 0, 0], "the page before is as it was");
    }

    #[test]
    fn what_is_no_whole_unit_or_lies_beyond_the_end_is_refused() {
        let mut flash = flash();
        assert_eq!(flash.capacity(), 192);
        assert_eq!(flash.erase(32, 64), Err(NorFlashErrorKind::NotAligned));
        assert_eq!(flash.erase(64, 0), Err(NorFlashErrorKind::OutOfBounds));
        assert_eq!(flash.erase(128, 256), Err(NorFlashErrorKind::OutOfBounds));
        assert_eq!(flash.write(2, &[0; 4]), Err(NorFlashErrorKind::NotAligned));
        assert_eq!(flash.write(0, &[0; 3]), Err(NorFlashErrorKind::NotAligned));
        assert_eq!(flash.read(192, &mut [0; 4]), Err(NorFlashErrorKind::OutOfBounds));
        assert_eq!(flash.read(u32::MAX - 3, &mut [0; 8]), Err(NorFlashErrorKind::OutOfBounds));
    }
}
