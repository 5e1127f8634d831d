//! The terminal's side for a driver that hears whole answers, and the short ways of what is usual.

use super::super::block::{Kind, Pcb};
use super::super::bounds::BLOCK_GUARD_TIME;
use super::super::connection::Connection;
use super::super::error::T1Error;
use super::super::receiver::Block;
use super::{Abort, Exchange, STATUS_WORD, State};
use crate::iso7816::atr::Edc;
use crate::iso7816::{Etu, SHORT_WAYS, Turn};

impl Exchange<'_> {
    /// What to do now, for a driver that hears whole answers. The call changes nothing.
    #[inline]
    pub fn turn(&self) -> Turn<'_, Result<usize, T1Error>> {
        match self.state {
            State::Sending(part) if self.is_last(part) => {
                let bwt = self.connection.bwt.saturating_mul(self.extension.into());
                Turn::Send(self.part(part), self.within_budget(bwt))
            }
            State::Sending(part) => Turn::Part(self.part(part)),
            State::Done(result) => Turn::Done(result),
            _ => Turn::Receive(self.wait()),
        }
    }

    /// The characters of [`Turn::Send`] have gone out, and these came in answer, within `elapsed` etu in all and each in time.
    /// Does what [`Exchange::sent`] and [`Exchange::received_slice`] do.
    #[inline]
    pub fn answered(&mut self, block: &[u8], elapsed: Etu) {
        let usual = SHORT_WAYS && self.at_once(block, elapsed);
        if !usual {
            core::hint::cold_path();
            self.answered_somehow(block, elapsed);
        }
    }

    #[inline(never)]
    fn answered_somehow(&mut self, block: &[u8], elapsed: Etu) {
        self.sent();
        self.received_slice(block, elapsed);
    }

    /// Takes an answer that is one block with a valid LRC. `false`: nothing is taken.
    #[inline(always)]
    pub(super) fn at_once(&mut self, bytes: &[u8], elapsed: Etu) -> bool {
        let State::Sending(part) = self.state else { return false };
        let sent = 12 * self.part(part).len() as u64 + u64::from(elapsed);
        let Some(budget) = u64::from(self.limits.budget).checked_sub(sent) else { return false };
        if !self.is_last(part) || !self.take_whole(bytes) {
            return false;
        }
        self.limits.budget = budget as Etu;
        self.connection.ready = false;
        self.state = State::Settling;
        true
    }

    /// Takes a block with a valid LRC, if that is what `bytes` are.
    #[inline]
    pub(super) fn take_whole(&mut self, bytes: &[u8]) -> bool {
        let Connection { edc, ifsd, .. } = *self.connection;
        edc == Edc::Lrc && self.receiver.take_whole(bytes, ifsd, self.response, self.len)
    }

    /// Accepts the whole response in one block, as most commands have it. `false`: it is something else, and nothing has
    /// changed.
    #[inline(always)]
    pub(super) fn settled_at_once(&mut self) -> bool {
        let State::Settling = self.state else { return false };
        let Block { nad, pcb, len, .. } = self.receiver.block();
        let response = Pcb::I { ns: self.connection.nr, more: false }.encode();
        let len = self.len + usize::from(len);
        let Some(budget) = self.limits.budget.checked_sub(BLOCK_GUARD_TIME) else { return false };
        if nad & 0x77 != self.connection.nad.rotate_left(4)
            || pcb.0 != response
            || self.frame.pcb().kind() != Kind::I
            || self.responding
            || self.abort != Abort::No
            || !self.command_is_out()
            || len > self.response.len()
            || len < STATUS_WORD
        {
            return false;
        }
        self.limits.budget = budget;
        self.connection.heard = true;
        self.connection.ready = true;
        self.connection.ns = !self.connection.ns;
        self.connection.nr = !self.connection.nr;
        self.state = State::Done(Ok(len));
        true
    }
}
