//! A card file in the firmware's contact slot on the virtual line; the file is kept in step with the card.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use qiyong_firmware::slot::{ContactSlot, SlotConfig, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::{DeskCard, Keeper};
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::slot::{Watch, Watched};

use crate::output::complain;

/// The slot with the card in it.
pub(super) type FileSlot = Watched<ContactSlot<VirtualLine>, FileInStep>;

/// Writes the card's file after each command that changed the card.
pub(super) struct FileInStep {
    card: SharedCard,
    keeper: Keeper,
}

impl Watch for FileInStep {
    fn transmitted(&mut self, command: &Command<'_>, _: &Result<Response<'_>, SlotError>) {
        self.keeper.after(Some(&command.ins), &self.card.borrow().card);
    }
}

/// The slot with the card of this file in it. `time` is the line's.
pub(super) fn open(path: &Path, time: &VirtualTime) -> Result<FileSlot, String> {
    let DeskCard { card, keeper, .. } = DeskCard::open(path, complain).map_err(|error| error.to_string())?;
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let mut line = VirtualLine::new(time.clone());
    line.set_card(Some(card.clone()));
    Ok(Watched { slot: ContactSlot::new(line, SlotConfig::default()), watch: FileInStep { card, keeper } })
}
