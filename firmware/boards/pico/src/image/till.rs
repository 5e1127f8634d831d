//! Till and centre on UART 0; and the time of day, which the till tells.

use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::Delay;
use qiyong_firmware::adapters::SerialPort;
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::SerialLink;
use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::Timestamp;

use super::time;

/// The port: read and written by interrupt.
pub(crate) type Port = SerialPort<BufferedUartRx, BufferedUartTx, Delay>;

/// The link over the port.
pub(crate) type BoardLink = SerialLink<Port>;

/// The time of day, counted in the seconds since the start.
#[derive(Clone, Copy)]
pub(crate) struct TillClock<'a>(pub(crate) &'a WallClock);

impl TillClock<'_> {
    pub(crate) fn set(self, time: Timestamp) {
        self.0.set(time, time::now_s());
    }
}

impl Clock for TillClock<'_> {
    fn now(&mut self) -> Timestamp {
        self.0.at(time::now_s())
    }
}
