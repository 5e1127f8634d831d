//! The till's line as a USB serial port (CDC-ACM), beside UART 0. Which of the two is answered, and what becomes of
//! words that nobody hears, is for `qiyong_board_support::till_lines`.
//!
//! No byte is lost while a sector of flash is erased, for 45 ms in which nothing runs: the controller keeps one packet,
//! and answers NAK to the host's next ones by itself until the packet is taken.

use core::future::pending;

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_rp::Peri;
use embassy_rp::peripherals::USB;
use embassy_rp::usb::Driver;
use embassy_usb::class::cdc_acm::{CdcAcmClass, ControlChanged, Receiver, Sender, State};
use embassy_usb::{Handler, UsbDevice};
use qiyong_board_support::till_lines::{self, Lines, PacketsIn, PacketsOut};
use static_cell::StaticCell;

use super::PACKET;

/// The product, of those for tests.
const PRODUCT: u16 = 0x0002;

type Port = Driver<'static, USB>;

static STATE: StaticCell<State<'static>> = StaticCell::new();
static BUS: StaticCell<Bus> = StaticCell::new();

/// What the bus has to tell the lines.
struct Bus(&'static Lines);

impl Handler for Bus {
    fn reset(&mut self) {
        self.0.is_reset();
    }

    fn configured(&mut self, _: bool) {
        self.0.is_reset();
    }

    fn suspended(&mut self, suspended: bool) {
        self.0.sleeps(suspended);
    }
}

/// What the host sends; nothing, where the port is a reader's.
pub(crate) struct In(pub(crate) Option<Receiver<'static, Port>>);

impl PacketsIn for In {
    async fn take(&mut self, room: &mut [u8; till_lines::PACKET]) -> usize {
        let Some(receiver) = &mut self.0 else { return pending().await };
        loop {
            // The driver does not ask whether there is a host.
            receiver.wait_connection().await;
            if let Ok(count @ 1..) = receiver.read_packet(room).await {
                return count;
            }
        }
    }
}

/// What the host is sent.
pub(crate) struct Out(pub(crate) Option<Sender<'static, Port>>);

impl PacketsOut for Out {
    async fn give(&mut self, packet: &[u8]) {
        if let Some(sender) = &mut self.0 {
            // Without a host there is nothing to be done.
            let _ = sender.write_packet(packet).await;
        }
    }
}

/// Makes the port the till's.
pub(crate) fn start(usb: Peri<'static, USB>, lines: &'static Lines, spawner: Spawner) -> (In, Out) {
    let mut builder = super::device(usb, "Qiyong terminal", PRODUCT);
    let class = CdcAcmClass::new(&mut builder, STATE.init(State::new()), PACKET as u16);
    builder.handler(BUS.init(Bus(lines)));
    let (out, within, control) = class.split_with_control();
    match run(builder.build(), control, lines) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the USB port cannot start twice"),
    }
    (In(Some(within)), Out(Some(out)))
}

/// A task of its own, which rests as long as nothing happens on the bus.
#[embassy_executor::task]
async fn run(mut device: UsbDevice<'static, Port>, control: ControlChanged<'static>, lines: &'static Lines) {
    let watch = async {
        loop {
            control.control_changed().await;
            lines.sees_dtr(control.dtr());
        }
    };
    join(device.run(), watch).await;
}
