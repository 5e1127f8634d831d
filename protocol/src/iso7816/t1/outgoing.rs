//! A block on its way out: its prologue and epilogue, and its INF if that is short and no secret.
//!
//! Any other INF is not here: it is sent from where the command is, so that no copy of a PIN has to be wiped. The rules in `terminal` decide what a block
//! says and when it goes.

use super::block::{Bits, Check, Pcb};
use super::connection::Connection;
use crate::iso7816::apdu::{HEAD, Pieces};
use crate::iso7816::atr::Edc;

/// The most bytes of INF that are sent from here: those of an APDU without a data field.
pub(super) const INF: usize = HEAD;
/// Prologue, INF, CRC.
const ROOM: usize = 3 + INF + 2;

/// The block being sent, or the last one sent.
/// Aligned, so that the target copies it without a call.
#[derive(Clone, Copy)]
#[repr(align(4))]
pub(super) struct OutgoingBlock {
    bytes: [u8; ROOM],
    /// How many bytes come before INF that is sent from elsewhere, and how many after it: for a whole block, none.
    front: u8,
    epilogue: u8,
}

impl OutgoingBlock {
    /// An I-block, whose INF is sent from elsewhere; `check` is over prologue and INF.
    #[inline]
    pub(super) const fn around([nad, pcb, len]: [u8; 3], check: &Check) -> Self {
        let [first, second] = check.epilogue();
        let bytes = [nad, pcb, len, first, second, 0, 0, 0, 0, 0, 0, 0];
        Self { bytes, front: 3, epilogue: check.epilogue_len() as u8 }
    }

    /// The I-block with the command's bytes from `offset` on, as many as the card takes at present; and how many.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn of_command(connection: &Connection, command: &Pieces<'_>, offset: usize) -> (Self, u8) {
        let left = command.len().saturating_sub(offset);
        let count = left.min(connection.ifsc.into()) as u8;
        let pcb = Pcb::I { ns: connection.ns, more: left > usize::from(count) };
        let prologue = [connection.nad, pcb.encode(), count];
        if let Some(inf) = command.without_data()
            && command.len() == usize::from(count)
        {
            return (Self::whole(connection.edc, prologue, inf), count);
        }
        (Self::in_pieces(connection.edc, prologue, command, offset), count)
    }

    /// The I-block with `prologue`, whose INF is the command's bytes from `offset` on.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn in_pieces(edc: Edc, prologue: [u8; 3], command: &Pieces<'_>, offset: usize) -> Self {
        let [.., count] = prologue;
        let mut check = Check::of(edc, prologue);
        let (mut at, end) = (offset, offset + usize::from(count));
        while at < end {
            let piece = command.from(at, end - at);
            check.update(piece);
            at += piece.len();
        }
        Self::around(prologue, &check)
    }

    /// A whole block. Zeros follow its `inf`.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn whole(edc: Edc, [nad, pcb, len]: [u8; 3], [a, b, c, d, e, f, g]: [u8; INF]) -> Self {
        let end = 3 + usize::from(len);
        let front = (end + Check::len(edc)) as u8;
        let mut block = Self { bytes: [nad, pcb, len, a, b, c, d, e, f, g, 0, 0], front, epilogue: 0 };
        let mut check = Check::new(edc);
        check.update(match edc {
            // Zeros change nothing.
            Edc::Lrc => &block.bytes,
            Edc::Crc => block.bytes.get(..end).unwrap_or_default(),
        });
        if let Some([first, second, ..]) = block.bytes.get_mut(end..) {
            [*first, *second] = check.epilogue();
        }
        block
    }

    /// The whole block; if INF is sent from elsewhere, the prologue.
    #[inline]
    pub(super) fn front(&self) -> &[u8] {
        self.bytes.get(..self.front.into()).unwrap_or_default()
    }

    /// The epilogue behind INF that is sent from elsewhere.
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
