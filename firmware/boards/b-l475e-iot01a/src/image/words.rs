//! The words of the storage region, as memory.x places them: in flash, or in the SRAM that takes its place. And reads of flash
//! that tell whether its ECC found them wrong.
//!
//! How the flash is written and erased is for `storage`.
#![allow(unsafe_code, reason = "memory that the linker script names, and an exception handler")]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use cortex_m::peripheral::SCB;
use cortex_m_rt::exception;
use qiyong_firmware::storage::Crash;
use stm32_metapac as pac;

use super::crash;

// Symbols of memory.x, whose addresses are all there is to them.
unsafe extern "C" {
    static QIYONG_STORAGE_FLASH: AtomicU32;
    static QIYONG_STORAGE_RAM: AtomicU32;
    static QIYONG_STORAGE_LENGTH: u8;
}

/// ECC has reported an error that it could not correct.
static DOUBLE_ERROR: AtomicBool = AtomicBool::new(false);

/// The words of the storage region.
pub(crate) fn storage_words(in_flash: bool) -> &'static [AtomicU32] {
    let start = if in_flash { &raw const QIYONG_STORAGE_FLASH } else { &raw const QIYONG_STORAGE_RAM };
    let length = (&raw const QIYONG_STORAGE_LENGTH).addr();
    // SAFETY: memory.x keeps the region, of either kind, apart from all else. What changes it (the flash controller when it
    // erases, and stores of this program) does so while nobody else looks, as there is one thread; and atomics may change.
    unsafe { core::slice::from_raw_parts(start, length / size_of::<AtomicU32>()) }
}

/// Reads words of flash, and tells whether ECC found two bits of a double word wrong meanwhile (RM0351 section 3.3.2). If so,
/// what was read means nothing: power was cut while it was being written.
pub(crate) fn read_checked<T>(read: impl FnOnce() -> T) -> (T, bool) {
    DOUBLE_ERROR.store(false, Ordering::SeqCst);
    let value = read();
    // The NMI has come before the instruction after these.
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    (value, DOUBLE_ERROR.load(Ordering::SeqCst))
}

/// ECC's uncorrectable errors come as NMI. Nothing else on this board does.
#[exception]
unsafe fn NonMaskableInt() {
    let error = pac::FLASH.eccr().read();
    if !error.bk_ecc() {
        // Not in the storage's bank: what was read wrong is this program.
        crash::leave_note(Crash::fault(0, 0, error.addr_ecc()));
        SCB::sys_reset();
    }
    // Writing 1 clears the flag. The value that was read also has the flag of corrected errors, which is cleared with it.
    pac::FLASH.eccr().write_value(error);
    DOUBLE_ERROR.store(true, Ordering::SeqCst);
}
