//! The pins, as embedded-hal has them: each pin is a type without a value, so that it takes no RAM and its register no look-up.
//!
//! Nothing here stops two drivers from using one pin. Which pin is for what stands in the README.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::digital::Wait;
use stm32_metapac as pac;
use stm32_metapac::gpio::Gpio;
use stm32_metapac::gpio::vals::{Idr, Moder, Ot, Pupdr};

use super::time::once;

/// A pin of the ports A, B and C: PA6 is `Pin<'A', 6>`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin<const PORT: char, const NUMBER: usize>;

impl<const PORT: char, const NUMBER: usize> Pin<PORT, NUMBER> {
    const REGISTERS: Gpio = match PORT {
        'A' => pac::GPIOA,
        'B' => pac::GPIOB,
        _ => pac::GPIOC,
    };

    /// Makes it an output, at the level that it was last given; low after a reset.
    pub(crate) fn output(self, kind: Ot) -> Self {
        Self::REGISTERS.otyper().modify(|w| w.set_ot(NUMBER, kind));
        Self::REGISTERS.moder().modify(|w| w.set_moder(NUMBER, Moder::OUTPUT));
        self
    }

    /// Makes it an input.
    pub(crate) fn input(self, pull: Pupdr) -> Self {
        Self::REGISTERS.pupdr().modify(|w| w.set_pupdr(NUMBER, pull));
        Self::REGISTERS.moder().modify(|w| w.set_moder(NUMBER, Moder::INPUT));
        self
    }

    fn is(self, level: Idr) -> bool {
        Self::REGISTERS.idr().read().idr(NUMBER) == level
    }

    fn wait_for(self, level: Idr) -> impl Future<Output = Result<(), Infallible>> {
        once(move || self.is(level).then_some(Ok(())))
    }
}

impl<const PORT: char, const NUMBER: usize> ErrorType for Pin<PORT, NUMBER> {
    type Error = Infallible;
}

impl<const PORT: char, const NUMBER: usize> OutputPin for Pin<PORT, NUMBER> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Self::REGISTERS.bsrr().write(|w| w.set_br(NUMBER, true));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Self::REGISTERS.bsrr().write(|w| w.set_bs(NUMBER, true));
        Ok(())
    }
}

impl<const PORT: char, const NUMBER: usize> InputPin for Pin<PORT, NUMBER> {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.is(Idr::HIGH))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.is(Idr::LOW))
    }
}

/// Levels and edges are seen at the next tick; one that is shorter than a millisecond may be missed.
impl<const PORT: char, const NUMBER: usize> Wait for Pin<PORT, NUMBER> {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait_for(Idr::HIGH).await
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait_for(Idr::LOW).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(Idr::LOW).await?;
        self.wait_for(Idr::HIGH).await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(Idr::HIGH).await?;
        self.wait_for(Idr::LOW).await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(if self.is(Idr::HIGH) { Idr::LOW } else { Idr::HIGH }).await
    }
}

/// A pin that one of the chip's peripherals drives while this is high. While it is low, the pin is an output at the level that
/// it was last given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handover<const PORT: char, const NUMBER: usize>;

impl<const PORT: char, const NUMBER: usize> Handover<PORT, NUMBER> {
    /// Chooses the peripheral. The pin stays an output.
    pub(crate) fn to(self, function: u8, kind: Ot) -> Self {
        let registers = Pin::<PORT, NUMBER>::REGISTERS;
        registers.afr(NUMBER / 8).modify(|w| w.set_afr(NUMBER % 8, function));
        let _ = Pin::<PORT, NUMBER>.output(kind);
        self
    }
}

impl<const PORT: char, const NUMBER: usize> ErrorType for Handover<PORT, NUMBER> {
    type Error = Infallible;
}

impl<const PORT: char, const NUMBER: usize> OutputPin for Handover<PORT, NUMBER> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Pin::<PORT, NUMBER>::REGISTERS.moder().modify(|w| w.set_moder(NUMBER, Moder::OUTPUT));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Pin::<PORT, NUMBER>::REGISTERS.moder().modify(|w| w.set_moder(NUMBER, Moder::ALTERNATE));
        Ok(())
    }
}

/// Gives a pin to one of the chip's peripherals for good.
pub(crate) fn alternate(port: Gpio, pin: usize, function: u8, kind: Ot) {
    port.otyper().modify(|w| w.set_ot(pin, kind));
    port.afr(pin / 8).modify(|w| w.set_afr(pin % 8, function));
    port.moder().modify(|w| w.set_moder(pin, Moder::ALTERNATE));
}
