//! The terminal's port: the firmware's own adapter on two wires and the virtual clock.

use std::convert::Infallible;

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};

use qiyong_firmware::adapters::SerialPort;

use super::wire::Wire;
use crate::time::{CLOCK_HZ, VirtualTime};

/// The port.
pub type Port = SerialPort<Receiver, Transmitter, Delay>;

/// The terminal's end of the line; `to_terminal` brings what it receives, `to_till` takes what it sends.
pub fn port(time: VirtualTime, to_terminal: Wire, to_till: Wire) -> Port {
    let receiver = Receiver { wire: to_terminal, time: time.clone(), looks: 0 };
    SerialPort::new(receiver, Transmitter(to_till), Delay(time))
}

/// After so many cycles a board looks at what has come from the till: a byte of a frame waits for the next tick, of a millisecond.
const TICK: u64 = CLOCK_HZ / 1000;

/// What the terminal receives.
pub struct Receiver {
    wire: Wire,
    time: VirtualTime,
    /// When the terminal last looked, or will look next, in cycles.
    looks: u64,
}

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = room.first_mut() else { return Ok(0) };
        let due = self.wire.due().await;
        if due > self.looks {
            self.looks = due + TICK;
        }
        self.time.until(self.looks).await;
        *first = self.wire.receive().await;
        Ok(1)
    }
}

/// What the terminal sends.
pub struct Transmitter(Wire);

impl ErrorType for Transmitter {
    type Error = Infallible;
}

impl Write for Transmitter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.send(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.0.flushed().await;
        Ok(())
    }
}

/// Waits in virtual time.
#[derive(Clone)]
pub struct Delay(VirtualTime);

impl Delay {
    async fn wait(&self, count: u32, in_a_second: u64) {
        let cycles = (u128::from(count) * u128::from(CLOCK_HZ)).div_ceil(u128::from(in_a_second));
        self.0.until(self.0.cycles().saturating_add(u64::try_from(cycles).unwrap_or(u64::MAX))).await;
    }
}

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.wait(ns, 1_000_000_000).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.wait(ms, 1000).await;
    }
}
