//! What gives a card its power, reset and clock: one contract for interface chips and for pins of the MCU itself.
//!
//! | Front end | What it is |
//! |---|---|
//! | [`Contacts`](super::Contacts) | discrete pins: the MCU drives each contact, in the order that the slot gives |
//! | [`Chip`](super::Chip) | an interface chip, which drives the contacts in its own order |
//!
//! When and in which order is [`ContactSlot`](crate::slot::ContactSlot)'s; characters are [`CardUart`](super::CardUart)'s.

use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;

use crate::slot::{Clock, LineError, VoltageClass};

/// Why a card has no power any more that nobody has taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ending {
    /// It was taken out.
    Removed,
    /// The front end has switched it off: a short circuit, heat, or its own supply. Which of these it does not say.
    Fault,
}

impl From<Ending> for LineError {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Removed => Self::Removed,
            Ending::Fault => Self::ShortCircuit,
        }
    }
}

/// Power, reset and clock of a card slot.
///
/// An activation is `set_vcc`, `set_io`, `set_clk`, and `set_rst` high 400 cycles later; a warm reset is `set_rst` low and high; a
/// deactivation is `set_rst` low, `set_clk`, `set_io`, `set_vcc`. A front end that keeps an order of its own does all of the
/// first at `set_vcc` but RST, and all of the last, and then has nothing to do at the others.
///
/// No debounce of the switch is relied on: a front end whose switch bounces waits in [`CardFrontEnd::insertion`] until it rests.
pub trait CardFrontEnd {
    /// Whether it has a supply of this class; the slot tries no other.
    fn serves(class: VoltageClass) -> bool;

    /// Switches VCC to this class, or off. A class that it does not have leaves the card off.
    fn set_vcc(&mut self, class: Option<VoltageClass>);

    /// Waits after that until VCC is stable, or gone: so many µs by `delay`.
    ///
    /// Cancel-safety: must be cancel-safe; dropped, VCC is as it was switched.
    fn settle<D: DelayNs>(&mut self, delay: &mut D, us: u32) -> impl Future<Output = ()> {
        delay.delay_us(us)
    }

    /// Drives RST high or low.
    fn set_rst(&mut self, high: bool);

    /// Starts or stops CLK. One that cannot stop it on a powered card does nothing; its slot has
    /// [`SlotConfig::clock_stop`](crate::slot::SlotConfig::clock_stop) off.
    fn set_clk(&mut self, clock: Clock);

    /// Releases I/O, or pulls it low.
    fn set_io(&mut self, released: bool);

    /// Whether a card is in the slot, as far as can be seen at once.
    fn present(&mut self) -> bool;

    /// Waits for a card that rests in the slot.
    ///
    /// Cancel-safety: must be cancel-safe.
    async fn insertion(&mut self);

    /// Waits until no card is there.
    ///
    /// Cancel-safety: must be cancel-safe.
    async fn removal(&mut self);

    /// Waits until the card has lost contact or power, and says how. Once it has, it says the same at once, until VCC is
    /// switched anew.
    ///
    /// Cancel-safety: must be cancel-safe.
    async fn ending(&mut self) -> Ending;

    /// Whether the card has lost contact or power, so that [`CardFrontEnd::ending`] comes to its end without the holder. Asked
    /// when a character did not come or go, since that may be why.
    fn has_ended(&mut self) -> bool;

    /// Characters are sent as long as the card has contact and power. The front end is asked first, so that nothing is sent into
    /// an empty slot.
    ///
    /// Cancel-safety: as `sent`.
    ///
    /// # Errors
    /// Those of `sent`, or how the card was lost.
    async fn sending(&mut self, sent: impl Future<Output = Result<(), LineError>>) -> Result<(), LineError> {
        let sent = match select(self.ending(), sent).await {
            Either::First(ending) => Err(ending.into()),
            Either::Second(sent) => sent,
        };
        if sent.is_err() && self.has_ended() { Err(self.ending().await.into()) } else { sent }
    }

    /// A character is received as long as the card has contact and power. The line is asked first: a character that came before
    /// the card went still counts.
    ///
    /// Cancel-safety: as `received`.
    ///
    /// # Errors
    /// Those of `received`, or how the card was lost.
    async fn receiving<T>(&mut self, received: impl Future<Output = Result<T, LineError>>) -> Result<T, LineError> {
        let received = match select(received, self.ending()).await {
            Either::First(received) => received,
            Either::Second(ending) => Err(ending.into()),
        };
        if received.is_err() && self.has_ended() { Err(self.ending().await.into()) } else { received }
    }
}
