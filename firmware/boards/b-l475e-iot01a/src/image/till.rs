//! Till and centre on the ST-LINK's virtual COM port; and the time of day, which the till tells.

use qiyong_firmware::adapters::SerialPort;
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::SerialLink;
use qiyong_firmware::terminal::Clock;
use qiyong_protocol::card::date::Timestamp;

use super::serial;
use super::time::{self, Delay};

/// The port: read and written by interrupt.
type Vcp = SerialPort<&'static serial::Port, &'static serial::Port, Delay>;

/// The link over the port.
pub(crate) type BoardLink = SerialLink<Vcp>;

/// The port, unused.
pub(crate) fn port() -> Vcp {
    SerialPort::new(&serial::TILL, &serial::TILL, Delay)
}

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
