//! Characters in, one block or one fault out (clause 11.5: LEN says where a block ends). Whether the block is allowed
//! is not judged here.

use super::block::{Bits, Check};
use super::bounds::BLOCK_GUARD_TIME;
use super::error::Fault;
use crate::iso7816::Etu;
use crate::iso7816::atr::Edc;
use crate::iso7816::xor::copy;

/// Prologue characters.
const PROLOGUE: usize = 3;

/// Assembles one block.
pub(super) struct Receiver {
    /// The most information bytes accepted, at most 254: IFSD at the terminal, IFSC at the card.
    ifs: u8,
    /// Over the characters so far, except those of the run.
    check: Check,
    prologue: [u8; PROLOGUE],
    /// The byte of INF if there is just one, as in an S-block.
    first: u8,
    /// Characters so far, except those of the run.
    have: usize,
    /// Some character had wrong parity.
    parity: bool,
    /// The run: characters of INF that go to a buffer, with nothing to be looked at before the last of them. Where in the
    /// buffer it began, where its next character goes, and where it ends.
    start: usize,
    at: usize,
    end: usize,
}

/// A block without transmission error. Its INF is in the buffer that received it.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) nad: u8,
    pub(super) pcb: Bits,
    pub(super) len: u8,
    /// The byte of INF if there is just one, otherwise 0.
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
    /// For a block whose INF goes to a buffer from `start` on.
    #[inline]
    pub(super) const fn new(edc: Edc, ifs: u8, start: usize) -> Self {
        let check = Check::new(edc);
        Self { ifs, check, prologue: [0; PROLOGUE], first: 0, have: 0, parity: false, start, at: start, end: start }
    }

    /// Whether nothing has come yet.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.have == 0
    }

    /// How many characters have come, those of the run and those behind the block included.
    pub(super) const fn count(&self) -> usize {
        self.have + (self.at - self.start)
    }

    /// A character came that is of no block.
    pub(super) const fn surplus(&mut self) {
        self.have += 1;
    }

    /// Whether the next character is of the run. Then a block is partly received.
    #[inline]
    pub(super) const fn is_in_run(&self) -> bool {
        self.at < self.end
    }

    /// No further character belongs to the run.
    pub(super) const fn stop(&mut self) {
        self.end = self.at;
    }

    /// Takes a character with right parity if the run is not over; `false` if it is: then [`Receiver::take`] takes it.
    #[inline]
    pub(super) fn run(&mut self, byte: u8, buffer: &mut [u8]) -> bool {
        if !self.is_in_run() {
            return false;
        }
        if let Some(place) = buffer.get_mut(self.at) {
            *place = byte;
        }
        self.at += 1;
        true
    }

    /// Takes all characters of the run at the front of `bytes`, which all have right parity; returns the others.
    #[inline]
    pub(super) fn run_slice<'b>(&mut self, bytes: &'b [u8], buffer: &mut [u8]) -> &'b [u8] {
        let Some(places @ [_, ..]) = buffer.get_mut(self.at..self.end) else { return bytes };
        let count = places.len().min(bytes.len());
        if let (Some(places), Some((run, others))) = (places.get_mut(..count), bytes.split_at_checked(count)) {
            places.copy_from_slice(run);
            self.at += count;
            return others;
        }
        bytes
    }

    /// Takes a character that is not of the run.
    pub(super) fn take(&mut self, byte: u8, parity_ok: bool, buffer: &mut [u8]) -> Assembly {
        self.end_run(buffer);
        self.parity |= !parity_ok;
        let have = self.have;
        self.have += 1;
        if let Some(place) = self.prologue.get_mut(have) {
            *place = byte;
            return match (self.have, parity_ok) {
                (PROLOGUE, true) => self.begin_inf(buffer.len()),
                // LEN is damaged, so nobody knows where the block ends.
                (PROLOGUE, false) => Assembly::Invalid { fault: Fault::Parity, quiet: Quiet::WaitingTime },
                _ => Assembly::Part,
            };
        }
        self.check.update_by(byte);
        let [.., len] = self.prologue;
        if have == PROLOGUE && len == 1 {
            self.first = byte;
            if let Some(place) = buffer.get_mut(self.at) {
                *place = byte;
            }
        }
        if self.have < PROLOGUE + usize::from(len) + self.check.epilogue_len() {
            Assembly::Part
        } else {
            self.complete()
        }
    }

    /// Takes all characters of a block with an LRC at once, which have right parity; INF of up to `ifs` bytes goes to the
    /// buffer from `at` on. `false`: they are no such block, or there is no room; then nothing is taken. Whatever came before
    /// is forgotten.
    #[inline]
    pub(super) fn take_whole(&mut self, bytes: &[u8], ifs: u8, buffer: &mut [u8], at: usize) -> bool {
        let [nad, pcb, len, inf @ .., lrc] = bytes else { return false };
        if inf.len() != usize::from(*len) || *len > ifs {
            return false;
        }
        let Some(places) = buffer.get_mut(at..).and_then(|room| room.get_mut(..inf.len())) else { return false };
        if copy(inf, places) != Some(nad ^ pcb ^ len ^ lrc) {
            return false;
        }
        self.prologue = [*nad, *pcb, *len];
        self.first = if let [first] = inf { *first } else { 0 };
        true
    }

    /// Takes the first three characters at once, which have right parity; `room` is the length of the buffer.
    #[inline]
    pub(super) const fn take_prologue(&mut self, prologue: [u8; PROLOGUE], room: usize) -> Assembly {
        self.prologue = prologue;
        self.have = PROLOGUE;
        self.begin_inf(room)
    }

    /// Judges the prologue. INF that is longer than a byte comes as a run, as far as there is room: what does not fit is
    /// counted and checked, but not kept.
    #[inline]
    const fn begin_inf(&mut self, room: usize) -> Assembly {
        let [nad, pcb, len] = self.prologue;
        self.check.update_by(nad);
        self.check.update_by(pcb);
        self.check.update_by(len);
        if len > self.ifs {
            return Assembly::Invalid { fault: Fault::Length(len), quiet: Quiet::WaitingTime };
        }
        if len > 1 {
            let end = self.at + len as usize;
            self.end = if end < room { end } else { room };
        }
        Assembly::Part
    }

    /// Counts and checks what the run has brought.
    #[inline]
    fn end_run(&mut self, buffer: &[u8]) {
        if self.start < self.at {
            self.check.update(buffer.get(self.start..self.at).unwrap_or_default());
            self.have += self.at - self.start;
            self.start = self.at;
        }
        self.stop();
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
