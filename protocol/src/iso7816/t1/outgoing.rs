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
    /// How many bytes come before INF that is sent from elsewhere, and how many after it: for an R- or S-block, none.
    front: u8,
    epilogue: u8,
}

impl OutgoingBlock {
    /// An I-block, whose INF is sent from elsewhere; `check` is over prologue and INF.
    #[inline]
    pub(super) const fn around([nad, pcb, len]: [u8; 3], check: &Check) -> Self {
        let [first, second] = check.epilogue();
        Self { bytes: [nad, pcb, len, first, second, 0], front: 3, epilogue: check.epilogue_len() as u8 }
    }

    /// An R- or S-block.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) const fn short(edc: Edc, nad: u8, pcb: u8, inf: Option<u8>) -> Self {
        let mut check = Check::of(edc, [nad, pcb, inf.is_some() as u8]);
        if let Some(inf) = inf {
            check.update_by(inf);
        }
        let [first, second] = check.epilogue();
        let (bytes, len) = match inf {
            None => ([nad, pcb, 0, first, second, 0], 3),
            Some(inf) => ([nad, pcb, 1, inf, first, second], 4),
        };
        Self { bytes, front: len + check.epilogue_len() as u8, epilogue: 0 }
    }

    /// The whole of an R- or S-block; the prologue of an I-block.
    #[inline]
    pub(super) fn front(&self) -> &[u8] {
        self.bytes.get(..self.front.into()).unwrap_or_default()
    }

    /// The epilogue of an I-block.
    #[inline]
    pub(super) fn epilogue(&self) -> &[u8] {
        let [_, _, _, epilogue @ ..] = &self.bytes;
        epilogue.get(..self.epilogue.into()).unwrap_or_default()
    }

    /// Whether INF and epilogue follow the front.
    #[inline]
    pub(super) const fn is_parted(&self) -> bool {
        self.epilogue > 0
    }

    /// Its protocol control byte.
    pub(super) const fn pcb(&self) -> Bits {
        let [_, pcb, ..] = self.bytes;
        Bits(pcb)
    }
}
