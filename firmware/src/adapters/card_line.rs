//! The card's contacts on pins, as a [`CardLine`]. Order and times of the contacts are not decided here: that is for
//! [`ContactSlot`](crate::slot::ContactSlot).

use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;

use crate::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};

/// Characters on I/O, in etu: what a USART with a smartcard mode does, or a timer and a pin. No standard trait has it.
///
/// [`PinLine`] stops `send` and `receive` when the card is taken out, so an implementation need not look for that.
pub trait CardUart {
    /// Sets how characters are sent and received from now on. Must also make good what a dropped `send` or `receive` left
    /// behind: [`PinLine`] calls this before it sends or receives again.
    fn configure(&mut self, config: &LineConfig);

    /// RST is driven right after this. What has come so far is forgotten, and [`CardUart::receive`] counts from now until a
    /// character has come or gone. Not after RST was driven: a card that answers at once must not have its answer forgotten.
    fn rst_changes(&mut self);

    /// As [`CardLine::send`], but for the removal of the card.
    ///
    /// Cancel-safety: dropped when the card is taken out. Some characters may have gone out by then.
    ///
    /// # Errors
    /// [`LineError::NotAccepted`] or [`LineError::ShortCircuit`].
    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError>;

    /// As [`CardLine::receive`], but for the removal of the card.
    ///
    /// Cancel-safety: dropped when the card is taken out. A character may be lost with it.
    ///
    /// # Errors
    /// [`LineError::Timeout`] or [`LineError::ShortCircuit`].
    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError>;
}

/// The pins of a card slot, by contact (ISO/IEC 7816-3 clause 5). All but `present` are outputs.
///
/// The pins must not fail ([`Infallible`]): a contact that is driven late or not at all harms the card, and behind a bus
/// that can fail nobody could promise the order of clause 6.4. A pin that the board does not have is [`Unconnected`]; one of the
/// other polarity needs an `OutputPin` around it that turns it round.
#[derive(Clone, Copy, Debug)]
pub struct Contacts<V, S, R, K, L, I, P> {
    /// VCC (C1): high switches the supply on.
    pub vcc: V,
    /// Which voltage the supply gives: high for 5 V (class A), low for 3 V (class B). [`Unconnected`] where there is one
    /// voltage only; then [`SlotConfig::classes`](crate::slot::SlotConfig::first_class) must be that, and
    /// there are no more.
    pub five_volts: S,
    /// RST (C2).
    pub rst: R,
    /// CLK (C3): high lets the clock run, low stops it.
    pub clk: K,
    /// Where CLK rests when it is stopped. [`Unconnected`] where that is always low; then
    /// [`SlotConfig::clock_stop`](crate::slot::SlotConfig::clock_stop) must be off, since some cards want it high.
    pub clk_level: L,
    /// I/O (C7): high releases it to the character hardware and its pull-up, low pulls it low. An open-drain pin does that.
    pub io: I,
    /// The card-present switch: high with a card.
    pub present: P,
}

/// What a board must tell of its card slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The frequency of CLK, in Hz: 1 to 5 MHz (clause 5.2.3).
    pub clk_hz: u32,
    /// How long the supply takes until VCC is stable, or gone, in µs.
    pub vcc_settles_us: u32,
}

/// A card slot's line: contacts on pins, characters from `X`, waits from `D`.
#[derive(Debug)]
pub struct PinLine<C, X, D> {
    contacts: C,
    characters: X,
    delay: D,
    timing: Timing,
}

