//! How the program ends when it should not: fault and panic handlers, and the note that they leave for the next start, in registers of
//! the watchdog that a reset leaves as they are.
//!
//! An overflow of the stack leaves the RAM, where the core cannot push a register: it locks up, and the watchdog ends that. Then there is
//! no note.
#![allow(unsafe_code, reason = "the core's handler of faults")]

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use embassy_rp::pac;
use qiyong_board_support::crash_note;
use qiyong_firmware::storage::Crash;

/// Leaves a note for the next start. The fifth register is looked at by the boot ROM, for a number that no note has there: it is zero
/// after a fault, and letters of a path after a panic.
fn leave(note: [u32; crash_note::LEN]) {
    let [a, b, c, d, e, f, sum] = note;
    let dog = pac::WATCHDOG;
    dog.scratch0().write_value(a);
    dog.scratch1().write_value(b);
    dog.scratch2().write_value(c);
    dog.scratch3().write_value(d);
    dog.scratch4().write_value(e);
    dog.scratch5().write_value(f);
    dog.scratch6().write_value(sum);
}

/// The crash that ended the run before this one. Given once: a second call finds none.
pub(crate) fn last() -> Option<Crash> {
    let dog = pac::WATCHDOG;
    let note = [
        dog.scratch0().read(),
        dog.scratch1().read(),
        dog.scratch2().read(),
        dog.scratch3().read(),
        dog.scratch4().read(),
        dog.scratch5().read(),
        dog.scratch6().read(),
    ];
    leave([0; crash_note::LEN]);
    crash_note::open(note)
}

/// A fault is logged and ends in a reset. The core says of it no more than where it was.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    let stack = core::ptr::from_ref(frame).addr() as u32;
    leave(crash_note::seal(Crash::fault(0, stack, frame.pc())));
    defmt::error!("hard fault at {=u32:#010x}, stack {=u32:#010x}", frame.pc(), stack);
    SCB::sys_reset()
}

/// A panic is logged and ends in a reset. The message is left out: it could hold what must not be logged.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line) = info.location().map_or(("", 0), |location| (location.file(), location.line()));
    leave(crash_note::seal(Crash::panic(file, line)));
    defmt::error!("panic at {=str}:{=u32}", file, line);
    SCB::sys_reset()
}
