//! The board's USB port. What it is stands with the jumper on GP22: tied to 3.3 V at the start, the board is a
//! [`reader`]; open, it is the till's terminal, and the port one of its [`till`](mod@till)'s two lines.
//!
//! One of the two at a time, so that no program finds a reader whose slot the till's terminal has, or a till line that
//! nobody serves.

pub(crate) mod reader;
pub(crate) mod till;

use embassy_rp::Peri;
use embassy_rp::bind_interrupts;
use embassy_rp::gpio::{Input, Pull};
use embassy_rp::peripherals::{PIN_22, USB};
use embassy_rp::usb::{Driver, InterruptHandler};
use embassy_usb::{Builder, Config};
use static_cell::ConstStaticCell;

bind_interrupts!(struct Irqs {
    USBCTRL_IRQ => InterruptHandler<USB>;
});

/// Bytes of a full packet.
const PACKET: usize = 64;
/// The vendor of the ids that pid.codes gives to tests; whoever sells boards has ids of their own.
const TEST_VENDOR: u16 = 0x1209;

static DESCRIPTORS: ConstStaticCell<[[u8; 256]; 3]> = ConstStaticCell::new([[0; 256]; 3]);
static CONTROL: ConstStaticCell<[u8; PACKET]> = ConstStaticCell::new([0; PACKET]);

/// Whether the jumper is set.
pub(crate) fn is_reader(jumper: Peri<'static, PIN_22>) -> bool {
    Input::new(jumper, Pull::Down).is_high()
}

/// A device of this name; its functions are still to come.
fn device(usb: Peri<'static, USB>, name: &'static str, product: u16) -> Builder<'static, Driver<'static, USB>> {
    let [configuration, bos, msos] = DESCRIPTORS.take();
    let mut config = Config::new(TEST_VENDOR, product);
    config.manufacturer = Some("Qiyong");
    config.product = Some(name);
    Builder::new(Driver::new(usb, Irqs), config, configuration, bos, msos, CONTROL.take())
}
