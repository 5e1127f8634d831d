//! Contacts that a peripheral drives, or nobody: CLK (PWM) and I/O (PIO). The pins' own override does that, so that the peripheral
//! needs to know nothing (RP2040 data sheet, 2.19.6.1).

use core::convert::Infallible;

use embassy_rp::pac;
use embassy_rp::pac::io::vals::{Oeover, Outover};
use embedded_hal::digital::{ErrorType, OutputPin};
use portable_atomic::{AtomicBool, Ordering};

/// A pin that its peripheral drives while this is high. While it is low, the pin is low, or, if [`Rest`] says so, high.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handover<const PIN: usize>;

/// Where CLK rests.
static RESTS_HIGH: AtomicBool = AtomicBool::new(false);

/// The level at which CLK rests when it is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest;

impl<const PIN: usize> ErrorType for Handover<PIN> {
    type Error = Infallible;
}

/// CLK's pin, the only one that may rest high.
pub(crate) const CLK: usize = 3;

impl<const PIN: usize> OutputPin for Handover<PIN> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let high = PIN == CLK && RESTS_HIGH.load(Ordering::Relaxed);
        pac::IO_BANK0.gpio(PIN).ctrl().modify(|w| {
            w.set_outover(if high { Outover::HIGH } else { Outover::LOW });
            w.set_oeover(Oeover::ENABLE);
        });
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        pac::IO_BANK0.gpio(PIN).ctrl().modify(|w| {
            w.set_outover(Outover::NORMAL);
            w.set_oeover(Oeover::NORMAL);
        });
        Ok(())
    }
}

impl ErrorType for Rest {
    type Error = Infallible;
}

impl OutputPin for Rest {
    fn set_low(&mut self) -> Result<(), Infallible> {
        RESTS_HIGH.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        RESTS_HIGH.store(true, Ordering::Relaxed);
        Ok(())
    }
}
