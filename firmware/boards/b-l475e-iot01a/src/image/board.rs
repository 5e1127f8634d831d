//! The chip: clocks, pins, interrupts, time base, executor, random numbers, panics and faults.
//!
//! Not the drivers: those are beside this module, and find here what time it is and how to wait. All `unsafe` of the
//! image is in this file. Written on the register crate: the emulator has neither PWR nor TIM timers, on which the usual
//! HAL waits for ever.
#![allow(unsafe_code, reason = "entry points, interrupt handlers and the executor's static are this file's business")]

use core::convert::Infallible;
use core::future::poll_fn;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use core::task::Poll;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{NVIC, SCB, SYST};
use cortex_m_rt::{entry, exception};
use defmt_rtt as _;
use embassy_executor::raw;
use embassy_sync::waitqueue::AtomicWaker;
use qiyong_firmware::storage::Crash;
use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};
use rand_core::{TryCryptoRng, TryRng};
use stm32_metapac as pac;
use stm32_metapac::interrupt;

use super::{keys, lights, panel, serial, watchdog};

/// SYSCLK: HSI16, the chip's own oscillator, 1 % exact; etu need no better (ISO/IEC 7816-3 clause 7.1 allows a receiver
/// and a sender 0.2 etu in ten).
pub(crate) const CLOCK_HZ: u32 = 16_000_000;
/// SysTick's rate.
const TICKS_HZ: u32 = 1000;
/// Cycles a tick.
const RELOAD: u32 = CLOCK_HZ / TICKS_HZ;

/// The lowest address of SRAM1, and of the stack: see memory.x.
const RAM_START: u32 = 0x2000_0000;
/// Where SRAM1 ends.
const RAM_END: u32 = RAM_START + 96 * 1024;

/// Milliseconds since the start; goes round after 49 days, and the half that has gone round is `ROUNDS`. A probe reads it.
#[unsafe(export_name = "QIYONG_TICKS")]
static TICKS: AtomicU32 = AtomicU32::new(0);
/// Milliseconds by which a probe has moved the time base on, so that waiting in vain need not be waited for. It alone writes
/// here, and never less than before: whoever added to `TICKS` instead could undo a tick.
#[used]
#[unsafe(export_name = "QIYONG_AHEAD")]
static AHEAD: AtomicU32 = AtomicU32::new(0);
/// How often `TICKS` went round.
static ROUNDS: AtomicU32 = AtomicU32::new(0);
/// How often something that came over a line woke the core, times two, and one more while it is awake. For a probe that sends
/// one thing after the other, each when the core has dealt with the one before and sleeps again.
#[unsafe(export_name = "QIYONG_WAKES")]
static WAKES: AtomicU32 = AtomicU32::new(1);
/// How many characters have been taken from the lines, for a probe that is to know whether what it sent has come.
#[unsafe(export_name = "QIYONG_TAKEN")]
pub(super) static TAKEN: AtomicU32 = AtomicU32::new(0);
/// Something came over a line.
static EVENT: AtomicBool = AtomicBool::new(false);
/// The one task, woken by every interrupt.
static TASK: AtomicWaker = AtomicWaker::new();
/// The task is to be polled.
static WORK: AtomicBool = AtomicBool::new(false);

/// How many bytes a field of the screen has.
const FIELD: usize = 48;
/// What stands on the screen, for a probe: a number that is odd while the rest is being written, then English, Chinese
/// and detail, each UTF-8 in 48 bytes, filled up with zeros.
#[unsafe(export_name = "QIYONG_SCREEN")]
static SCREEN: [AtomicU8; 1 + 3 * FIELD] = [const { AtomicU8::new(0) }; 1 + 3 * FIELD];

/// What the screen shows, for a probe and the panel: a number that is odd while the rest is being written, then the
/// framebuffer.
#[unsafe(export_name = "QIYONG_FRAME")]
static FRAME: [AtomicU8; 1 + LEN] = [const { AtomicU8::new(0) }; 1 + LEN];

