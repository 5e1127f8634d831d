//! The card's contacts on pins of the MCU: the front end of a board without an interface chip.
//!
//! A supply that breaks down says nothing here: the card is silent then, and the slot takes it off power.

use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::digital::Wait;

use super::{CardFrontEnd, Ending};
use crate::slot::{Clock, LineError, VoltageClass};

/// The pins of a card slot, by contact (ISO/IEC 7816-3 clause 5). All but `present` are outputs.
///
/// There is no pin for 1.8 V: class C is not tried.
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

impl<V, S, R, K, L, I, P> CardFrontEnd for Contacts<V, S, R, K, L, I, P>
where
    V: OutputPin<Error = Infallible>,
    S: OutputPin<Error = Infallible>,
    R: OutputPin<Error = Infallible>,
    K: OutputPin<Error = Infallible>,
    L: OutputPin<Error = Infallible>,
    I: OutputPin<Error = Infallible>,
    P: InputPin<Error = Infallible> + Wait,
{
    fn serves(class: VoltageClass) -> bool {
        class != VoltageClass::C
    }

    fn set_vcc(&mut self, class: Option<VoltageClass>) {
        match class {
            Some(VoltageClass::A) => {
                let Ok(()) = self.five_volts.set_high();
                let Ok(()) = self.vcc.set_high();
            }
            Some(VoltageClass::B) => {
                let Ok(()) = self.five_volts.set_low();
                let Ok(()) = self.vcc.set_high();
            }
            Some(VoltageClass::C) | None => {
                let Ok(()) = self.vcc.set_low();
                let Ok(()) = self.five_volts.set_low();
            }
        }
    }

    fn set_rst(&mut self, high: bool) {
        let Ok(()) = self.rst.set_state(high.into());
    }

    fn set_clk(&mut self, clock: Clock) {
        if clock == Clock::Running {
            let Ok(()) = self.clk.set_high();
        } else {
            let Ok(()) = self.clk_level.set_state((clock == Clock::High).into());
            let Ok(()) = self.clk.set_low();
        }
    }

    fn set_io(&mut self, released: bool) {
        let Ok(()) = self.io.set_state(released.into());
    }

    fn present(&mut self) -> bool {
        let Ok(present) = self.present.is_high();
        present
    }

    async fn insertion(&mut self) {
        let Ok(()) = self.present.wait_for_high().await;
    }

    async fn removal(&mut self) {
        let Ok(()) = self.present.wait_for_low().await;
    }

    async fn ending(&mut self) -> Ending {
        let Ok(()) = self.present.wait_for_low().await;
        Ending::Removed
    }

    fn has_ended(&mut self) -> bool {
        !self.present()
    }

    // As the contract has them, and smaller: the switch says all that there is to say.

    async fn sending(&mut self, sent: impl Future<Output = Result<(), LineError>>) -> Result<(), LineError> {
        match select(self.present.wait_for_low(), sent).await {
            Either::First(Ok(())) => Err(LineError::Removed),
            Either::Second(sent) => sent,
        }
    }

    async fn receiving<T>(&mut self, received: impl Future<Output = Result<T, LineError>>) -> Result<T, LineError> {
        match select(received, self.present.wait_for_low()).await {
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
