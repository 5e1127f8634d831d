//! A block on its way out: its prologue and epilogue, and the INF of an S-block.
//!
//! The INF of an I-block is not here: it is sent from where the command is. The rules in `terminal` decide what a block
//! says and when it goes.

use super::block::{Bits, Check};
use crate::iso7816::atr::Edc;

/// Prologue, one byte of INF, CRC.
const ROOM: usize = 3 + 1 + 2;

/// The block being sent, or the last one sent.
pub(super) struct OutgoingBlock {
    bytes: [u8; ROOM],
    len: u8,
    check: Check,
}

impl OutgoingBlock {
    pub(super) const EMPTY: Self = Self { bytes: [0; ROOM], len: 0, check: Check::new(Edc::Lrc) };

    /// Begins a block: its NAD, PCB and LEN.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn begin(&mut self, edc: Edc, prologue: [u8; 3]) {
        self.check = Check::new(edc);
        self.len = 0;
        self.put(&prologue);
    }

    /// Adds bytes to the block.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.check.update(bytes);
        for byte in bytes {
            // There is room for the longest such block.
            if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
                *place = *byte;
                self.len += 1;
            }
        }
    }

    /// Adds bytes that are sent from elsewhere to the error detection code.
    pub(super) fn check(&mut self, bytes: &[u8]) {
        self.check.update(bytes);
    }

    /// Adds the epilogue.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn end(&mut self) {
        let epilogue = self.check.epilogue();
        self.put(epilogue.get(..self.check.epilogue_len()).unwrap_or_default());
    }

    /// The whole of an R- or S-block; the prologue and epilogue of an I-block.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    /// Its protocol control byte.
    pub(super) const fn pcb(&self) -> Bits {
        let [_, pcb, ..] = self.bytes;
        Bits(pcb)
    }
}
