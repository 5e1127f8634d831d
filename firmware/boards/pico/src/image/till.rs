//! Till and centre on UART 0.

use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::Delay;
use qiyong_firmware::adapters::SerialPort;
use qiyong_firmware::link::SerialLink;

/// The port: read and written by interrupt.
pub(crate) type Port = SerialPort<BufferedUartRx, BufferedUartTx, Delay>;

/// The link over the port.
pub(crate) type BoardLink = SerialLink<Port>;
