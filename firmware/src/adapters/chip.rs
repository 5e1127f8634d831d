//! Card interface chips of the TDA8024 family as a front end: TDA8035, NCN8025, ST8034 (docs/driver.md §C).
//!
//! Such a chip drives the contacts by itself, in the standard's order, when CMDVCC falls and rises, and takes a card off power by
//! itself when something is wrong. All that is left for the driver is to ask, and to find out what OFF means: with CMDVCC high
//! it shows the card; with CMDVCC low its fall says that the card has lost power, and only CMDVCC high again tells why.
//!
//! ```text
//!              ______                     _________________
//! CMDVCC             |___________________|
//!              ____________________          _____________       a fault: the card is still there
//! OFF                              |________|
//!              ____________________          _   _               a removal: no card, or a switch that bounces
//! OFF                              |________| |_| |________
//!                                  | 160 µs |1 ms|  10 ms  |
//! ```
//!
//! The pins are any `OutputPin` and `InputPin`: they may hang on an expander, and may fail. A pin that fails counts as a fault of the
//! supply, since nobody can promise power then. Not here: the characters, which pass through the chip (its I/OUC pin).

use core::marker::PhantomData;

use embassy_futures::select::{Either, select};
use embedded_hal::digital::{InputPin, OutputPin, PinState};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;

use super::{CardFrontEnd, Ending};
use crate::slot::{Clock, VoltageClass};

/// CMDVCC stays low for so long after OFF has fallen, in µs.
const FALLEN_US: u32 = 160;
/// OFF shows the card so long after CMDVCC has risen, in µs.
const SHOWS_US: u32 = 1000;
/// So long a switch may bounce when a card goes, in ms.
const GOES_MS: u32 = 10;
/// So long OFF is high before a card counts as resting, in ms. Longer than any chip's own debounce, which is not relied on.
const RESTS_MS: u32 = 20;

/// The levels of two pins.
pub type Code = [PinState; 2];

/// CLK as a part of the chip's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divider {
    /// All of it.
    By1,
    /// Half.
    By2,
    /// A quarter.
    By4,
    /// An eighth.
    By8,
}

/// A chip of the family: its name, and what its pins mean.
pub trait Family {
    /// Its name.
    const NAME: &'static str;

    /// The levels of the two pins that select a voltage; `None`: it does not have it.
    fn select(class: VoltageClass) -> Option<Code>;

    /// The levels of CLKDIV1 and CLKDIV2.
    fn divide(divider: Divider) -> Code {
        match divider {
            Divider::By1 => [PinState::High, PinState::Low],
            Divider::By2 => [PinState::High, PinState::High],
            Divider::By4 => [PinState::Low, PinState::High],
            Divider::By8 => [PinState::Low, PinState::Low],
        }
    }
}

/// NXP's TDA8035, pins VSEL0 and VSEL1.
#[derive(Clone, Copy, Debug)]
pub struct Tda8035;

impl Family for Tda8035 {
    const NAME: &'static str = "TDA8035";

    fn select(class: VoltageClass) -> Option<Code> {
        Some(match class {
            VoltageClass::A => [PinState::High, PinState::High],
            VoltageClass::B => [PinState::Low, PinState::High],
            VoltageClass::C => [PinState::Low, PinState::Low],
        })
    }
}

/// onsemi's NCN8025, pins VSEL0 and VSEL1.
#[derive(Clone, Copy, Debug)]
pub struct Ncn8025;

impl Family for Ncn8025 {
    const NAME: &'static str = "NCN8025";

    fn select(class: VoltageClass) -> Option<Code> {
        Some(match class {
            VoltageClass::A => [PinState::Low, PinState::High],
            VoltageClass::B => [PinState::Low, PinState::Low],
            VoltageClass::C => [PinState::High, PinState::High],
        })
    }
}

/// ST's ST8034, pin 5V/3V; the other is [`Unconnected`](super::Unconnected).
#[derive(Clone, Copy, Debug)]
pub struct St8034;

impl Family for St8034 {
    const NAME: &'static str = "ST8034";

    fn select(class: VoltageClass) -> Option<Code> {
        match class {
            VoltageClass::A => Some([PinState::High, PinState::Low]),
            VoltageClass::B => Some([PinState::Low, PinState::Low]),
            VoltageClass::C => None,
        }
    }
}

/// The chip's pins at the MCU. One that is tied to a level on the board is [`Unconnected`](super::Unconnected).
#[derive(Clone, Copy, Debug)]
pub struct ChipPins<M, R, S, T, U, V, O> {
    /// CMDVCC, active low: asks for power.
    pub cmdvcc: M,
    /// RSTIN: what RST is while the card has power. Not inverted.
    pub rstin: R,
    /// The two pins that select the voltage, in the order of the chip's [`Family`].
    pub select: (S, T),
    /// CLKDIV1 and CLKDIV2.
    pub divide: (U, V),
    /// OFF, active low, with its pull-up.
    pub off: O,
}

/// Who has taken power from the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    /// Nobody: it has power, as far as the driver knows.
    On,
    /// The driver.
    Off,
    /// The chip, and then the driver, who has not told the chip yet.
    Fallen,
    /// The chip; CMDVCC is high again, and what OFF shows is not known yet.
    Asked,
    /// The chip, and why is known.
    Ended(Ending),
}

/// An interface chip of the kind `K` on these pins, with a delay of its own to wait by.
#[derive(Debug)]
pub struct Chip<K, P, D> {
    pins: P,
    delay: D,
    power: Power,
    /// A pin has failed since VCC was last switched.
    broken: bool,
    kind: PhantomData<K>,
}

