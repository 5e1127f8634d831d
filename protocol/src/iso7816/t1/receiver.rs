//! Characters in, one block or one fault out (clause 11.5: LEN says where a block ends).

use super::BLOCK_GUARD_TIME;
use super::block::Check;
use super::error::Fault;
use crate::iso7816::Etu;
use crate::iso7816::atr::Edc;

/// Prologue characters.
const PROLOGUE: usize = 3;

/// Assembles one block.
pub(super) struct Receiver {
    /// The most information bytes accepted, at most 254: IFSD at the terminal, IFSC at the card.
    ifs: u8,
    check: Check,
    prologue: [u8; PROLOGUE],
    /// The first byte of INF, all there is in an S-block.
    first: u8,
    /// Characters so far.
    have: usize,
    /// Some character had wrong parity.
    parity: bool,
}

/// A block without transmission error; its INF lies where it was received to.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) nad: u8,
    pub(super) pcb: u8,
    pub(super) len: u8,
    /// The first byte of INF, 0 if there is none.
    pub(super) first: u8,
}

/// What the characters so far make.
pub(super) enum Assembly {
    /// A part of a block.
    Part,
    /// A block without transmission error: [`Receiver::block`].
    Whole,
    /// An invalid block. React once the line has been quiet for `quiet` etu.
    Invalid { fault: Fault, quiet: Quiet },
}

/// How to be sure that the sender of an invalid block has finished.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// LEN may be right: the block guard time, which has to go by anyway.
    GuardTime,
    /// LEN is wrong or unknown: the character waiting time.
    WaitingTime,
}

impl Quiet {
    pub(super) fn etu(self, cwt: Etu) -> Etu {
        match self {
            Self::GuardTime => BLOCK_GUARD_TIME,
            Self::WaitingTime => cwt.max(BLOCK_GUARD_TIME),
        }
    }
}

impl Receiver {
    pub(super) const fn new(edc: Edc, ifs: u8) -> Self {
        Self { ifs, check: Check::new(edc), prologue: [0; PROLOGUE], first: 0, have: 0, parity: false }
    }

    /// Whether nothing has come yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.have == 0
    }

    /// Takes characters from the front of `bytes` up to the end of the block. INF goes to `room`; what does not fit is
    /// counted and checked, but not kept.
    ///
    /// If one of the characters came with wrong parity, `parity_ok` is `false`.
    pub(super) fn take(&mut self, bytes: &mut &[u8], parity_ok: bool, room: &mut [u8]) -> Assembly {
        self.parity |= !parity_ok;
        while let Some(place) = self.prologue.get_mut(self.have) {
            let Some(byte) = bytes.split_off_first() else { return Assembly::Part };
            *place = *byte;
            self.check.update(&[*byte]);
            self.have += 1;
            if self.have == PROLOGUE && !parity_ok {
                // LEN, which leaves the end of the block unknown.
                return Assembly::Invalid { fault: Fault::Parity, quiet: Quiet::WaitingTime };
            }
        }
        let [.., len] = self.prologue;
        if len > self.ifs {
            return Assembly::Invalid { fault: Fault::Length(len), quiet: Quiet::WaitingTime };
        }
        // INF and epilogue.
        let done = self.have - PROLOGUE;
        let due = usize::from(len) + self.check.epilogue_len() - done;
        let chunk = bytes.split_off(..due.min(bytes.len())).unwrap_or_default();
        let inf = chunk.get(..usize::from(len).saturating_sub(done)).unwrap_or(chunk);
        if let ([first, ..], 0) = (inf, done) {
            self.first = *first;
        }
        for (place, byte) in room.get_mut(done..).unwrap_or_default().iter_mut().zip(inf) {
            *place = *byte;
        }
        self.check.update(chunk);
        self.have += chunk.len();
        if chunk.len() < due { Assembly::Part } else { self.complete() }
    }

    /// The block that is here.
    pub(super) const fn block(&self) -> Block {
        let [nad, pcb, len] = self.prologue;
        Block { nad, pcb, len, first: self.first }
    }

    fn complete(&self) -> Assembly {
        let fault = if self.parity {
            Fault::Parity
        } else if !self.check.holds() {
            Fault::Edc
        } else {
            return Assembly::Whole;
        };
        Assembly::Invalid { fault, quiet: Quiet::GuardTime }
    }
}
