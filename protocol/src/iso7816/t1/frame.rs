//! A block on its way out: put together, and given out in up to three parts.
//!
//! What it says and when it goes is for the rules in `terminal`.

use super::block::{Bits, Check};
use crate::iso7816::atr::Edc;

/// Prologue, the length fields and header of a command, CRC.
const ROOM: usize = 3 + 9 + 2;

/// The block being sent, or sent last.
pub(super) struct Frame<'a> {
    /// All of the block but for the command data in it, which goes out where it lies, after `before` of these bytes.
    bytes: [u8; ROOM],
    len: u8,
    before: u8,
    data: &'a [u8],
    check: Check,
}

/// What goes out next of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All that comes before the command data; without any, the whole block.
    Front,
    Data,
    Back,
}

impl<'a> Frame<'a> {
    pub(super) const EMPTY: Self = Self { bytes: [0; ROOM], len: 0, before: 0, data: &[], check: Check::new(Edc::Lrc) };

    /// Begins a block: its NAD, PCB and LEN.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn begin(&mut self, edc: Edc, prologue: [u8; 3]) {
        self.check = Check::new(edc);
        self.len = 0;
        self.before = ROOM as u8;
        self.data = &[];
        self.put(&prologue);
    }

    /// Adds bytes to it.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.check.update(bytes);
        for byte in bytes {
            // There is room for the longest of them all.
            if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
                *place = *byte;
                self.len += 1;
            }
        }
    }

    /// Adds command data, once.
    pub(super) fn put_data(&mut self, data: &'a [u8]) {
        if !data.is_empty() {
            self.check.update(data);
            self.before = self.len;
            self.data = data;
        }
    }

    /// Adds the epilogue.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn end(&mut self) {
        let epilogue = self.check.epilogue();
        self.put(epilogue.get(..self.check.epilogue_len()).unwrap_or_default());
    }

    /// The characters of a part.
    pub(super) fn part(&self, part: Part) -> &[u8] {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        let (front, back) = bytes.split_at_checked(self.before.into()).unwrap_or((bytes, &[]));
        match part {
            Part::Front => front,
            Part::Data => self.data,
            Part::Back => back,
        }
    }

    /// The part after this one.
    pub(super) const fn after(&self, part: Part) -> Option<Part> {
        match part {
            Part::Front if !self.data.is_empty() => Some(Part::Data),
            Part::Data => Some(Part::Back),
            Part::Front | Part::Back => None,
        }
    }

    /// Its protocol control byte.
    pub(super) const fn pcb(&self) -> Bits {
        let [_, pcb, ..] = self.bytes;
        Bits(pcb)
    }
}
