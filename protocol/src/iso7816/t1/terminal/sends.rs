//! What the terminal sends: the next block, or the last one again.

use super::super::block::{Complaint, Pcb, Supervisory};
use super::super::error::{Budget, T1Error};
use super::super::outgoing::OutgoingBlock;
use super::{Abort, Exchange, Part, State};

impl Exchange<'_> {
    /// The next piece of the command, or the same piece again (rules 2 and 5).
    pub(super) fn i_block_out(&mut self) {
        (self.frame, self.count) = OutgoingBlock::of_command(self.connection, &self.command, self.offset);
        self.gone = 0;
        self.extension = 1;
        self.transmit();
    }

    pub(super) fn r_block_out(&mut self, complaint: Complaint) {
        self.other_out(Pcb::R { nr: self.connection.nr, complaint }.encode(), None);
    }

    pub(super) fn request(&mut self, about: Supervisory, inf: Option<u8>) {
        self.other_out(Pcb::Request(about).encode(), inf);
    }

    /// An R- or S-block.
    pub(super) fn other_out(&mut self, pcb: u8, inf: Option<u8>) {
        let prologue = [self.connection.nad, pcb, inf.is_some().into()];
        let inf = [inf.unwrap_or(0), 0, 0, 0, 0, 0, 0];
        self.frame = OutgoingBlock::whole(self.connection.edc, prologue, inf);
        self.extension = 1;
        self.transmit();
    }

    /// Sends `outgoing`, for the first time or again.
    pub(super) fn transmit(&mut self) {
        match self.limits.blocks.checked_sub(1) {
            Some(left) => self.limits.blocks = left,
            None => return self.end(Err(T1Error::OutOfBudget(Budget::Blocks))),
        }
        self.state = State::Sending(Part::Front);
    }

    /// Counts a block that is sent because of an error. `false`: the limit is exceeded, and the exchange has ended.
    pub(super) fn repetition(&mut self) -> bool {
        match self.limits.repetitions.checked_sub(1) {
            Some(left) => self.limits.repetitions = left,
            None => {
                self.end(Err(T1Error::OutOfBudget(Budget::Repetitions)));
                return false;
            }
        }
        true
    }

    /// The next block of the command or the response, unless the caller has ended the chain (rules 2.2 and 9).
    pub(super) fn proceed(&mut self) {
        if self.abort == Abort::Terminal {
            self.request(Supervisory::Abort, None);
        } else if self.responding {
            self.r_block_out(Complaint::None);
        } else {
            self.i_block_out();
        }
    }
}
