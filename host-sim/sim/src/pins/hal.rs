//! The bench's pins, delay and count as embedded-hal and the firmware's adapters take them.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::task::Poll;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;
use qiyong_firmware::adapters::CycleCounter;

use super::bench::{Bench, Pin};

/// A delay alone moves time on by so much at a time, in µs.
const DELAY_STEP_US: u64 = 16;

impl Bench {
    /// A pin.
    pub fn pin(&self, pin: Pin) -> BenchPin {
        BenchPin { bench: self.clone(), pin }
    }

    /// A delay.
    pub fn delay(&self) -> BenchDelay {
        BenchDelay(self.clone())
    }

    /// The count of cycles; `HZ` must be the bench's.
    pub fn counter<const HZ: u32>(&self) -> BenchCounter<HZ> {
        BenchCounter(self.clone())
    }
}

/// A pin of the MCU, open drain where the contact has a pull-up.
#[derive(Clone)]
pub struct BenchPin {
    bench: Bench,
    pin: Pin,
}

impl BenchPin {
    async fn wait(&self, high: bool) {
        let is = |level| if level == high { Poll::Ready(()) } else { Poll::Pending };
        poll_fn(|_| is(self.bench.comes_round(self.pin))).await;
    }
}

impl ErrorType for BenchPin {
    type Error = Infallible;
}

impl OutputPin for BenchPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.bench.write(self.pin, false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.bench.write(self.pin, true);
        Ok(())
    }
}

impl InputPin for BenchPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.bench.look(self.pin))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.bench.look(self.pin))
    }
}

impl Wait for BenchPin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait(true).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait(false).await;
        Ok(())
    }

    // Nobody waits for edges here.
    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        pending().await
    }
}

/// A delay on the bench.
#[derive(Clone)]
pub struct BenchDelay(Bench);

impl DelayNs for BenchDelay {
    async fn delay_ns(&mut self, ns: u32) {
        let end = self.0.after_ns(ns);
        let is = |over| if over { Poll::Ready(()) } else { Poll::Pending };
        poll_fn(|_| is(self.0.goes_on(end, DELAY_STEP_US))).await;
    }
}

/// The MCU's count of cycles.
#[derive(Clone)]
pub struct BenchCounter<const HZ: u32>(Bench);

impl<const HZ: u32> CycleCounter for BenchCounter<HZ> {
    const HZ: u32 = HZ;

    fn now(&mut self) -> u32 {
        self.0.count() as u32
    }
}
