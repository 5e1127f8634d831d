//! What your chip must give, one type each. Each is a trait of the ecosystem where there is one.

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};
use embedded_storage::nor_flash::NorFlash;
use qiyong_board_support::pin_pad::PinPad;
use qiyong_firmware::adapters::{CardFrontEnd, CardUart, SerialPort, Timing};
use qiyong_firmware::link::SerialLink;
use qiyong_firmware::slot::SlotConfig;
use qiyong_firmware::ui::Screen;
use rand_core::CryptoRng;

/// The chip: write these types down first.
pub trait Chip: 'static {
    /// Power, reset and clock of the card: `adapters::Contacts` on pins, or `adapters::Chip` for an interface chip.
    type FrontEnd: CardFrontEnd;
    /// The card's characters: a USART with a smartcard mode, or `adapters::BitUart` on one pin.
    type Uart: CardUart;
    /// A delay; copies of it run at the same time.
    type Delay: DelayNs + Clone + 'static;
    /// From till and centre, kept by interrupt or DMA while nobody reads.
    type Receiver: Read + 'static;
    /// To till and centre.
    type Transmitter: Write + 'static;
    /// The PIN pad.
    type Pad: PinPad + 'static;
    /// 32 pages of flash, which nothing else uses. One whose words do not fit is refused by the compiler.
    type Flash: NorFlash + 'static;
    /// Random numbers, true ones in a product.
    type Random: CryptoRng;

    /// Whole seconds since the start.
    fn now_s() -> u32;

    /// Shows a screen. Must return at once: what takes longer is done beside the visit.
    fn show(screen: &Screen);
}

/// The link to till and centre.
pub type Link<C> = SerialLink<SerialPort<<C as Chip>::Receiver, <C as Chip>::Transmitter, <C as Chip>::Delay>>;

/// The parts that the image's entry has made.
#[allow(missing_debug_implementations, reason = "a part need not have one")]
pub struct Peripherals<C: Chip> {
    /// Power, reset and clock of the card.
    pub front_end: C::FrontEnd,
    /// The card's characters.
    pub uart: C::Uart,
    /// A delay.
    pub delay: C::Delay,
    /// From till and centre.
    pub receiver: C::Receiver,
    /// To till and centre.
    pub transmitter: C::Transmitter,
    /// The PIN pad.
    pub pad: C::Pad,
    /// The flash.
    pub flash: C::Flash,
    /// Random numbers.
    pub random: C::Random,
    /// CLK and supply: `Timing::at` refuses a CLK that no card takes.
    pub timing: Timing,
    /// The voltages that the front end has, and how fast the UART is.
    pub slot: SlotConfig,
    /// The chip's serial number, or zeros.
    pub serial: [u8; 12],
}
