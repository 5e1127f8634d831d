//! A card slot with an observer, who sees what the card answers before the terminal does.

use qiyong_firmware::slot::{CardSlot, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, Response};

/// An observer of a slot.
pub trait Watch {
    /// The card was powered: its ATR, or why there is none.
    fn connected(&mut self, atr: Result<&[u8], SlotError>) {
        let _ = atr;
    }

    /// A command was exchanged, or the exchange failed.
    fn transmitted(&mut self, command: &Command<'_>, response: &Result<Response<'_>, SlotError>);
}

/// A slot and its observer.
pub struct Watched<S, W> {
    /// The slot.
    pub slot: S,
    /// The observer.
    pub watch: W,
}

impl<S: CardSlot, W: Watch> CardSlot for Watched<S, W> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.slot.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        let atr = self.slot.connect().await;
        self.watch.connected(atr);
        atr
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let response = self.slot.transmit(command, buffer).await;
        self.watch.transmitted(command, &response);
        response
    }

    async fn rest(&mut self) {
        self.slot.rest().await;
    }

    async fn removal(&mut self) {
        self.slot.removal().await;
    }

    async fn disconnect(&mut self) {
        self.slot.disconnect().await;
    }
}
