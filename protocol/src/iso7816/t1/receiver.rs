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
    edc: Edc,
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
    Block(Block),
    /// An invalid block. React once the line has been quiet for `quiet` etu.
    Invalid {
        fault: Fault,
        quiet: Quiet,
    },
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
        Self { edc, ifs, check: Check::new(edc), prologue: [0; PROLOGUE], first: 0, have: 0, parity: false }
    }

    /// Whether nothing has come yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.have == 0
    }

    /// Takes characters up to the end of the block and returns how many. INF goes to `room`; what does not fit is
    /// counted and checked, but not kept.
    pub(super) fn take(&mut self, bytes: &[u8], room: &mut [u8]) -> (usize, Assembly) {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let count = if self.have < PROLOGUE { self.head(rest) } else { self.body(rest, room) };
            taken += count;
            if self.have == PROLOGUE && self.len() > self.ifs {
                return (taken, self.invalid(Fault::Length(self.len()), Quiet::WaitingTime));
            }
            if self.have == self.end() {
                return (taken, self.complete());
            }
        }
        (taken, Assembly::Part)
    }

    /// A character came with wrong parity. LEN among them leaves the end of the block unknown.
    pub(super) fn take_bad(&mut self, room: &mut [u8]) -> Assembly {
        self.parity = true;
        if self.have == PROLOGUE - 1 {
            return self.invalid(Fault::Parity, Quiet::WaitingTime);
        }
        self.take(&[0], room).1
    }

    fn len(&self) -> u8 {
        let [.., len] = self.prologue;
        len
    }

    /// How many characters the block has; only known once LEN is.
    fn end(&self) -> usize {
        PROLOGUE + usize::from(self.len()) + Check::len(self.edc)
    }

    fn head(&mut self, rest: &[u8]) -> usize {
        let places = self.prologue.get_mut(self.have..).unwrap_or_default();
        let count = places.len().min(rest.len());
        for (place, byte) in places.iter_mut().zip(rest) {
            *place = *byte;
        }
        self.have += count;
        if self.have == PROLOGUE {
            self.check.update(&self.prologue);
        }
        count
    }

    /// Takes INF as far as it goes, or else the epilogue.
    fn body(&mut self, rest: &[u8], room: &mut [u8]) -> usize {
        let done = self.have - PROLOGUE;
        let left = usize::from(self.len()).saturating_sub(done);
        let due = if left > 0 { left } else { self.end() - self.have };
        let chunk = rest.get(..due).unwrap_or(rest);
        if left > 0 {
            if let ([first, ..], 0) = (chunk, done) {
                self.first = *first;
            }
            let room = room.get_mut(done..).unwrap_or_default();
            let kept = room.len().min(chunk.len());
            if let (Some(room), Some(chunk)) = (room.get_mut(..kept), chunk.get(..kept)) {
                room.copy_from_slice(chunk);
            }
        }
        self.check.update(chunk);
        self.have += chunk.len();
        chunk.len()
    }

    fn complete(&mut self) -> Assembly {
        if self.parity {
            self.invalid(Fault::Parity, Quiet::GuardTime)
        } else if !self.check.holds() {
            self.invalid(Fault::Edc, Quiet::GuardTime)
        } else {
            let [nad, pcb, len] = self.prologue;
            Assembly::Block(Block { nad, pcb, len, first: self.first })
        }
    }

    fn invalid(&self, fault: Fault, quiet: Quiet) -> Assembly {
        Assembly::Invalid { fault, quiet }
    }
}