/// Writes words and picture.
pub(crate) fn write_screen(fields: [&str; 3], frame: &Framebuffer) {
    let mut words = [0; 3 * FIELD];
    for (to, from) in words.chunks_mut(FIELD).zip(fields) {
        to.iter_mut().zip(from.bytes()).for_each(|(to, from)| *to = from);
    }
    publish(&SCREEN, &words);
    publish(&FRAME, frame.bytes());
}

/// Writes what a probe may read at any time.
fn publish(cells: &[AtomicU8], bytes: &[u8]) {
    let Some((number, rest)) = cells.split_first() else {
        return;
    };
    let before = number.load(Ordering::Relaxed);
    number.store(before.wrapping_add(1), Ordering::SeqCst);
    rest.iter().zip(bytes).for_each(|(to, from)| to.store(*from, Ordering::Relaxed));
    number.store(before.wrapping_add(2), Ordering::SeqCst);
}

/// A byte of the framebuffer.
pub(crate) fn frame_byte(at: usize) -> u8 {
    FRAME.get(1 + at).map_or(0, |byte| byte.load(Ordering::Relaxed))
}

/// Milliseconds that a probe has added. No cycles go with them.
fn ahead() -> u32 {
    // SAFETY: the static is aligned and lives for ever; volatile, since no code of the image writes to it.
    unsafe { AHEAD.as_ptr().read_volatile() }
}

/// Milliseconds since the start, and the cycles since the last of them.
#[inline(never)]
fn moment() -> (u64, u32) {
    loop {
        // In this order, since ticks go round first.
        let (ticks, rounds) = (TICKS.load(Ordering::Acquire), ROUNDS.load(Ordering::Acquire));
        let mut left = SYST::get_current();
        // Within another handler, or with interrupts held back, a tick may have come that is not counted yet.
        let due = SCB::is_pendst_pending();
        if due {
            left = SYST::get_current();
        }
        // A tick in between belongs to neither.
        if ticks == TICKS.load(Ordering::Acquire) {
            let ms = (u64::from(rounds) << 32 | u64::from(ticks)) + u64::from(due);
            return (ms, RELOAD.saturating_sub(left));
        }
    }
}

/// Microseconds since the start.
pub(crate) fn now_us() -> u64 {
    let (ticks, cycles) = moment();
    (ticks + u64::from(ahead())) * 1000 + u64::from(cycles / (CLOCK_HZ / 1_000_000))
}

/// Whole seconds since the start.
pub(crate) fn now_s() -> u32 {
    (now_us() / 1_000_000) as u32
}

/// Waits until `ready` gives something, which it is asked for at every interrupt; at most until `deadline_us`.
pub(crate) async fn until<T>(deadline_us: u64, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    poll_fn(|context| {
        watchdog::alive();
        TASK.register(context.waker());
        match ready() {
            Some(value) => Poll::Ready(Some(value)),
            None if now_us() >= deadline_us => Poll::Ready(None),
            None => Poll::Pending,
        }
    })
    .await
}

/// Waits; to the microsecond if it is short, else to the tick.
pub(crate) async fn sleep_until(deadline_us: u64) {
    let _ = until(deadline_us.saturating_sub(1500), || None::<()>).await;
    while now_us() < deadline_us {}
}

/// Whether this is QEMU, which has no DBGMCU: a chip says here what it is.
pub(crate) fn is_emulated() -> bool {
    pac::DBGMCU.idcode().read().0 == 0
}

/// The number that the chip was made with (RM0351 §46.1); zeros in the emulator, where nothing is at its address.
pub(crate) fn serial_number() -> [u8; 12] {
    let mut serial = [0; 12];
    if is_emulated() {
        return serial;
    }
    for (bytes, word) in serial.chunks_mut(4).zip(0..) {
        bytes.iter_mut().zip(pac::UID.uid(word).read().to_be_bytes()).for_each(|(to, from)| *to = from);
    }
    serial
}

/// The random number generator; in the emulator, which has none, numbers that only differ.
#[derive(Clone, Copy)]
pub(crate) struct Random;

