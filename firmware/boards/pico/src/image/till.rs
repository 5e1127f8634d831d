//! Till and centre on UART 0 and on the USB port: the one that spoke last is answered.

use embassy_rp::uart::{BufferedUartRx, BufferedUartTx};
use embassy_time::Delay;
use qiyong_board_support::till_lines::{Hears, Says};
use qiyong_firmware::adapters::SerialPort;
use qiyong_firmware::link::SerialLink;

use super::usb::till::{In, Out};
use super::watchdog::Waits;

/// The port: UART 0 is read and written by interrupt, and the USB controller answers NAK while a packet waits to be read.
pub(crate) type Port = SerialPort<Hears<'static, BufferedUartRx, In>, Says<'static, BufferedUartTx, Out, Delay>, Waits>;

/// The link over the port.
pub(crate) type BoardLink = SerialLink<Port>;
