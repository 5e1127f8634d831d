//! How the program ends when it should not: fault and panic handlers, and the note that they leave for the next start.
#![allow(unsafe_code, reason = "a handler that sets the stack, and RAM that a start does not clear")]

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SCB;
use qiyong_board_support::crash_note;
use qiyong_firmware::storage::Crash;

/// The lowest address of SRAM1, and of the stack: see memory.x.
const RAM_START: u32 = 0x2000_0000;
/// Where the RAM of memory.x ends.
const RAM_END: u32 = RAM_START + 32 * 1024;

/// The crash that ended the run before this one, and a check. It is not initialised at a start, so that it outlives the reset;
/// after power-on it may hold anything.
#[unsafe(link_section = ".uninit.crash")]
static CRASH: [AtomicU32; crash_note::LEN] = [const { AtomicU32::new(0) }; crash_note::LEN];

/// Leaves a note for the next start.
pub(crate) fn leave_note(crash: Crash) {
    CRASH.iter().zip(crash_note::seal(crash)).for_each(|(to, from)| to.store(from, Ordering::SeqCst));
}

/// The crash that ended the run before this one. Given once: a second call finds none.
pub(crate) fn last() -> Option<Crash> {
    crash_note::open(CRASH.each_ref().map(|word| word.swap(0, Ordering::SeqCst)))
}

/// A fault is logged and ends in a reset. After a stack overflow the stack pointer is outside RAM, where not even a handler
/// could push a register, so the first thing is a fresh stack.
///
/// # Safety
/// Only the core may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn HardFault() -> ! {
    core::arch::naked_asm!(
        "mrs r0, msp",
        "ldr r1, =_stack_start",
        "msr msp, r1",
        "b {after}",
        after = sym after_fault
    )
}

extern "C" fn after_fault(stack: u32) -> ! {
    let status = fault_status();
    let at = faulting_instruction(stack);
    // The note comes before the log: a second fault, within the log, would hang until the watchdog resets the chip.
    leave_note(Crash::fault(status, stack, at));
    // Below RAM is where an overflow ends.
    if stack < RAM_START {
        defmt::error!("stack overflow");
    } else {
        defmt::error!("hard fault at {=u32:#010x}, stack {=u32:#010x}, cause {=u32:#010x}", at, stack, status);
    }
    SCB::sys_reset()
}

/// The seventh of the words that the core pushes (ARMv7-M, B1.5.6); zero if the stack is no place for them.
fn faulting_instruction(stack: u32) -> u32 {
    let at = stack.wrapping_add(6 * 4);
    if !(RAM_START + 6 * 4..RAM_END).contains(&at) || !at.is_multiple_of(4) {
        return 0;
    }
    // SAFETY: a word of RAM that nothing writes to any more.
    unsafe { core::ptr::with_exposed_provenance::<u32>(at as usize).read_volatile() }
}

/// CFSR (ARMv7-M, B3.2.15): what the fault was.
fn fault_status() -> u32 {
    // SAFETY: reading it changes nothing.
    unsafe { (*SCB::PTR).cfsr.read() }
}

/// A panic is logged and ends in a reset. The message is left out: it could hold what must not be logged.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line) = info.location().map_or(("", 0), |location| (location.file(), location.line()));
    leave_note(Crash::panic(file, line));
    defmt::error!("panic at {=str}:{=u32}", file, line);
    SCB::sys_reset()
}
