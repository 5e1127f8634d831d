//! Characters in, one block or one fault out (clause 11.5: LEN says where a block ends). Whether the block is allowed
//! is not judged here.

use super::block::{Bits, Check};
use super::bounds::BLOCK_GUARD_TIME;
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
    /// The first byte of INF; an S-block has no other.
    first: u8,
    /// Characters so far.
    have: usize,
    /// Some character had wrong parity.
    parity: bool,
}

/// A block without transmission error. Its INF is in the buffer that received it.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) nad: u8,
    pub(super) pcb: Bits,
    pub(super) len: u8,
    /// The first byte of INF, 0 if there is none.
    pub(super) first: u8,
}

/// What the characters so far are.
pub(super) enum Assembly {
    /// A part of a block.
    Part,
    /// A block without transmission error: [`Receiver::block`].
    Whole,
    /// An invalid block. React once the line has been quiet for `quiet` etu.
    Invalid { fault: Fault, quiet: Quiet },
}

/// How to be certain that the sender of an invalid block has finished.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// LEN may be right: wait for the block guard time, which must go by in any case.
    GuardTime,
    /// LEN is wrong or unknown: wait for the character waiting time.
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

    /// Takes a character. A character of INF goes to `response`, where INF begins at `start`. A character for which
    /// there is no room is counted and checked, but not kept.
    pub(super) fn take(&mut self, byte: u8, parity_ok: bool, response: &mut [u8], start: usize) -> Assembly {
        self.parity |= !parity_ok;
        let at = self.have;
        self.have += 1;
        if let Some(place) = self.prologue.get_mut(at) {
            *place = byte;
            if at < PROLOGUE - 1 {
                return Assembly::Part;
            }
            self.check.update(&self.prologue);
            if !parity_ok {
                // LEN is damaged, so nobody knows where the block ends.
                return Assembly::Invalid { fault: Fault::Parity, quiet: Quiet::WaitingTime };
            }
            if byte > self.ifs {
                return Assembly::Invalid { fault: Fault::Length(byte), quiet: Quiet::WaitingTime };
            }
            return Assembly::Part;
        }
        self.check.update(&[byte]);
        let [.., len] = self.prologue;
        let inf_end = PROLOGUE + usize::from(len);
        if at < inf_end {
            if at == PROLOGUE {
                self.first = byte;
            }
            if let Some(place) = response.get_mut(start + at - PROLOGUE) {
                *place = byte;
            }
        }
        if self.have < inf_end + self.check.epilogue_len() { Assembly::Part } else { self.complete() }
    }

    /// Takes all characters of INF at the front of `bytes`, which all have right parity, and returns how many it took.
    /// For lines that deliver many characters at once.
    pub(super) fn take_inf(&mut self, bytes: &[u8], response: &mut [u8], start: usize) -> usize {
        let [.., len] = self.prologue;
        let Some(done) = self.have.checked_sub(PROLOGUE) else { return 0 };
        let inf = bytes.get(..usize::from(len).saturating_sub(done)).unwrap_or(bytes);
        if let ([first, ..], 0) = (inf, done) {
            self.first = *first;
        }
        for (place, byte) in response.get_mut(start + done..).unwrap_or_default().iter_mut().zip(inf) {
            *place = *byte;
        }
        self.check.update(inf);
        self.have += inf.len();
        inf.len()
    }

    /// The block just received.
    pub(super) const fn block(&self) -> Block {
        let [nad, pcb, len] = self.prologue;
        Block { nad, pcb: Bits(pcb), len, first: self.first }
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
