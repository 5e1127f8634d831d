//! A card slot's line: a front end for contacts and a UART for characters make a [`CardLine`]. Order and times of the contacts
//! are not decided here: that is for [`ContactSlot`](crate::slot::ContactSlot).

use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;

use super::{CardFrontEnd, CardUart};
use crate::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};

/// What a board must tell of its card slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The frequency of CLK, in Hz: 1 to 5 MHz (clause 5.2.3).
    pub clk_hz: u32,
    /// How long the supply takes until VCC is stable, or gone, in µs.
    pub vcc_settles_us: u32,
}

impl Timing {
    /// A slot whose CLK is known to the compiler, which refuses one that no card takes:
    ///
    /// ```
    /// # use qiyong_firmware::adapters::Timing;
    /// let timing = Timing::at::<4_000_000>(10_000);
    /// # assert_eq!(timing, Timing { clk_hz: 4_000_000, vcc_settles_us: 10_000 });
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use qiyong_firmware::adapters::Timing;
    /// let timing = Timing::at::<8_000_000>(10_000);
    /// ```
    ///
    /// The f max that a card's own answer to reset names is not known before that: a slot with a faster clock than that refuses
    /// the card with [`SlotError::Clock`](crate::slot::SlotError::Clock).
    pub const fn at<const CLK_HZ: u32>(vcc_settles_us: u32) -> Self {
        const {
            assert!(CLK_HZ >= 1_000_000 && CLK_HZ <= 5_000_000, "CLK must be 1 to 5 MHz (ISO/IEC 7816-3 clause 5.2.3)");
        }
        Self { clk_hz: CLK_HZ, vcc_settles_us }
    }
}

/// A card slot's line: contacts by `F`, characters by `X`, waits by `D`.
#[derive(Debug)]
pub struct PinLine<F, X, D> {
    contacts: F,
    characters: X,
    delay: D,
    timing: Timing,
}

impl<F: CardFrontEnd, X: CardUart, D: DelayNs> PinLine<F, X, D> {
    /// A line without power: all contacts are driven low, VCC last (clause 6.4).
    pub fn new(mut contacts: F, characters: X, delay: D, timing: Timing) -> Self {
        contacts.set_rst(false);
        contacts.set_clk(Clock::Low);
        contacts.set_io(false);
        contacts.set_vcc(None);
        Self { contacts, characters, delay, timing }
    }
}

impl<F: CardFrontEnd, X: CardUart, D: DelayNs> CardLine for PinLine<F, X, D> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        let come = self.contacts.insertion();
        matches!(select(come, self.delay.delay_ms(u32::from(seconds) * 1000)).await, Either::First(()))
    }

    fn removal(&mut self) -> impl Future<Output = ()> {
        self.contacts.removal()
    }

    fn present(&mut self) -> bool {
        self.contacts.present()
    }

    fn serves(class: VoltageClass) -> bool {
        F::serves(class)
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        self.contacts.set_vcc(class);
        self.contacts.settle(&mut self.delay, self.timing.vcc_settles_us).await;
    }

    fn set_rst(&mut self, high: bool) {
        self.characters.rst_changes();
        self.contacts.set_rst(high);
    }

    fn set_clk(&mut self, clock: Clock) {
        self.contacts.set_clk(clock);
    }

    fn set_io(&mut self, released: bool) {
        self.contacts.set_io(released);
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

    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), LineError>> {
        self.contacts.sending(self.characters.send(bytes))
    }

    fn receive(&mut self, within: Etu) -> impl Future<Output = Result<(Received, Etu), LineError>> {
        self.contacts.receiving(self.characters.receive(within))
    }
}

#[cfg(test)]
mod tests;