impl<V, S, R, K, L, I, P, X, D> PinLine<Contacts<V, S, R, K, L, I, P>, X, D>
where
    V: OutputPin<Error = Infallible>,
    S: OutputPin<Error = Infallible>,
    R: OutputPin<Error = Infallible>,
    K: OutputPin<Error = Infallible>,
    L: OutputPin<Error = Infallible>,
    I: OutputPin<Error = Infallible>,
{
    /// A line without power: all contacts are driven low, VCC last (clause 6.4).
    pub fn new(contacts: Contacts<V, S, R, K, L, I, P>, characters: X, delay: D, timing: Timing) -> Self {
        let mut line = Self { contacts, characters, delay, timing };
        let pins = &mut line.contacts;
        let Ok(()) = pins.rst.set_low();
        let Ok(()) = pins.clk_level.set_low();
        let Ok(()) = pins.clk.set_low();
        let Ok(()) = pins.io.set_low();
        line.supply(None);
        line
    }

    fn supply(&mut self, class: Option<VoltageClass>) {
        let pins = &mut self.contacts;
        match class {
            Some(VoltageClass::A) => {
                let Ok(()) = pins.five_volts.set_high();
                let Ok(()) = pins.vcc.set_high();
            }
            Some(VoltageClass::B) => {
                let Ok(()) = pins.five_volts.set_low();
                let Ok(()) = pins.vcc.set_high();
            }
            // There is no pin for 1.8 V: the card stays off, and so is found mute.
            Some(VoltageClass::C) | None => {
                let Ok(()) = pins.vcc.set_low();
                let Ok(()) = pins.five_volts.set_low();
            }
        }
    }
}

impl<V, S, R, K, L, I, P, X, D> CardLine for PinLine<Contacts<V, S, R, K, L, I, P>, X, D>
where
    V: OutputPin<Error = Infallible>,
    S: OutputPin<Error = Infallible>,
    R: OutputPin<Error = Infallible>,
    K: OutputPin<Error = Infallible>,
    L: OutputPin<Error = Infallible>,
    I: OutputPin<Error = Infallible>,
    P: InputPin<Error = Infallible> + Wait,
    X: CardUart,
    D: DelayNs,
{
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        let come = self.contacts.present.wait_for_high();
        matches!(select(come, self.delay.delay_ms(u32::from(seconds) * 1000)).await, Either::First(_))
    }

    async fn removal(&mut self) {
        let Ok(()) = self.contacts.present.wait_for_low().await;
    }

    fn present(&mut self) -> bool {
        let Ok(present) = self.contacts.present.is_high();
        present
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.supply(class);
        self.delay.delay_us(self.timing.vcc_settles_us).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.characters.rst_changes();
        let Ok(()) = self.contacts.rst.set_state(high.into());
    }

    fn set_clk(&mut self, clock: Clock) {
        let pins = &mut self.contacts;
        if clock == Clock::Running {
            let Ok(()) = pins.clk.set_high();
        } else {
            let Ok(()) = pins.clk_level.set_state((clock == Clock::High).into());
            let Ok(()) = pins.clk.set_low();
        }
    }

    fn set_io(&mut self, released: bool) {
        let Ok(()) = self.contacts.io.set_state(released.into());
    }

    fn configure(&mut self, config: &LineConfig) {
        self.characters.configure(config);
    }

    fn clk_hz(&self) -> u32 {
        self.timing.clk_hz
    }

    async fn wait(&mut self, cycles: u32) {
        let us = (u64::from(cycles) * 1_000_000).div_ceil(u64::from(self.timing.clk_hz).max(1));
        self.delay.delay_us(us.try_into().unwrap_or(u32::MAX)).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        // The switch is asked first, so that nothing is sent into an empty slot.
        match select(self.contacts.present.wait_for_low(), self.characters.send(bytes)).await {
            Either::First(Ok(())) => Err(LineError::Removed),
            Either::Second(sent) => sent,
        }
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        // The line is asked first: a character that came before the card went still counts.
        match select(self.characters.receive(within), self.contacts.present.wait_for_low()).await {
            Either::First(received) => received,
            Either::Second(Ok(())) => Err(LineError::Removed),
        }
    }
}

/// An output that the board does not have. Driving it does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unconnected;

impl ErrorType for Unconnected {
    type Error = Infallible;
}

impl OutputPin for Unconnected {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
