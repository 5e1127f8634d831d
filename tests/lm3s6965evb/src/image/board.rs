//! The template's list of types, filled in.

use qiyong_board_support::ram_flash::RamFlash;
use qiyong_board_template::chip::{Chip, Peripherals};
use qiyong_firmware::adapters::{Contacts, Timing, Unconnected};
use qiyong_firmware::slot::SlotConfig;
use qiyong_firmware::ui::Screen;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

use super::card::{CLK_HZ, Characters};
use super::pins::Pin;
use super::time::{self, Delay};
use super::uart::{KEYS, Serial, TILL};
use super::words;

/// A page of the chip's flash, in bytes.
const PAGE: usize = 1024;

pub(crate) enum Lm3s6965 {}

impl Chip for Lm3s6965 {
    type FrontEnd = Contacts<Pin<0>, Pin<1>, Pin<2>, Pin<4>, Unconnected, Pin<5>, Pin<6>>;
    type Uart = Characters;
    type Delay = Delay;
    type Receiver = Serial;
    type Transmitter = Serial;
    type Pad = Serial;
    type Flash = RamFlash<PAGE>;
    type Random = ChaCha12Rng;

    fn now_s() -> u32 {
        time::now_s()
    }

    fn show(screen: &Screen) {
        words::show(screen);
    }
}

/// The parts.
pub(crate) fn parts() -> Peripherals<Lm3s6965> {
    let till = Serial::start(&TILL, 115_200);
    Peripherals {
        front_end: Contacts {
            vcc: Pin.output(),
            five_volts: Pin.output(),
            rst: Pin.output(),
            clk: Pin.output(),
            clk_level: Unconnected,
            io: Pin.open_drain(),
            present: Pin.input(),
        },
        uart: Characters::new(),
        delay: Delay,
        receiver: till,
        transmitter: till,
        pad: Serial::start(&KEYS, 9600),
        flash: RamFlash::new(words::storage()),
        // Not for sale: the chip has no generator.
        random: ChaCha12Rng::seed_from_u64(6965),
        timing: Timing::at::<CLK_HZ>(10_000),
        slot: SlotConfig { clock_stop: false, ..SlotConfig::default() },
        serial: [0; 12],
    }
}
