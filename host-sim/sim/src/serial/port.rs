//! The terminal's port: the firmware's own adapter on two wires and the virtual clock.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};

use qiyong_firmware::adapters::SerialPort;

use super::wire::Wire;
use crate::time::{CLOCK_HZ, VirtualTime};

/// The port.
pub type Port = SerialPort<Receiver, Transmitter, Delay>;

/// The terminal's end of the line; `to_terminal` brings what it receives, `to_till` takes what it sends.
pub fn port(time: VirtualTime, to_terminal: Wire, to_till: Wire) -> Port {
    let looks = Looks::default();
    let receiver = Receiver { wire: to_terminal, time: time.clone(), looks: looks.clone() };
    let transmitter = Transmitter { wire: to_till, time: time.clone(), looks };
    SerialPort::new(receiver, transmitter, Delay(time))
}

/// After so many cycles a board looks at what has come from the till: a byte of a frame waits for the next tick, of a millisecond.
const TICK: u64 = CLOCK_HZ / 1000;

/// When the terminal last looked at what has come, or will look next, in cycles.
#[derive(Clone, Default)]
struct Looks(Rc<Cell<u64>>);

impl Looks {
    /// At this cycle a byte has come or gone out: the terminal looks at the next tick, if that is not already so.
    fn expects(&self, cycle: u64) -> u64 {
        if cycle > self.0.get() {
            self.0.set(cycle + TICK);
        }
        self.0.get()
    }
}

/// What the terminal receives.
pub struct Receiver {
    wire: Wire,
    time: VirtualTime,
    looks: Looks,
}

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = room.first_mut() else { return Ok(0) };
        let due = self.wire.due().await;
        self.time.until(self.looks.expects(due)).await;
        *first = self.wire.receive().await;
        Ok(1)
    }
}

/// What the terminal sends.
pub struct Transmitter {
    wire: Wire,
    time: VirtualTime,
    looks: Looks,
}

impl ErrorType for Transmitter {
    type Error = Infallible;
}

impl Write for Transmitter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.wire.send(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.wire.flushed().await;
        self.looks.expects(self.time.cycles());
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
