//! The start: the chip's clock, interrupts, and the executor that polls the one task. And the end, where it should not come.
#![allow(unsafe_code, reason = "interrupts are unmasked, their handler is named, and the executor is polled here")]

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::{NVIC, SCB};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use defmt_rtt as _;
use embassy_executor::raw;
use embedded_hal::digital::OutputPin;
use qiyong_board_template::wiring::{self, Ready, Room};
use static_cell::StaticCell;

use super::board::{Lm3s6965, parts};
use super::pins::{self, Pin};
use super::registers::{RCC, RCGC1, RCGC2, RIS};
use super::time;
use super::uart::{CARD, KEYS, TILL};
use super::words::LIVE;

/// High while the core sleeps: a probe hears its edges.
type Asleep = Pin<3>;

/// Memory and link.
static ROOM: Room<Lm3s6965> = Room::new();
/// The task is to be polled.
static WORK: AtomicBool = AtomicBool::new(false);

/// The interrupts of the UARTs (data sheet, table 2-9).
#[derive(Clone, Copy)]
enum Line {
    Uart0 = 5,
    Uart1 = 6,
    Uart2 = 33,
}

// SAFETY: these are their numbers.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self as u16
    }
}

/// 20 MHz: the crystal of 8 MHz, the PLL, 200 MHz by ten (data sheet, 5.3).
fn start_clocks() {
    const BYPASS: u32 = 1 << 11;
    const DIVIDED: u32 = 1 << 22;
    const PLL_LOCKED: u32 = 1 << 6;
    RCC.change(BYPASS, DIVIDED);
    // Crystal of 8 MHz, and the main oscillator; PLL on.
    RCC.change(0xE << 6, 0xF << 6 | 0b11 << 4 | 1 << 13 | 1);
    RCC.change(9 << 23 | DIVIDED, 0xF << 23);
    while RIS.read() & PLL_LOCKED == 0 {}
    RCC.change(0, BYPASS);
    RCGC1.change(0b111, 0);
    RCGC2.change(0b1001011, 0);
    // Their registers answer some cycles later.
    let _ = RCGC2.read();
}

#[entry]
fn main() -> ! {
    start_clocks();
    pins::give_to_uarts();
    if let Some(core) = cortex_m::Peripherals::take() {
        time::start(core.SYST);
    }
    let mut asleep = Asleep {}.output();
    for line in [Line::Uart0, Line::Uart1, Line::Uart2] {
        // SAFETY: no critical section is entered.
        unsafe { NVIC::unmask(line) };
    }
    defmt::info!("qiyong on an lm3s6965evb, told the time: {=bool}", time::is_told());

    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    if let Ok(task) = terminal(wiring::open(parts(), &ROOM)) {
        executor.spawner().spawn(task);
    }
    loop {
        // SAFETY: polled here only, and never from within itself.
        unsafe { executor.poll() };
        // Held back, so that no interrupt between the look and the sleep is slept over: it wakes the core all the same.
        cortex_m::interrupt::disable();
        if !WORK.swap(false, Ordering::AcqRel) {
            LIVE.asleep();
            let Ok(()) = asleep.set_high();
            cortex_m::asm::wfi();
            LIVE.awake();
            let Ok(()) = asleep.set_low();
        }
        // SAFETY: they were on before.
        unsafe { cortex_m::interrupt::enable() };
    }
}

#[embassy_executor::task]
async fn terminal(ready: Ready<Lm3s6965>) {
    wiring::run(ready).await
}

/// The executor says that the task is to be polled.
#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    WORK.store(true, Ordering::Release);
}

#[exception]
fn SysTick() {
    time::tick();
}

/// Every interrupt that has no handler of its own, and so those of the UARTs.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        5 => TILL.interrupt(),
        6 => KEYS.interrupt(),
        _ => CARD.interrupt(),
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    defmt::error!("hard fault at {=u32:#010x}", frame.pc());
    SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    defmt::error!("panic");
    SCB::sys_reset()
}