impl<K, M, R, S, T, U, V, O, D> Chip<K, ChipPins<M, R, S, T, U, V, O>, D>
where
    K: Family,
    M: OutputPin,
    R: OutputPin,
    S: OutputPin,
    T: OutputPin,
    U: OutputPin,
    V: OutputPin,
    O: InputPin + Wait,
    D: DelayNs,
{
    /// How long an activation takes at most, and a deactivation, in µs: what [`Timing::at`](super::Timing::at) is given.
    pub const SETTLES_US: u32 = 250;

    /// A chip without a powered card, whose CLK is its own clock by `divider`. An external clock must run by now.
    pub fn new(pins: ChipPins<M, R, S, T, U, V, O>, divider: Divider, delay: D) -> Self {
        let mut chip = Self { pins, delay, power: Power::Off, broken: false, kind: PhantomData };
        chip.command(false);
        let [first, second] = K::divide(divider);
        let done = chip.pins.divide.0.set_state(first).is_ok() & chip.pins.divide.1.set_state(second).is_ok();
        chip.broken |= !done;
        chip
    }

    /// Asks for power, or no more.
    fn command(&mut self, on: bool) {
        self.broken |= self.pins.cmdvcc.set_state((!on).into()).is_err();
    }

    fn off_is_low(&mut self) -> bool {
        self.pins.off.is_low().unwrap_or_else(|_| {
            self.broken = true;
            false
        })
    }

    /// Waits for a level of OFF. For ever, if the pin fails.
    async fn off_is(&mut self, high: bool) {
        let waited = if high { self.pins.off.wait_for_high().await } else { self.pins.off.wait_for_low().await };
        if waited.is_err() {
            self.broken = true;
            core::future::pending::<()>().await;
        }
    }
}

impl<K, M, R, S, T, U, V, O, D> CardFrontEnd for Chip<K, ChipPins<M, R, S, T, U, V, O>, D>
where
    K: Family,
    M: OutputPin,
    R: OutputPin,
    S: OutputPin,
    T: OutputPin,
    U: OutputPin,
    V: OutputPin,
    O: InputPin + Wait,
    D: DelayNs,
{
    fn serves(class: VoltageClass) -> bool {
        K::select(class).is_some()
    }

    fn set_vcc(&mut self, class: Option<VoltageClass>) {
        if self.power == Power::On && self.off_is_low() {
            // The chip has taken power already, and is told so once it has had its time.
            self.power = Power::Fallen;
        } else {
            self.command(false);
            self.power = Power::Off;
        }
        let Some(code) = class.and_then(K::select) else { return };
        self.command(false);
        let [first, second] = code;
        let done = self.pins.rstin.set_low().is_ok()
            & self.pins.select.0.set_state(first).is_ok()
            & self.pins.select.1.set_state(second).is_ok();
        self.broken = !done;
        if done {
            self.command(true);
        }
        self.power = Power::On;
    }

    async fn settle<W: DelayNs>(&mut self, delay: &mut W, us: u32) {
        delay.delay_us(us.max(FALLEN_US)).await;
        if self.power == Power::Fallen {
            self.command(false);
            self.power = Power::Off;
        }
    }

    fn set_rst(&mut self, high: bool) {
        self.broken |= self.pins.rstin.set_state(high.into()).is_err();
    }

    fn set_clk(&mut self, _: Clock) {
        // The chip starts and stops it.
    }

    fn set_io(&mut self, _: bool) {
        // The chip switches its pull-up.
    }

    fn present(&mut self) -> bool {
        // With power and OFF low nobody knows yet.
        matches!(self.power, Power::On | Power::Fallen) || !self.off_is_low()
    }

    async fn insertion(&mut self) {
        if self.power == Power::Fallen {
            self.delay.delay_us(FALLEN_US).await;
            self.command(false);
            self.power = Power::Off;
        }
        loop {
            self.off_is(true).await;
            let Self { pins, delay, .. } = self;
            if let Either::Second(()) = select(pins.off.wait_for_low(), delay.delay_ms(RESTS_MS)).await {
                break;
            }
        }
    }

    async fn removal(&mut self) {
        if self.power != Power::Off && self.ending().await == Ending::Removed {
            return;
        }
        self.off_is(false).await;
    }

    async fn ending(&mut self) -> Ending {
        loop {
            match self.power {
                Power::Ended(ending) => return ending,
                _ if self.broken => self.power = Power::Ended(Ending::Fault),
                Power::Off => {
                    self.off_is(false).await;
                    self.power = Power::Ended(Ending::Removed);
                }
                Power::On | Power::Fallen => {
                    self.off_is(false).await;
                    self.delay.delay_us(FALLEN_US).await;
                    self.command(false);
                    self.power = Power::Asked;
                }
                Power::Asked => {
                    self.delay.delay_us(SHOWS_US).await;
                    let Self { pins, delay, .. } = self;
                    // A switch that bounces is low some time or other; a card that is still there is not.
                    let gone = select(pins.off.wait_for_low(), delay.delay_ms(GOES_MS)).await;
                    self.power = Power::Ended(match gone {
                        Either::First(Ok(())) => Ending::Removed,
                        Either::First(Err(_)) | Either::Second(()) => Ending::Fault,
                    });
                }
            }
        }
    }

    fn has_ended(&mut self) -> bool {
        match self.power {
            Power::On => self.off_is_low() || self.broken,
            Power::Off | Power::Fallen => false,
            Power::Asked | Power::Ended(_) => true,
        }
    }
}

#[cfg(test)]
mod tests;
