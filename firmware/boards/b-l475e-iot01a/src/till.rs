//! The ST-LINK's virtual COM port, as `qiyong_firmware::link` needs it: what comes, what goes, and how long to wait; and the
//! time of day.

use core::convert::Infallible;

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::Link;
use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::Timestamp;

use crate::board;
use crate::serial::TILL;

/// The link over the port.
pub(crate) type TillLink = Link<Sender, Delay>;

/// What goes out.
pub(crate) struct Sender;

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Write for Sender {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        TILL.send(bytes.iter().copied()).await;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// What comes in.
pub(crate) struct Receiver;

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let character = board::until(u64::MAX, || TILL.take()).await;
        Ok(bytes.first_mut().zip(character).map_or(0, |(byte, character)| {
            *byte = character.byte;
            1
        }))
    }
}

/// Waits to the tick.
#[derive(Clone, Copy)]
pub(crate) struct Delay;

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        board::sleep_until(board::now_us() + u64::from(ns / 1000)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        board::sleep_until(board::now_us() + u64::from(ms) * 1000).await;
    }
}

/// The time of day, counted in the seconds since the start.
#[derive(Clone, Copy)]
pub(crate) struct TillClock<'a>(pub(crate) &'a WallClock);

impl TillClock<'_> {
    pub(crate) fn set(self, time: Timestamp) {
        self.0.set(time, board::now_s());
    }
}

impl Clock for TillClock<'_> {
    fn now(&mut self) -> Timestamp {
        self.0.at(board::now_s())
    }
}
