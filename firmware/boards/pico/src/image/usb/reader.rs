//! The slot as a USB reader of the class CCID, in place of the terminal application: whoever has the slot has it alone.

use embassy_futures::join::join;
use embassy_rp::Peri;
use embassy_rp::peripherals::USB;
use embassy_rp::pwm::Pwm;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_time::Delay;
use embassy_usb::Handler;
use embassy_usb::control::{OutResponse, Recipient, Request, RequestType};
use embassy_usb::types::InterfaceNumber;
use qiyong_firmware::ccid::apdus::Apdus;
use qiyong_firmware::ccid::descriptor::{ABORT, CLASS, DESCRIPTOR_TYPE, Rates, descriptor};
use qiyong_firmware::ccid::reader::{Pipes, Reader, Told};
use qiyong_firmware::slot::{CardLine, SlotConfig};
use static_cell::{ConstStaticCell, StaticCell};

use super::super::desk::Desk;
use super::PACKET;

/// The longest command and response that an APDU can have (ISO/IEC 7816-3 clause 12.1.3).
const COMMAND_MAX: usize = 4 + 3 + 65_535 + 2;
const RESPONSE_MAX: usize = 65_536 + 2;
/// The product, of those for tests.
const PRODUCT: u16 = 0x0001;
/// How often the host looks at the interrupt endpoint, in ms.
const LOOKS_MS: u8 = 16;

static COMMAND: ConstStaticCell<[u8; COMMAND_MAX]> = ConstStaticCell::new([0; COMMAND_MAX]);
static RESPONSE: ConstStaticCell<[u8; RESPONSE_MAX]> = ConstStaticCell::new([0; RESPONSE_MAX]);
static HANDLER: StaticCell<Requests> = StaticCell::new();
static TOLD: Told<CriticalSectionRawMutex> = Told::new();

/// What the control endpoint and the bus have to tell the reader.
struct Requests {
    interface: InterfaceNumber,
}

impl Handler for Requests {
    fn reset(&mut self) {
        TOLD.reset();
    }

    fn configured(&mut self, _: bool) {
        TOLD.reset();
    }

    fn suspended(&mut self, _: bool) {
        TOLD.reset();
    }

    fn control_out(&mut self, request: Request, _: &[u8]) -> Option<OutResponse> {
        let ours = request.request_type == RequestType::Class
            && request.recipient == Recipient::Interface
            && request.index == u16::from(self.interface.0);
        let known = request.request == ABORT && ours && TOLD.abort(request.value);
        ours.then_some(if known { OutResponse::Accepted } else { OutResponse::Rejected })
    }
}

/// The reader on the board's USB port.
pub(crate) async fn run(
    usb: Peri<'static, USB>,
    (line, _clock): (impl CardLine, Pwm<'static>),
    desk: Desk<'static>,
) -> ! {
    let mut builder = super::device(usb, "Qiyong reader", PRODUCT);
    let slot = SlotConfig::default();
    let rates = Rates { clk_hz: line.clk_hz(), min_cycles_per_etu: slot.min_cycles_per_etu };
    let mut function = builder.function(CLASS, 0, 0);
    let mut interface = function.interface();
    let handler = HANDLER.init(Requests { interface: interface.interface_number() });
    let mut setting = interface.alt_setting(CLASS, 0, 0, None);
    setting.descriptor(DESCRIPTOR_TYPE, &descriptor(rates));
    let pipes = Pipes {
        out: setting.endpoint_bulk_out(None, PACKET as u16),
        bulk_in: setting.endpoint_bulk_in(None, PACKET as u16),
        notify: setting.endpoint_interrupt_in(None, 8, LOOKS_MS),
    };
    drop(function);
    builder.handler(handler);
    let mut device = builder.build();
    let apdus = Apdus::new(COMMAND.take(), RESPONSE.take());
    let reader = Reader::new(line, slot, desk, Delay, apdus);
    match join(device.run(), reader.serve(pipes, &TOLD)).await {
        (never, _) => never,
    }
}
