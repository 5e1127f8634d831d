//! What records and journal share of a flash: in which pieces it is read and written, what it must be, and the check of what
//! lies there. What is written is not known here.

use crc::{Algorithm, CRC_32_ISCSI, Crc, NoTable};
use embedded_storage::nor_flash::NorFlash;

/// The flash is read and written in pieces of this many bytes.
pub(crate) const WORD: usize = 8;

/// The check of an item's data, as sequential-storage has it: CRC-32C with another beginning.
static DATA_CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&Algorithm { init: 0x7777_7777, ..CRC_32_ISCSI });

/// What a flash must be, for `pages` pages from the byte `start` on. For the compiler, in a constant.
pub(crate) const fn fits<F: NorFlash>(pages: u32, start: u32) {
    assert!(WORD.is_multiple_of(F::READ_SIZE), "the flash must be readable in pieces of 8 bytes");
    assert!(WORD.is_multiple_of(F::WRITE_SIZE), "the flash must be writable in pieces of 8 bytes");
    assert!(F::ERASE_SIZE.is_multiple_of(WORD), "a page must be a multiple of 8 bytes");
    assert!((start as usize).is_multiple_of(F::ERASE_SIZE), "the region must begin where a page does");
    let end = start as u64 + pages as u64 * F::ERASE_SIZE as u64;
    assert!(end <= u32::MAX as u64, "the region must end within what a u32 can address");
}

/// The CRC of what an item holds. It is never zero, by which sequential-storage marks a removed item. Its first byte is neither
/// 00 nor FF, so that a byte that was not written, or not wholly, is never taken for it.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let crc = DATA_CRC.checksum(bytes);
    match crc.to_le_bytes() {
        [0, 0, 0, 0] => 1,
        [0 | 0xFF, ..] => crc ^ 1,
        _ => crc,
    }
}
