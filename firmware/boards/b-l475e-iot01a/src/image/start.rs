//! The start: clocks, interrupts, and the executor that polls the two tasks. What waits for what is for `time`.
//!
//! Written on the register crate: the emulator has neither PWR nor TIM timers, on which the usual HAL waits for ever.
#![allow(unsafe_code, reason = "interrupts are unmasked and the executor is polled here")]

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::NVIC;
use cortex_m_rt::{entry, exception};
use defmt_rtt as _;
use embassy_executor::raw;
use stm32_metapac as pac;
use stm32_metapac::interrupt;

use super::{application, chip, keys, lights, panel, publication, serial, time, watchdog};

/// A task is to be polled.
static WORK: AtomicBool = AtomicBool::new(false);

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

#[entry]
fn main() -> ! {
    watchdog::start();
    start_clocks();
    lights::start();
    keys::start();
    if let Some(core) = cortex_m::Peripherals::take() {
        time::start(core.SYST);
    }
    serial::start();
    publication::start();
    // SAFETY: no critical section is entered, and the handlers are in this file.
    unsafe {
        NVIC::unmask(pac::Interrupt::USART1);
        NVIC::unmask(pac::Interrupt::USART2);
        NVIC::unmask(pac::Interrupt::UART4);
        NVIC::unmask(pac::Interrupt::I2C1_EV);
    }
    defmt::info!("qiyong on b-l475e-iot01a, emulated: {=bool}", chip::is_emulated());

    if watchdog::has_bitten() {
        defmt::error!("the watchdog has reset the terminal");
    }

    static EXECUTOR: static_cell::StaticCell<raw::Executor> = static_cell::StaticCell::new();
    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    application::start(executor.spawner());
    panel::start(executor.spawner());
    loop {
        // SAFETY: polled here only, and never from within itself.
        unsafe { executor.poll() };
        watchdog::feed(time::now);
        // An interrupt between the look at `WORK` and the sleep would be slept over. So interrupts are held back until the
        // core sleeps: one that comes meanwhile wakes the core all the same, and is served then.
        cortex_m::interrupt::disable();
        if !WORK.swap(false, Ordering::AcqRel) {
            publication::asleep();
            cortex_m::asm::wfi();
            publication::awake();
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
    time::tick();
    watchdog::tick();
    keys::tick();
    panel::tick();
    time::wake();
}

#[interrupt]
fn USART1() {
    // A byte of a frame waits for the next tick, as a dozen may: there is room for five times as many. With the end of one that
    // goes out nothing has come.
    if !serial::TILL.interrupt(None) {
        time::wake();
    }
    time::expects_tick();
}

#[interrupt]
fn USART2() {
    // Where the time is told, nobody waits for the end of a character by itself.
    if serial::CARD.interrupt(Some(&serial::ECHO)) || !time::is_told() {
        time::wake();
    }
}

#[interrupt]
fn UART4() {
    serial::KEYS.interrupt(None);
    time::wake();
}

#[interrupt]
fn I2C1_EV() {
    panel::interrupt();
}
