//! The pins, as embedded-hal has them: each is a type without a value.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::digital::Wait;

use super::registers::{PORT_A, PORT_B, PORT_D, PORT_G, Port};
use super::time::once;

/// A pin of port B: PB0 is `Pin<0>`. All pins of the card but those of UART2 are there.
#[derive(Clone, Copy)]
pub(crate) struct Pin<const NUMBER: u8>;

impl<const NUMBER: u8> Pin<NUMBER> {
    const BIT: u32 = 1 << NUMBER;

    /// Makes it an output, low.
    pub(crate) fn output(self) -> Self {
        PORT_B.data(NUMBER).write(0);
        PORT_B.direction().change(Self::BIT, 0);
        PORT_B.digital().change(Self::BIT, 0);
        self
    }

    /// Makes it an open-drain output, low: high releases it.
    pub(crate) fn open_drain(self) -> Self {
        PORT_B.open_drain().change(Self::BIT, 0);
        self.output()
    }

    /// Makes it an input that is pulled down.
    pub(crate) fn input(self) -> Self {
        PORT_B.direction().change(0, Self::BIT);
        PORT_B.pull_down().change(Self::BIT, 0);
        PORT_B.digital().change(Self::BIT, 0);
        self
    }

    fn is(self, high: bool) -> bool {
        (PORT_B.data(NUMBER).read() != 0) == high
    }

    async fn wait_for(self, high: bool) -> Result<(), Infallible> {
        once(|| self.is(high).then_some(Ok(()))).await
    }
}

impl<const NUMBER: u8> ErrorType for Pin<NUMBER> {
    type Error = Infallible;
}

impl<const NUMBER: u8> OutputPin for Pin<NUMBER> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        PORT_B.data(NUMBER).write(0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        PORT_B.data(NUMBER).write(Self::BIT);
        Ok(())
    }
}

impl<const NUMBER: u8> InputPin for Pin<NUMBER> {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.is(true))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.is(false))
    }
}

/// Levels are seen at the next tick; what is shorter than a millisecond may be missed.
impl<const NUMBER: u8> Wait for Pin<NUMBER> {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait_for(true).await
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait_for(false).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(false).await?;
        self.wait_for(true).await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(true).await?;
        self.wait_for(false).await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(!self.is(true)).await
    }
}

/// Gives the UARTs their pins: PA0 and PA1, PD2 and PD3, PG0 and PG1.
pub(crate) fn give_to_uarts() {
    let give = |port: Port, bits: u32| {
        port.alternate().change(bits, 0);
        port.digital().change(bits, 0);
    };
    give(PORT_A, 0b11);
    give(PORT_D, 0b1100);
    give(PORT_G, 0b11);
}
