//! A block on its way out: put together, and given out in up to three parts.
//!
//! What it says and when it goes is for the rules in `terminal`.

use super::block::{Bits, Check};
use super::pieces::Pieces;
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
    pub(super) const EMPTY: Self = Self { bytes: [0; ROOM], len: 0, before: 0, data: &[] };

    /// Puts a block together; INF is what `apdu` has from its byte `from` on.
    pub(super) fn fill(&mut self, edc: Edc, prologue: [u8; 3], apdu: &Pieces<'a>, from: usize) {
        let [.., len] = prologue;
        let (before, data, after) = apdu.cut(from, from + usize::from(len));
        let mut check = Check::new(edc);
        self.len = 0;
        self.put(&prologue, &mut check);
        self.put(before, &mut check);
        self.before = if data.is_empty() { ROOM as u8 } else { self.len };
        self.data = data;
        check.update(data);
        self.put(after, &mut check);
        let epilogue = check.epilogue();
        self.put(epilogue.get(..check.epilogue_len()).unwrap_or_default(), &mut check);
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

    #[inline(never)]
    fn put(&mut self, bytes: &[u8], check: &mut Check) {
        check.update(bytes);
        for byte in bytes {
            // There is room for the longest of them all.
            if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
                *place = *byte;
                self.len += 1;
            }
        }
    }
}
