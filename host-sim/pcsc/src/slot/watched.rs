//! A slot with somebody who watches it: each reset, each APDU, each card that goes in or comes out.

use std::sync::Arc;

use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::os::VirtualCard;

use super::{Happening, Observer, Seen, Slot, SlotFailure};

/// A slot that is watched.
pub struct Watched {
    slot: Box<dyn Slot>,
    observer: Arc<dyn Observer>,
    reader: String,
    number: u32,
    program: Option<Arc<str>>,
}

impl Watched {
    /// This slot of this reader.
    pub fn new(slot: Box<dyn Slot>, observer: Arc<dyn Observer>, reader: &str, number: u32) -> Self {
        Self { slot, observer, reader: reader.into(), number, program: None }
    }

    fn tell(&self, what: Happening<'_>) {
        let Self { reader, number, program, .. } = self;
        self.observer.saw(&Seen { reader, number: *number, program: program.as_deref(), what });
    }
}

impl Slot for Watched {
    fn contactless(&self) -> bool {
        self.slot.contactless()
    }

    fn takes(&self, card: &VirtualCard) -> bool {
        self.slot.takes(card)
    }

    fn asked_by(&mut self, program: Option<&Arc<str>>) {
        self.program = program.cloned();
    }

    fn insert(&mut self, card: DeskCard) {
        self.tell(Happening::CardIn(&card.path));
        self.slot.insert(card);
    }

    fn remove(&mut self) {
        self.slot.remove();
        self.tell(Happening::CardOut);
    }

    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure> {
        let atr = self.slot.reset();
        self.tell(Happening::Reset(atr.as_deref().map_err(|failure| *failure)));
        atr
    }

    fn power_down(&mut self) {
        self.slot.power_down();
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        let before = response.len();
        let done = self.slot.transmit(command, response);
        self.tell(Happening::Exchanged(command, done.map(|()| response.get(before..).unwrap_or_default())));
        done
    }
}