impl Random {
    fn word() -> u32 {
        static STATE: AtomicU32 = AtomicU32::new(0x2545_F491);
        if !is_emulated() {
            // A word takes 40 cycles of the RNG's clock, RM0351; a seed or clock error never ends, but for the watchdog.
            while !pac::RNG.sr().read().drdy() {}
            return pac::RNG.dr().read();
        }
        let mut state = STATE.load(Ordering::Relaxed) ^ SYST::get_current();
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        STATE.store(state, Ordering::Relaxed);
        state
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(Self::word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(Self::word()) << 32 | u64::from(Self::word()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.iter_mut().zip(Self::word().to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}

// Symbols of memory.x, whose addresses are all there is to them.
unsafe extern "C" {
    static QIYONG_STORAGE_FLASH: AtomicU32;
    static QIYONG_STORAGE_SRAM2: AtomicU32;
    static QIYONG_STORAGE_LENGTH: u8;
}

/// The words of the storage region: in flash, or in the SRAM that takes its place.
pub(crate) fn storage_words(in_flash: bool) -> &'static [AtomicU32] {
    let start = if in_flash { &raw const QIYONG_STORAGE_FLASH } else { &raw const QIYONG_STORAGE_SRAM2 };
    let length = (&raw const QIYONG_STORAGE_LENGTH).addr();
    // SAFETY: memory.x keeps the region, of either kind, apart from all else. What changes it (the flash controller when it
    // erases, and stores of this program) does so while nobody else looks, as there is one thread; and atomics may change.
    unsafe { core::slice::from_raw_parts(start, length / size_of::<AtomicU32>()) }
}

/// Reads words of flash, and tells whether ECC found two bits of a double word wrong meanwhile (RM0351 section 3.3.2): then
/// what was read means nothing. That is so after a power cut while it was being written.
pub(crate) fn read_checked<T>(read: impl FnOnce() -> T) -> (T, bool) {
    DOUBLE_ERROR.store(false, Ordering::SeqCst);
    let value = read();
    // The NMI has come before the instruction after these.
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    (value, DOUBLE_ERROR.load(Ordering::SeqCst))
}

/// ECC has reported an error that it could not correct.
static DOUBLE_ERROR: AtomicBool = AtomicBool::new(false);

/// ECC's uncorrectable errors come as NMI. Nothing else on this board does.
#[exception]
unsafe fn NonMaskableInt() {
    let error = pac::FLASH.eccr().read();
    if !error.bk_ecc() {
        // Not the storage's bank: what was read wrong is this program.
        leave_note(Crash::fault(0, 0, error.addr_ecc()));
        SCB::sys_reset();
    }
    // The flag is cleared by writing 1 to it, and so is that of errors that were corrected.
    pac::FLASH.eccr().write_value(error);
    DOUBLE_ERROR.store(true, Ordering::SeqCst);
}

fn start_clocks() {
    pac::RCC.cr().modify(|w| w.set_hsion(true));
    while !pac::RCC.cr().read().hsirdy() {}
    pac::RCC.cfgr().modify(|w| w.set_sw(pac::rcc::vals::Sw::HSI));
    pac::RCC.ahb2enr().modify(|w| {
        w.set_gpioaen(true);
        w.set_gpioben(true);
        w.set_gpiocen(true);
        w.set_rngen(true);
    });
    pac::RCC.apb1enr1().modify(|w| {
        w.set_usart2en(true);
        w.set_uart4en(true);
        w.set_i2c1en(true);
    });
    pac::RCC.apb2enr().modify(|w| w.set_usart1en(true));
    // The RNG needs a clock of its own, of at most 48 MHz; MSI runs at 4 MHz since reset.
    pac::RCC.ccipr().modify(|w| w.set_clk48sel(pac::rcc::vals::Clk48sel::MSI));
    pac::RNG.cr().modify(|w| w.set_rngen(true));
}

#[embassy_executor::task]
async fn task() {
    super::run().await;
}

#[entry]
fn main() -> ! {
    watchdog::start();
    start_clocks();
    lights::start();
    keys::start();
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(RELOAD - 1);
        core.SYST.clear_current();
        core.SYST.enable_counter();
        core.SYST.enable_interrupt();
    }
    serial::start();
    // SAFETY: no critical section is entered, and the handlers are in this file.
    unsafe {
        NVIC::unmask(pac::Interrupt::USART1);
        NVIC::unmask(pac::Interrupt::USART2);
        NVIC::unmask(pac::Interrupt::UART4);
        NVIC::unmask(pac::Interrupt::I2C1_EV);
    }
    defmt::info!("qiyong on b-l475e-iot01a, emulated: {=bool}", is_emulated());

    if watchdog::has_bitten() {
        defmt::error!("the watchdog has reset the terminal");
    }

    static EXECUTOR: static_cell::StaticCell<raw::Executor> = static_cell::StaticCell::new();
    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    match task() {
        Ok(token) => executor.spawner().spawn(token),
        Err(_) => defmt::error!("the application cannot start twice"),
    }
    loop {
        // SAFETY: polled here only, and never from within itself.
        unsafe { executor.poll() };
        watchdog::feed();
        if EVENT.swap(false, Ordering::Relaxed) {
            WAKES.fetch_add(2, Ordering::Relaxed);
        }
        // An interrupt between the look and the sleep would be slept over, so it is held back until the core sleeps: it
        // wakes the core all the same, and is served then.
        cortex_m::interrupt::disable();
        if !WORK.swap(false, Ordering::AcqRel) {
            WAKES.fetch_and(!1, Ordering::Relaxed);
            cortex_m::asm::wfi();
            WAKES.fetch_or(1, Ordering::Relaxed);
        }
        // SAFETY: they were on before.
        unsafe { cortex_m::interrupt::enable() };
    }
}

/// The executor says that a task is to be polled.
#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    WORK.store(true, Ordering::Release);
}

#[exception]
fn SysTick() {
    let before = TICKS.fetch_add(1, Ordering::AcqRel);
    if before == u32::MAX {
        ROUNDS.fetch_add(1, Ordering::AcqRel);
    }
    keys::tick();
    TASK.wake();
}

fn line_wakes() {
    EVENT.store(true, Ordering::Relaxed);
    TASK.wake();
}

#[interrupt]
fn USART1() {
    serial::TILL.interrupt();
    line_wakes();
}

#[interrupt]
fn USART2() {
    serial::CARD.interrupt();
    line_wakes();
}

#[interrupt]
fn UART4() {
    serial::KEYS.interrupt();
    line_wakes();
}

#[interrupt]
fn I2C1_EV() {
    panel::interrupt();
}

/// A fault is logged and ends in a reset. After a stack overflow the stack pointer is outside RAM, where not even a handler
/// could push a register, so the first thing is a fresh stack.
///
/// # Safety
/// For the core alone to call.
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
    // Before anything is logged: a fault within the log would not get out of that again, and wait for the watchdog.
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

/// The last word of a note that is whole, but for the sum of the others.
const CRASH_MAGIC: u32 = 0x4352_5348;
/// The crash that ended the run before this one, and a check. Not initialised at a start, so that it outlives the reset; after
/// power-on it is anything.
#[unsafe(link_section = ".uninit.crash")]
static CRASH: [AtomicU32; Crash::LEN + 1] = [const { AtomicU32::new(0) }; Crash::LEN + 1];

fn crash_check(words: &[u32]) -> u32 {
    words.iter().fold(CRASH_MAGIC, |check, word| check.rotate_left(1) ^ word)
}

/// Leaves a note for the next start.
fn leave_note(crash: Crash) {
    let words = crash.words();
    let all = words.iter().copied().chain([crash_check(&words)]);
    CRASH.iter().zip(all).for_each(|(to, from)| to.store(from, Ordering::SeqCst));
}

/// The crash that ended the run before this one, once.
pub(crate) fn last_crash() -> Option<Crash> {
    let [words @ .., check] = CRASH.each_ref().map(|word| word.swap(0, Ordering::SeqCst));
    if crash_check(&words) == check { Crash::from_words(words) } else { None }
}
