//! The start: the chip's parts, and the one task.

use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_rp::bind_interrupts;
use embassy_rp::peripherals::{UART0, UART1};
use embassy_rp::uart::{BufferedInterruptHandler, BufferedUart, Config};
use embassy_time::Delay;
use qiyong_board_support::recall::recall;
use qiyong_board_support::till_lines::{Hears, Lines, Says};
use qiyong_board_support::transport;
use qiyong_firmware::storage::Store;
use static_cell::StaticCell;

use super::card_line::{self, Parts};
use super::desk::{Desk, Pad};
use super::lights::Lights;
use super::storage::Region;
use super::till::{BoardLink, Port};
use super::usb::{self, reader};
use super::watchdog::{self, Waits};
use super::{application, crash, keys, panel};

bind_interrupts!(struct Irqs {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
    UART1_IRQ => BufferedInterruptHandler<UART1>;
});

static LINK: StaticCell<BoardLink> = StaticCell::new();
static MEMORY: StaticCell<Store<Region>> = StaticCell::new();
static LINES: StaticCell<Lines> = StaticCell::new();
static TILL: StaticCell<[[u8; 512]; 2]> = StaticCell::new();
static PAD: StaticCell<[[u8; 64]; 2]> = StaticCell::new();

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let chip = embassy_rp::init(Default::default());
    defmt::info!("qiyong on a Pico");
    if watchdog::start(chip.WATCHDOG, spawner) {
        defmt::error!("the watchdog has reset the terminal");
    }
    let memory = MEMORY.init(recall(Region::new(chip.FLASH), crash::last()));
    let [hears, says] = TILL.init([[0; 512]; 2]);
    let (says, hears) =
        BufferedUart::new(chip.UART0, chip.PIN_0, chip.PIN_1, Irqs, says, hears, Config::default()).split();
    let lines = LINES.init(Lines::new());
    let (usb_in, usb_out, of_reader) = if usb::is_reader(chip.PIN_22) {
        (usb::till::In(None), usb::till::Out(None), Some(chip.USB))
    } else {
        let (usb_in, usb_out) = usb::till::start(chip.USB, lines, spawner);
        (usb_in, usb_out, None)
    };
    let port = Port::new(Hears::new(lines, hears, usb_in), Says::new(lines, says, usb_out, Delay), Waits);
    let link = LINK.init(BoardLink::new(port, transport::key(), memory.state([0; 12])));
    link.install(memory.keyring(), memory.policy());
    let [pad_keys, stars] = PAD.init([[0; 64]; 2]);
    let mut config = Config::default();
    config.baudrate = 9600;
    let (stars, pad_keys) =
        BufferedUart::new(chip.UART1, chip.PIN_8, chip.PIN_9, Irqs, stars, pad_keys, config).split();
    let line = card_line::line(Parts {
        io: chip.PIN_2,
        clk: chip.PIN_3,
        rst: chip.PIN_4,
        vcc: chip.PIN_5,
        five_volts: chip.PIN_6,
        present: chip.PIN_7,
        pio: chip.PIO0,
        pwm: chip.PWM_SLICE1,
    });
    keys::start(chip.PIN_15, spawner);
    panel::start(chip.I2C0, chip.PIN_12, chip.PIN_13, spawner);
    let lights = Lights::new(chip.PIN_25, chip.PIN_16, chip.PIN_17, chip.PIN_18);
    let desk = Desk { link, pad: Pad { keys: pad_keys, stars }, lights };
    match of_reader {
        Some(usb) => {
            // It waits for its host for ever.
            watchdog::set_idle(true);
            reader::run(usb, line, desk).await
        }
        None => application::run(link, line, desk, memory, spawner).await,
    }
}
