//! The storage region: the flash's last 128 KiB, 32 sectors of 4 KiB. While a sector is erased nothing runs, and interrupts
//! wait: some 45 ms.

use embassy_rp::Peri;
use embassy_rp::flash::{Blocking, ERASE_SIZE, Error, Flash};
use embassy_rp::peripherals::FLASH;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// The whole flash, in bytes.
const FLASH_LEN: usize = 2 * 1024 * 1024;
/// The region, in bytes.
const LEN: usize = 128 * 1024;
/// Where it begins.
const START: u32 = (FLASH_LEN - LEN) as u32;

/// The region.
pub(crate) struct Region(Flash<'static, FLASH, Blocking, FLASH_LEN>);

impl Region {
    pub(crate) fn new(flash: Peri<'static, FLASH>) -> Self {
        Self(Flash::new_blocking(flash))
    }
}

impl ErrorType for Region {
    type Error = Error;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.blocking_read(START.saturating_add(offset), bytes)
    }

    fn capacity(&self) -> usize {
        LEN
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.0.blocking_erase(START.saturating_add(from), START.saturating_add(to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.blocking_write(START.saturating_add(offset), bytes)
    }
}
