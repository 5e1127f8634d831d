//! A block on its way out: its prologue and epilogue, and the INF of an S-block.
//!
//! The INF of an I-block is not here: it is sent from where the command is. The rules in `terminal` decide what a block
//! says and when it goes.

use super::block::{Bits, Check};
use crate::iso7816::atr::Edc;

/// Prologue, one byte of INF, CRC.
const ROOM: usize = 3 + 1 + 2;

/// The block being sent, or the last one sent.
#[derive(Clone, Copy)]
pub(super) struct OutgoingBlock {
    bytes: [u8; ROOM],
    len: u8,
}

impl OutgoingBlock {
    /// An I-block whose INF, in these pieces, is sent from elsewhere.
    #[inline]
    pub(super) fn around<'p>(edc: Edc, prologue: [u8; 3], pieces: impl Iterator<Item = &'p [u8]>) -> Self {
        let mut check = Check::of(edc, prologue);
        pieces.for_each(|piece| check.update(piece));
        let ([nad, pcb, len], [first, second]) = (prologue, check.epilogue());
        Self { bytes: [nad, pcb, len, first, second, 0], len: 3 + check.epilogue_len() as u8 }
    }

    /// An R- or S-block.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) const fn short(edc: Edc, nad: u8, pcb: u8, inf: Option<u8>) -> Self {
        let prologue = [nad, pcb, inf.is_some() as u8];
        let mut check = Check::of(edc, prologue);
        let Some(inf) = inf else {
            let [first, second] = check.epilogue();
            return Self { bytes: [nad, pcb, 0, first, second, 0], len: 3 + check.epilogue_len() as u8 };
        };
        check.update_by(inf);
        let [first, second] = check.epilogue();
        Self { bytes: [nad, pcb, 1, inf, first, second], len: 4 + check.epilogue_len() as u8 }
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
