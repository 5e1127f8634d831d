//! A card file in the firmware's contact slot on the virtual line; the file is kept in step with the card.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use qiyong_firmware::slot::{ContactSlot, SlotConfig, SlotError};
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::slot::{Watch, Watched};

use super::trouble::Trouble;

/// The slot with the card in it.
pub(super) type FileSlot = Watched<ContactSlot<VirtualLine>, FileTrouble>;

/// Notes that the card's file could not be written: the card says that its memory failed, which is not its fault.
pub(super) struct FileTrouble {
    card: SharedCard,
    trouble: Trouble,
}

impl Watch for FileTrouble {
    fn transmitted(&mut self, _: &Command<'_>, _: &Result<Response<'_>, SlotError>) {
        if let Some(problem) = self.card.borrow().card.trouble() {
            self.trouble.note(problem.into());
        }
    }
}

/// The slot with the card of this file in it. `time` is the line's.
pub(super) fn open(path: &Path, time: &VirtualTime, trouble: Trouble) -> Result<FileSlot, String> {
    // What goes wrong later is told once, at the end of the operation.
    let DeskCard { card, .. } = DeskCard::open(path, |_| {}).map_err(|error| error.to_string())?;
    let card = Rc::new(RefCell::new(ContactCard::new(card)));
    let mut line = VirtualLine::new(time.clone());
    line.set_card(Some(card.clone()));
    Ok(Watched { slot: ContactSlot::new(line, SlotConfig::default()), watch: FileTrouble { card, trouble } })
}
