//! The pins, as far as more than one driver needs them.

use stm32_metapac::gpio::Gpio;
use stm32_metapac::gpio::vals::{Moder, Ot};

/// Gives a pin to one of the chip's peripherals.
pub(crate) fn alternate(port: Gpio, pin: usize, function: u8, kind: Ot) {
    port.otyper().modify(|w| w.set_ot(pin, kind));
    port.afr(pin / 8).modify(|w| w.set_afr(pin % 8, function));
    port.moder().modify(|w| w.set_moder(pin, Moder::ALTERNATE));
}
