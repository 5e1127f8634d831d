//! A card slot that can be told to leave the line alone: APDUs then go to the virtual card at once, for worlds in which the line is
//! not what is looked at. It takes about as long as over a line on which nothing is disturbed.
//!
//! What a slot is for the terminal is the firmware's `slot`; this one is no bench for it.

use std::future::poll_fn;
use std::task::Poll;

use qiyong_firmware::slot::{CardLine, CardSlot, ContactSlot, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, Response};

use crate::line::{PullDuring, Seat, SharedCard};
use crate::time::VirtualTime;

/// At which level terminals speak to cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Character by character.
    #[default]
    Line,
    /// APDU by APDU: nothing can go wrong on the line.
    Apdu,
}

impl Level {
    /// Both, by their words.
    pub const WORDS: [(&'static str, Self); 2] = [("line", Self::Line), ("apdu", Self::Apdu)];
}

/// How long a character takes, in cycles: 12 etu of 372.
const CHARACTER: u64 = 12 * 372;
/// Characters of a command and its answer besides their data.
const AROUND: usize = 8;

/// The slot.
pub(super) struct Direct<L> {
    /// The slot over the line.
    pub(super) contact: ContactSlot<L>,
    pub(super) level: Level,
    pub(super) seat: Seat,
    pub(super) time: VirtualTime,
    pub(super) atr: Vec<u8>,
    pub(super) is_powered: bool,
}

impl<L> Direct<L> {
    fn card(&self) -> Result<SharedCard, SlotError> {
        self.seat.card().ok_or(SlotError::Removed)
    }

    fn takes(&self, characters: usize) {
        self.time.advance((characters + AROUND) as u64 * CHARACTER);
    }
}

impl<L: CardLine> CardSlot for Direct<L> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.contact.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        if self.level == Level::Line {
            return self.contact.connect().await;
        }
        let shared = self.card()?;
        shared.borrow_mut().card.reset();
        self.atr.clone_from(&shared.borrow().card.atr);
        self.is_powered = true;
        self.takes(self.atr.len());
        embassy_futures::yield_now().await;
        Ok(&self.atr)
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        if self.level == Level::Line {
            return self.contact.transmit(command, buffer).await;
        }
        // A power cut may come here, as on the line.
        embassy_futures::yield_now().await;
        if !self.is_powered {
            return Err(SlotError::NotConnected);
        }
        let shared = self.card()?;
        let (data, sw) = shared.borrow_mut().card.process(command);
        if shared.borrow().card.took_new_pin() && self.seat.comes_to(PullDuring::NewPinTaken) {
            return Err(SlotError::Removed);
        }
        let data = if command.ne == 0 { &[] } else { &data[..] };
        self.takes(command.data.len() + data.len());
        embassy_futures::yield_now().await;
        let room = buffer.get_mut(..data.len()).ok_or(SlotError::Mute)?;
        room.copy_from_slice(data);
        Ok(Response { data: room, sw })
    }

    async fn rest(&mut self) {
        if self.level == Level::Line {
            self.contact.rest().await;
        }
    }

    async fn removal(&mut self) {
        if self.level == Level::Line {
            return self.contact.removal().await;
        }
        // Cards are put in and taken out between two polls.
        poll_fn(|_| if self.seat.card().is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    async fn disconnect(&mut self) {
        self.is_powered = false;
        if self.level == Level::Line {
            self.contact.disconnect().await;
        }
    }
}
