//! Till and centre on the ST-LINK's virtual COM port.

use qiyong_firmware::adapters::SerialPort;
use qiyong_firmware::link::SerialLink;

use super::serial;
use super::time::Delay;

/// The port: read and written by interrupt.
type Vcp = SerialPort<&'static serial::Port, &'static serial::Port, Delay>;

/// The link over the port.
pub(crate) type BoardLink = SerialLink<Vcp>;

/// The port, unused.
pub(crate) fn port() -> Vcp {
    SerialPort::new(&serial::TILL, &serial::TILL, Delay)
}
