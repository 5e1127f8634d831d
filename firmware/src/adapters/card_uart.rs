//! The card's characters, timed in etu of the card's own clock: the one port of a board that no ecosystem trait has.
//!
//! What a serial trait knows (bytes, a baud rate) is not here. What is: the etu and its changes, guard time and turnaround,
//! convention, parity, and the error signal. Contacts and their order are [`CardFrontEnd`](super::CardFrontEnd)'s.

use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;

use crate::slot::{LineConfig, LineError};

/// Characters on I/O: what a USART with a smartcard mode does, or a pin and a count of cycles ([`BitUart`](super::BitUart)).
///
/// [`PinLine`](super::PinLine) stops `send` and `receive` when the card is taken out, so an implementation need not look for that.
pub trait CardUart {
    /// Sets how characters are sent and received from now on. Must also make good what a dropped `send` or `receive` left
    /// behind: [`PinLine`](super::PinLine) calls this before it sends or receives again.
    fn configure(&mut self, config: &LineConfig);

    /// RST is driven right after this. What has come so far is forgotten, and [`CardUart::receive`] counts from now until a
    /// character has come or gone. Not after RST was driven: a card that answers at once must not have its answer forgotten.
    fn rst_changes(&mut self);

    /// As [`CardLine::send`](crate::slot::CardLine::send), but for the removal of the card.
    ///
    /// Cancel-safety: dropped when the card is taken out. Some characters may have gone out by then.
    ///
    /// # Errors
    /// [`LineError::NotAccepted`] or [`LineError::ShortCircuit`].
    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError>;

    /// As [`CardLine::receive`](crate::slot::CardLine::receive), but for the removal of the card.
    ///
    /// Cancel-safety: dropped when the card is taken out. A character may be lost with it.
    ///
    /// # Errors
    /// [`LineError::Timeout`] or [`LineError::ShortCircuit`].
    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError>;
}
