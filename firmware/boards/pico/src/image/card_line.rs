//! The card's contacts: their pins, PWM for CLK, and PIO for the characters.
//!
//! | Contact | Pin | |
//! |---|---|---|
//! | I/O (C7) | GP2 | open drain by PIO 0; a pull-up of 10 to 20 kΩ to the card's VCC |
//! | CLK (C3) | GP3 | PWM 1 B, 3.90625 MHz |
//! | RST (C2) | GP4 | |
//! | VCC (C1) | GP5 | high switches the supply on |
//! | - | GP6 | high: the supply gives 5 V (class A), low: 3 V (class B) |
//! | - | GP7 | card-present switch, high with a card |

use embassy_rp::Peri;
use embassy_rp::gpio::{Input, Level, Output, Pull};
use embassy_rp::peripherals::{PIN_2, PIN_3, PIN_4, PIN_5, PIN_6, PIN_7, PIO0, PWM_SLICE1};
use embassy_rp::pwm::{Config, Pwm};
#[cfg(not(feature = "mutants"))]
use embassy_time::Delay as Wait;
use embedded_hal::digital::OutputPin;
use qiyong_firmware::adapters::{Contacts, PinLine, Timing};
use qiyong_firmware::slot::CardLine;

use super::characters::{PER_CLK, PioCharacters};
use super::clk::{CLK, Handover, Rest};
#[cfg(feature = "mutants")]
use super::mutant::Wait;

/// The chip's parts that a card needs.
pub(crate) struct Parts {
    pub(crate) io: Peri<'static, PIN_2>,
    pub(crate) clk: Peri<'static, PIN_3>,
    pub(crate) rst: Peri<'static, PIN_4>,
    pub(crate) vcc: Peri<'static, PIN_5>,
    pub(crate) five_volts: Peri<'static, PIN_6>,
    pub(crate) present: Peri<'static, PIN_7>,
    pub(crate) pio: Peri<'static, PIO0>,
    pub(crate) pwm: Peri<'static, PWM_SLICE1>,
}

/// The line, without power, and what makes its clock, which must be kept.
pub(crate) fn line(parts: Parts) -> (impl CardLine, Pwm<'static>) {
    let mut config = Config::default();
    config.top = PER_CLK as u16 - 1;
    config.compare_b = PER_CLK as u16 / 2;
    // CLK rests before the clock begins.
    config.enable = false;
    let mut clock = Pwm::new_output_b(parts.pwm, parts.clk, config.clone());
    let Ok(()) = Handover::<CLK>.set_low();
    config.enable = true;
    clock.set_config(&config);
    let characters = PioCharacters::new(parts.pio, parts.io);
    let contacts = Contacts {
        vcc: Output::new(parts.vcc, Level::Low),
        five_volts: Output::new(parts.five_volts, Level::Low),
        #[cfg(not(feature = "mutants"))]
        rst: Output::new(parts.rst, Level::Low),
        #[cfg(feature = "mutants")]
        rst: super::mutant::Rst(Output::new(parts.rst, Level::Low)),
        clk: Handover::<CLK>,
        clk_level: Rest,
        io: Handover::<2>,
        present: Input::new(parts.present, Pull::Down),
    };
    let timing = Timing { clk_hz: 125_000_000 / PER_CLK, vcc_settles_us: 10_000 };
    (PinLine::new(contacts, characters, Wait, timing), clock)
}
