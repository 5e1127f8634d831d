//! What a deliberate fault bends: pins, delays, and what the UART is told.

use std::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;
use qiyong_firmware::adapters::CardUart;
use qiyong_firmware::slot::{LineConfig, LineError};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use qiyong_sim::pins::{Bench, BenchDelay, BenchPin, Pin};

/// What a pin does in place of what it is told: the level that it is given, or nothing.
pub(crate) type PinBend = fn(&Bench, Pin, bool) -> Option<bool>;
/// What a pin shows in place of what it is.
pub(crate) type LookBend = fn(&Bench, Pin, bool) -> bool;

/// A pin of the bench, perhaps bent.
#[derive(Clone)]
pub(crate) struct BentPin {
    pub(crate) pin: BenchPin,
    pub(crate) bench: Bench,
    pub(crate) name: Pin,
    pub(crate) bend: PinBend,
    pub(crate) look: LookBend,
}

impl ErrorType for BentPin {
    type Error = Infallible;
}

impl OutputPin for BentPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match (self.bend)(&self.bench, self.name, false) {
            Some(high) => self.pin.set_state(high.into()),
            None => Ok(()),
        }
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        match (self.bend)(&self.bench, self.name, true) {
            Some(high) => self.pin.set_state(high.into()),
            None => Ok(()),
        }
    }
}

impl InputPin for BentPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        let Ok(high) = self.pin.is_high();
        Ok((self.look)(&self.bench, self.name, high))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

impl Wait for BentPin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.pin.wait_for_high().await
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.pin.wait_for_low().await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.pin.wait_for_rising_edge().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.pin.wait_for_falling_edge().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.pin.wait_for_any_edge().await
    }
}

/// A delay, perhaps bent.
#[derive(Clone)]
pub(crate) struct BentDelay(pub(crate) BenchDelay, pub(crate) fn(u32) -> u32);

impl DelayNs for BentDelay {
    async fn delay_ns(&mut self, ns: u32) {
        self.0.delay_ns((self.1)(ns)).await;
    }

    async fn delay_us(&mut self, us: u32) {
        self.delay_ns(us.saturating_mul(1000)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        for _ in 0..ms / 1000 {
            self.0.delay_ns(1_000_000_000).await;
        }
        self.delay_ns(ms % 1000 * 1_000_000).await;
    }
}

/// A UART that is told something else, perhaps.
pub(crate) struct BentUart<X>(pub(crate) X, pub(crate) fn(LineConfig) -> LineConfig);

impl<X: CardUart> CardUart for BentUart<X> {
    fn configure(&mut self, config: &LineConfig) {
        self.0.configure(&(self.1)(*config));
    }

    fn rst_changes(&mut self) {
        self.0.rst_changes();
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        self.0.send(bytes).await
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        self.0.receive(within).await
    }
}
