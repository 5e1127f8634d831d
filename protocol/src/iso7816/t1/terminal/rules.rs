//! What the terminal does with what it receives: the rules of clause 11.6.

use super::super::block::{Complaint, Kind, Pcb, Supervisory};
use super::super::bounds::IFS_MAX;
use super::super::error::{Budget, Fault, T1Error};
use super::super::receiver::{Assembly, Block, Quiet};
use super::{ATTEMPTS, Abort, Exchange, RESYNCHS, STATUS_WORD, State, Task};

/// Characters of an R-block with a CRC; with an LRC it has one less.
const R_BLOCK: usize = 5;

impl Exchange<'_> {
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn character(&mut self, byte: u8, parity_ok: bool) {
        match self.state {
            State::Awaiting | State::Receiving => {
                let assembly = self.receiver.take(byte, parity_ok, self.response);
                self.assembled(assembly);
            }
            // Characters after the end of a block: LEN was wrong, or the card sends more than it may.
            State::Settling => self.surplus(Fault::Surplus),
            State::Draining(fault, _) => self.surplus(fault),
            State::Sending(_) | State::Done(_) => {}
        }
    }

    fn surplus(&mut self, fault: Fault) {
        self.receiver.surplus();
        self.state = State::Draining(fault, Quiet::WaitingTime);
    }

    pub(super) fn assembled(&mut self, assembly: Assembly) {
        self.state = match assembly {
            Assembly::Part => State::Receiving,
            Assembly::Invalid { fault, quiet } => State::Draining(fault, quiet),
            Assembly::Whole => State::Settling,
        };
    }

    pub(super) fn accept(&mut self) {
        let block = self.receiver.block();
        self.connection.heard = true;
        if let Err(fault) = self.judge(block).and_then(|()| self.block(block)) {
            self.refuse(fault);
        }
    }

    /// Clause 11.6.3.1: why a block without transmission error may still be invalid.
    pub(super) fn judge(&self, block: Block) -> Result<(), Fault> {
        // The card swaps the two addresses; bits 4 and 8 are ignored (clause 11.3.2.1).
        if block.nad & 0x77 != self.connection.nad.rotate_left(4) {
            return Err(Fault::Nad(block.nad));
        }
        if !block.pcb.is_known() {
            return Err(Fault::Pcb(block.pcb.0));
        }
        if !block.pcb.allows(block.len) {
            return Err(Fault::Length(block.len));
        }
        Ok(())
    }

    pub(super) fn block(&mut self, block: Block) -> Result<(), Fault> {
        let (ours, its) = (self.frame.pcb(), block.pcb);
        let (last, kind) = (ours.kind(), its.kind());
        let answered = last == Kind::Request && its.0 == ours.response();
        let wants_command = kind == Kind::R && its.nr() == self.connection.ns;
        // Any other block after the whole command was sent suggests that the card is carrying the command out.
        self.taken |= self.command_is_out() && !answered && !wants_command;
        match kind {
            // Only the response ends a request of the terminal; after any other block the request is repeated (rules
            // 6.4, 7.3).
            _ if answered => self.s_response(block),
            _ if last == Kind::Request => Err(Fault::Unexpected(its.0)),
            Kind::I => self.i_block(block),
            Kind::R => self.r_block(block),
            Kind::Request => self.s_request(block),
            Kind::Response => Err(Fault::Unexpected(its.0)),
        }
    }

    /// Rules 2 and 5: a piece of the response. It also acknowledges the last block of the command.
    pub(super) fn i_block(&mut self, block: Block) -> Result<(), Fault> {
        // After an abortion by the card, the card may still answer the chain.
        if !self.responding && !self.command_is_out() && self.abort != Abort::Card {
            return Err(Fault::Unexpected(block.pcb.0));
        }
        if block.pcb.ns() != self.connection.nr {
            return Err(Fault::Sequence(block.pcb.0));
        }
        self.failures = 0;
        if !self.responding {
            self.connection.ns = !self.connection.ns;
            self.responding = true;
        }
        if self.abort == Abort::Card {
            // This is not the aborted chain but a new response.
            self.abort = Abort::No;
        }
        self.connection.nr = !self.connection.nr;
        self.len += usize::from(block.len);
        if block.pcb.more() {
            self.proceed();
        } else if self.len > self.response.len() {
            self.end_in_order(Err(T1Error::BufferTooSmall { need: self.len }));
        } else if self.len < STATUS_WORD {
            self.end_in_order(Err(T1Error::NoStatusWord { have: self.len as u8 }));
        } else {
            self.end_in_order(Ok(self.len));
        }
        Ok(())
    }

    /// Rules 2.2, 5 and 7: an acknowledgement, or a request for a repetition.
    pub(super) fn r_block(&mut self, block: Block) -> Result<(), Fault> {
        if self.abort == Abort::Card {
            // Rule 9: the card gives back the right to send by this block, and says which block it expects.
            self.connection.ns = block.pcb.nr();
            self.end_in_order(Err(T1Error::AbortedByCard));
            return Ok(());
        }
        let wants_command = block.pcb.nr() == self.connection.ns;
        if self.responding {
            // The card has carried out the command, so it can only ask for a later block.
            return if wants_command { self.last_again() } else { Err(Fault::Sequence(block.pcb.0)) };
        }
        if wants_command {
            self.failures = 0;
            if self.repetition() {
                self.proceed();
            }
            return Ok(());
        }
        if !self.command_is_out() {
            self.failures = 0;
            self.connection.ns = !self.connection.ns;
            self.offset += usize::from(self.count);
            self.proceed();
            return Ok(());
        }
        // The card has the last block of the command, and did not understand a later one.
        self.last_again()
    }

    /// Repeats the last R-block or S-response (rule 7.2). If the last block was an I-block, asks for its answer.
    pub(super) fn last_again(&mut self) -> Result<(), Fault> {
        self.failures = 0;
        if self.repetition() {
            match self.frame.pcb().kind() {
                Kind::I => self.r_block_out(Complaint::Other),
                Kind::R | Kind::Response | Kind::Request => self.transmit(),
            }
        }
        Ok(())
    }

    /// Rules 3, 4 and 9: the terminal grants the card's request.
    pub(super) fn s_request(&mut self, block: Block) -> Result<(), Fault> {
        const IFS: u8 = Pcb::Request(Supervisory::Ifs).encode();
        const WTX: u8 = Pcb::Request(Supervisory::Wtx).encode();
        const ABORT: u8 = Pcb::Request(Supervisory::Abort).encode();
        let Block { pcb, first: inf, .. } = block;
        let in_chain = self.responding || self.offset > 0 || self.command.len() > usize::from(self.count);
        let mut extension = 1;
        match pcb.0 {
            IFS if (1..=IFS_MAX).contains(&inf) => self.connection.ifsc = inf,
            WTX if inf > 0 => {
                match self.limits.extensions.checked_sub(1) {
                    Some(left) => self.limits.extensions = left,
                    None => {
                        self.end(Err(T1Error::OutOfBudget(Budget::Extensions)));
                        return Ok(());
                    }
                }
                extension = inf;
            }
            ABORT if in_chain => {
                self.abort = Abort::Card;
                // The response data of the ended chain is void.
                self.len = 0;
            }
            IFS | WTX => return Err(Fault::Length(inf)),
            // Only the terminal may ask for a resynchronisation.
            _ => return Err(Fault::Unexpected(pcb.0)),
        }
        self.failures = 0;
        self.other_out(pcb.response(), (pcb.inf_len() > 0).then_some(inf));
        self.extension = extension;
        Ok(())
    }

    /// The response to a request of the terminal.
    pub(super) fn s_response(&mut self, block: Block) -> Result<(), Fault> {
        const IFS: u8 = Pcb::Response(Supervisory::Ifs).encode();
        const RESYNCH: u8 = Pcb::Response(Supervisory::Resynch).encode();
        match (block.pcb.0, self.task) {
            (RESYNCH, _) => self.resynchronised(),
            (IFS, Task::Ifsd(ifsd)) if block.first == ifsd => {
                self.connection.ifsd = ifsd;
                self.end_in_order(Ok(ifsd.into()));
            }
            (IFS, _) => return Err(Fault::Length(block.first)),
            // After S(ABORT response) the terminal has the right to send, and both sides know the next numbers (rule
            // 9).
            _ => self.end_in_order(Err(T1Error::Aborted)),
        }
        Ok(())
    }

    /// Rules 7 and 8: the answer is invalid or did not come.
    pub(super) fn refuse(&mut self, fault: Fault) {
        if !self.repetition() {
            return;
        }
        // An invalid answer that is longer than an R-block may have been the response: a card that has not taken the command has only
        // an R-block to say.
        self.taken |= self.command_is_out() && self.receiver.count() > R_BLOCK;
        self.failures += 1;
        if self.frame.pcb().0 == Pcb::Request(Supervisory::Resynch).encode() {
            if self.failures == ATTEMPTS + RESYNCHS {
                return self.end(Err(T1Error::ResynchFailed(self.trouble(fault))));
            }
            return self.transmit();
        }
        if self.failures == ATTEMPTS {
            return self.resynch(fault);
        }
        match self.frame.pcb().kind() {
            // Rules 7.2 and 7.3: the terminal repeats its R-block or S-request.
            Kind::R | Kind::Request => self.transmit(),
            // Rules 7.1, 7.3 and 8: the terminal asks for the expected I-block.
            Kind::I | Kind::Response => self.r_block_out(match fault {
                Fault::Parity | Fault::Edc => Complaint::Redundancy,
                _ => Complaint::Other,
            }),
        }
    }

    /// Rule 7.4: two further attempts did not help.
    pub(super) fn resynch(&mut self, fault: Fault) {
        if !self.connection.heard {
            return self.end(Err(T1Error::NoAnswer(self.trouble(fault))));
        }
        self.before = self.trouble(fault);
        self.request(Supervisory::Resynch, None);
    }

    /// Rule 6: the state of both sides is that after a reset. A command that the card cannot have carried out is sent
    /// again.
    pub(super) fn resynchronised(&mut self) {
        self.connection.resynchronise();
        self.failures = 0;
        let lost = self.before;
        match (self.task, self.abort) {
            (Task::Ifsd(_), _) => self.end_in_order(Err(T1Error::IfsdRefused(lost))),
            (_, Abort::Terminal) => self.end_in_order(Err(T1Error::Aborted)),
            (_, Abort::Card) => self.end_in_order(Err(T1Error::AbortedByCard)),
            (_, Abort::No) if self.responding || self.taken => self.end_in_order(Err(T1Error::ResponseLost(lost))),
            (_, Abort::No) => {
                self.offset = 0;
                self.i_block_out();
            }
        }
    }
}
