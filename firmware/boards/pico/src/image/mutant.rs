//! Deliberate faults, in an image that tests alone build (`--features mutants`): a probe chooses one by writing its number. Those of the
//! card's line the referee must convict, and hangs and faults of the program the watchdog and the next start must tell. An image that is
//! flashed has nothing of this.
#![allow(unsafe_code, reason = "a name that a probe looks for")]

use core::convert::Infallible;

use embassy_rp::gpio::Output;
use embassy_time::Delay;
use embedded_hal::digital::{ErrorType, OutputPin};
use embedded_hal_async::delay::DelayNs;
use portable_atomic::{AtomicU32, Ordering};
use qiyong_firmware::slot::LineConfig;

use super::clk::{CLK, Handover, Rest};

/// The number of the fault; 0: none.
#[unsafe(export_name = "QIYONG_MUTANT")]
static MUTANT: AtomicU32 = AtomicU32::new(0);

fn is(number: u32) -> bool {
    MUTANT.load(Ordering::Relaxed) == number
}

/// A wait for the centre begins: the program hangs in it (101) or faults (201), or does so after so many more.
pub(crate) fn at_wait() {
    match MUTANT.load(Ordering::Relaxed) {
        101 => loop {
            cortex_m::asm::wfi();
        },
        201 => cortex_m::asm::udf(),
        word @ (102..=199 | 202..=299) => MUTANT.store(word - 1, Ordering::Relaxed),
        _ => {}
    }
}

/// The line's times.
pub(crate) fn config(config: &LineConfig) -> LineConfig {
    let mut bent = *config;
    match MUTANT.load(Ordering::Relaxed) {
        1 => bent.guard_time = bent.guard_time.saturating_sub(1),
        2 if bent.error_signal => bent.turnaround = 14,
        _ => {}
    }
    bent
}

/// The PIO's words: the jump over the error signal, and the signal.
pub(crate) fn program([jump, signal]: [u16; 2], config: &LineConfig) -> [u16; 2] {
    match MUTANT.load(Ordering::Relaxed) {
        // Eight ticks, half an etu, too late.
        3 => [jump | 8 << 8, signal],
        // Never jumped over.
        4 if !config.error_signal => [jump | 3 << 5, signal],
        _ => [jump, signal],
    }
}

/// The card's error signal is not looked at.
pub(crate) fn is_blind() -> bool {
    is(5)
}

/// What was refused comes again at once.
pub(crate) fn is_hasty() -> bool {
    is(6)
}

/// RST's pin, and what a fault does when it falls.
pub(crate) struct Rst(pub(crate) Output<'static>);

impl ErrorType for Rst {
    type Error = Infallible;
}

impl OutputPin for Rst {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match MUTANT.load(Ordering::Relaxed) {
            // CLK stops before RST falls.
            7 => Handover::<CLK>.set_low()?,
            // VCC falls before everything.
            8 => vcc_falls(),
            // CLK stops high.
            9 => {
                self.0.set_low();
                Rest.set_high()?;
                Handover::<CLK>.set_low()?;
            }
            _ => {}
        }
        self.0.set_low();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set_high();
        Ok(())
    }
}

fn vcc_falls() {
    embassy_rp::pac::SIO.gpio_out(0).value_clr().write_value(1 << 5);
}

/// Waits, of which a fault makes the short ones shorter: RST is low for too short a time.
pub(crate) struct Wait;

impl DelayNs for Wait {
    async fn delay_ns(&mut self, ns: u32) {
        Delay.delay_ns(ns).await;
    }

    async fn delay_us(&mut self, us: u32) {
        Delay.delay_us(if is(10) && us < 200 { us / 2 } else { us }).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        Delay.delay_ms(ms).await;
    }
}
