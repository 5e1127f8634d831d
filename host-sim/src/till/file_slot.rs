//! A card file in the firmware's contact slot on the virtual line; the file is kept in step with the card.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use jiff::civil::DateTime;

use qiyong_firmware::slot::{CardSlot, ContactSlot, SlotConfig, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, Response};

use crate::card::contact::ContactCard;
use crate::line::{BenchLine, SharedCard, VirtualLine};
use crate::pcsc::slot::{DeskCard, Keeper};
use crate::time::VirtualTime;

/// The slot with the card in it.
pub(super) struct FileSlot {
    slot: ContactSlot<VirtualLine>,
    card: SharedCard,
    keeper: Keeper,
}

impl FileSlot {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let DeskCard { card, keeper, .. } = DeskCard::open(path).map_err(|error| error.to_string())?;
        let card = Rc::new(RefCell::new(ContactCard::new(card)));
        let mut line = VirtualLine::new(VirtualTime::new(DateTime::default()));
        line.set_card(Some(card.clone()));
        Ok(Self { slot: ContactSlot::new(line, SlotConfig::default()), card, keeper })
    }
}

impl CardSlot for FileSlot {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.slot.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        self.slot.connect().await
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let response = self.slot.transmit(command, buffer).await;
        self.keeper.after(Some(&command.ins), &self.card.borrow().card);
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
