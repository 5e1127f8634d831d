//! The terminal's side of T=1: one APDU by the rules of clause 11.6. Bytes of blocks are in `block`, `receiver` and
//! `outgoing`.

use super::block::{Check, Complaint, Kind, Pcb, Supervisory};
use super::bounds::{BLOCK_GUARD_TIME, IFS_MAX};
use super::connection::{Connection, Limits};
use super::error::{Budget, Fault, T1Error, Trouble};
use super::outgoing::OutgoingBlock;
use super::receiver::{Assembly, Block, Quiet, Receiver};
use crate::iso7816::apdu::{ApduError, Command, Pieces};
use crate::iso7816::atr::Edc;
use crate::iso7816::{Etu, SHORT_WAYS, Turn};

/// Failed attempts in succession before rule 7.4 applies: the first one and "at most two further".
const ATTEMPTS: u8 = 3;
/// The most S(RESYNCH request)s in succession (rule 6.4).
const RESYNCHS: u8 = 3;
/// The bytes of SW1 and SW2, with which every response ends (clause 12.1.3).
const STATUS_WORD: usize = 2;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'e> {
    /// Send these characters, then call [`Exchange::sent`].
    ///
    /// A block may come in up to five such steps, whose characters follow one another without a pause beyond CWT. The
    /// block guard time after the card's last character is already over, since the step before awaited it.
    Send(&'e [u8]),
    /// Await characters. The next one comes at most so many etu after the leading edge of the last character on the
    /// line. Then call [`Exchange::received`], [`Exchange::received_slice`], [`Exchange::parity_error`] or
    /// [`Exchange::timed_out`].
    Receive(Etu),
    /// The exchange has ended. The result is the number of response bytes in the caller's buffer, or the agreed IFSD.
    Done(Result<usize, T1Error>),
}

/// What an exchange is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// A command APDU and its response.
    Command,
    /// S(IFS request) with this IFSD.
    Ifsd(u8),
}

/// One command APDU on its way through T=1, with everything that clause 11.6 requires on the way.
///
/// Call [`Exchange::step`], do what it says, report with the matching call, and repeat until [`Step::Done`]. An
/// exchange that is dropped earlier leaves the [`Connection`] in need of a reset.
///
/// There is no `Debug`, since the buffers may hold a PIN or an ID number.
pub struct Exchange<'a> {
    connection: &'a mut Connection,
    task: Task,
    command: Pieces<'a>,
    response: &'a mut [u8],
    /// CWT of the connection, where the question for each character finds it soonest.
    cwt: Etu,
    /// What is left of the limits.
    limits: Limits,
    state: State,
    /// The block being sent, or the last one sent.
    frame: OutgoingBlock,
    /// The answer to this block.
    receiver: Receiver,
    /// Command bytes that the card has acknowledged, and those of the current I-block.
    offset: usize,
    count: u8,
    /// How many bytes of the current I-block have gone out.
    gone: u8,
    /// Response bytes of the I-blocks accepted so far, including those for which the buffer had no room.
    len: usize,
    /// The response has begun, so the card has carried out the command.
    responding: bool,
    /// A block without error suggests that the card has the whole command.
    taken: bool,
    abort: Abort,
    /// Invalid or missing blocks in succession: up to [`ATTEMPTS`]; after that, each costs one S(RESYNCH request)
    /// (rules 7.4, 6.4).
    failures: u8,
    /// The trouble that led to a resynchronisation.
    before: Trouble,
    /// The multiplier of BWT for the next block alone (rule 3).
    extension: u8,
}

/// With a number of its own for each kind, which is told sooner than where the compiler hides it in what a kind holds.
#[repr(u8)]
enum State {
    /// A block is partly received.
    Receiving,
    /// The answer is expected; nothing has come yet.
    Awaiting,
    /// A block without error has been received. It counts once the guard time has shown that it is over: an LRC may not
    /// detect a wrong LEN, but then more characters follow.
    Settling,
    /// An invalid block may not be over yet.
    Draining(Fault, Quiet),
    Sending(Part),
    Done(Result<usize, T1Error>),
}

/// Which part of a block goes out next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The whole block; if INF is not in `frame`, the prologue.
    Front,
    /// As much of the INF of an I-block as is in one piece.
    Inf,
    Epilogue,
}

/// Which side wants the chain to end (rule 9).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Abort {
    No,
    Terminal,
    Card,
}

/// How an exchange begins.
impl Connection {
    /// Prepares a command APDU; the response, status word included, will be written to `response`.
    pub fn exchange<'a>(&'a mut self, command: &'a [u8], response: &'a mut [u8], limits: Limits) -> Exchange<'a> {
        Exchange::new(self, Task::Command, Pieces::of_bytes(command), response, limits)
    }

    /// The same for a command that is not encoded. It is sent from where its data is, short or extended.
    ///
    /// # Errors
    /// [`ApduError::TooLong`]: Nc over 65 535 or Ne over 65 536.
    pub fn command<'a>(
        &'a mut self,
        command: &Command<'a>,
        response: &'a mut [u8],
        limits: Limits,
    ) -> Result<Exchange<'a>, ApduError> {
        Ok(Exchange::new(self, Task::Command, Pieces::of(command)?, response, limits))
    }

    /// Prepares to tell the card that the terminal takes blocks of up to `ifsd` information bytes, 1 to 254 (rule 4).
    ///
    /// Best done first after the reset: until then the card cuts its responses into pieces of 32 bytes.
    pub fn negotiate_ifsd(&mut self, ifsd: u8, limits: Limits) -> Exchange<'_> {
        Exchange::new(self, Task::Ifsd(ifsd.clamp(1, IFS_MAX)), Pieces::raw(&[]), &mut [], limits)
    }
}

impl<'a> Exchange<'a> {
    fn new(
        connection: &'a mut Connection,
        task: Task,
        command: Pieces<'a>,
        response: &'a mut [u8],
        limits: Limits,
    ) -> Self {
        let (frame, count) = match task {
            Task::Command => i_block(connection, &command, 0),
            Task::Ifsd(ifsd) => {
                let prologue = [connection.nad, Pcb::Request(Supervisory::Ifs).encode(), 1];
                (OutgoingBlock::whole(connection.edc, prologue, [ifsd, 0, 0, 0, 0, 0, 0]), 0)
            }
        };
        let blocks = limits.blocks.checked_sub(1);
        let state = match blocks {
            _ if !connection.ready => State::Done(Err(T1Error::NeedsReset)),
            Some(_) => State::Sending(Part::Front),
            None => State::Done(Err(T1Error::OutOfBudget(Budget::Blocks))),
        };
        Self {
            receiver: Receiver::new(connection.edc, connection.ifsd, 0),
            cwt: connection.cwt,
            connection,
            task,
            command,
            response,
            limits: Limits { blocks: blocks.unwrap_or(0), ..limits },
            state,
            frame,
            offset: 0,
            count,
            gone: 0,
            len: 0,
            responding: false,
            taken: false,
            abort: Abort::No,
            failures: 0,
            before: Trouble { sent: 0, fault: Fault::Silence },
            extension: 1,
        }
    }

    /// What to do now. The call changes nothing: a second call gives the same answer.
    #[inline]
    pub fn step(&self) -> Step<'_> {
        // The most frequent answer first: most characters are of the run.
        if self.receiver.is_in_run() {
            return Step::Receive(self.within_budget(self.cwt));
        }
        match self.state {
            State::Sending(part) => Step::Send(self.part(part)),
            State::Done(result) => Step::Done(result),
            _ => Step::Receive(self.wait()),
        }
    }

    /// The characters of [`Step::Send`] have gone out. Each costs twelve etu of the budget.
    pub fn sent(&mut self) {
        let State::Sending(part) = self.state else { return };
        let characters = self.part(part).len();
        self.connection.ready = false;
        if part == Part::Inf {
            self.gone += characters as u8;
        }
        self.state = if self.is_last(part) {
            self.receiver = Receiver::new(self.connection.edc, self.connection.ifsd, self.len);
            State::Awaiting
        } else if self.gone < self.count {
            State::Sending(Part::Inf)
        } else {
            State::Sending(Part::Epilogue)
        };
        self.spend(12 * characters as Etu);
    }

    /// A character came. Its leading edge is `elapsed` etu after that of the last character, whoever sent the latter.
    #[inline]
    pub fn received(&mut self, byte: u8, elapsed: Etu) {
        if !self.receiver.run(byte, self.response) {
            self.character(byte, true);
        }
        self.spend(elapsed);
    }

    /// Characters came, within `elapsed` etu in all and each in time.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub fn received_slice(&mut self, bytes: &[u8], elapsed: Etu) {
        if matches!(self.state, State::Awaiting) && self.take_whole(bytes) {
            self.state = State::Settling;
            return self.spend(elapsed);
        }
        let mut rest = self.receiver.run_slice(bytes, self.response);
        while let [byte, behind @ ..] = rest {
            let behind = match (&self.state, behind) {
                (State::Awaiting, &[pcb, len, ref behind @ ..]) => {
                    let assembly = self.receiver.take_prologue([*byte, pcb, len], self.response.len());
                    self.assembled(assembly);
                    behind
                }
                _ => {
                    self.character(*byte, true);
                    behind
                }
            };
            rest = self.receiver.run_slice(behind, self.response);
        }
        self.spend(elapsed);
    }

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
    pub fn answered(&mut self, bytes: &[u8], elapsed: Etu) {
        if !(SHORT_WAYS && self.at_once(bytes, elapsed)) {
            core::hint::cold_path();
            self.answered_somehow(bytes, elapsed);
        }
    }

    #[inline(never)]
    fn answered_somehow(&mut self, bytes: &[u8], elapsed: Etu) {
        self.sent();
        self.received_slice(bytes, elapsed);
    }

    /// Takes an answer that is one block with a valid LRC. `false`: nothing is taken.
    #[inline(always)]
    fn at_once(&mut self, bytes: &[u8], elapsed: Etu) -> bool {
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
    fn take_whole(&mut self, bytes: &[u8]) -> bool {
        let Connection { edc, ifsd, .. } = *self.connection;
        edc == Edc::Lrc && self.receiver.take_whole(bytes, ifsd, self.response, self.len)
    }

    /// Whether a block ends with this part of it.
    #[inline]
    fn is_last(&self, part: Part) -> bool {
        part == Part::Epilogue || !self.frame.is_parted()
    }

    /// A character came with wrong parity. T=1 has no error signal (clause 11.2): the block is invalid.
    pub fn parity_error(&mut self, elapsed: Etu) {
        self.character(0, false);
        self.spend(elapsed);
    }

    /// Nothing came within the time that [`Step::Receive`] allows.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub fn timed_out(&mut self) {
        if !(SHORT_WAYS && self.settled_at_once()) {
            core::hint::cold_path();
            self.timed_out_somehow();
        }
    }

    /// Accepts the whole response in one block, as most commands have it. `false`: it is something else, and nothing has
    /// changed.
    #[inline(always)]
    fn settled_at_once(&mut self) -> bool {
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

    #[inline(never)]
    fn timed_out_somehow(&mut self) {
        let wait = self.wait();
        self.receiver.stop();
        match self.state {
            State::Awaiting => self.refuse(Fault::Silence),
            State::Receiving => self.refuse(Fault::Cut),
            State::Draining(fault, _) => self.refuse(fault),
            State::Settling => self.accept(),
            State::Sending(_) | State::Done(_) => return,
        }
        self.spend(wait);
    }

    /// Ends the current chain at the next block that the terminal has to send (rule 9). A command whose last block has
    /// gone out can no longer be ended, but its response can, if it comes as a chain.
    pub fn abort(&mut self) {
        if self.abort == Abort::No {
            self.abort = Abort::Terminal;
        }
        let in_chain = self.offset > 0 || self.responding;
        match (&self.state, self.frame.pcb().kind()) {
            (State::Sending(Part::Front), Kind::I | Kind::R) if in_chain => self.request(Supervisory::Abort, None),
            // Nothing has gone out yet.
            (State::Sending(Part::Front), Kind::I) if self.connection.ready => self.end(Err(T1Error::Aborted)),
            _ => {}
        }
    }

    /// The characters of one part of the block being sent.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    fn part(&self, part: Part) -> &[u8] {
        match part {
            Part::Front => self.frame.front(),
            Part::Inf => {
                let (gone, count) = (usize::from(self.gone), usize::from(self.count));
                self.command.from(self.offset + gone, count.saturating_sub(gone))
            }
            Part::Epilogue => self.frame.epilogue(),
        }
    }

    /// Whether the current I-block is the last of the command.
    fn command_is_out(&self) -> bool {
        self.offset + usize::from(self.count) >= self.command.len()
    }

    /// How long to await the next character.
    fn wait(&self) -> Etu {
        let wait = match &self.state {
            State::Awaiting => self.connection.bwt.saturating_mul(self.extension.into()),
            State::Receiving => self.cwt,
            State::Settling => BLOCK_GUARD_TIME,
            State::Draining(_, quiet) => quiet.etu(self.cwt),
            State::Sending(_) | State::Done(_) => 0,
        };
        self.within_budget(wait)
    }

    /// A card may ask for any extension, but the wait never exceeds the rest of the budget.
    #[inline]
    fn within_budget(&self, wait: Etu) -> Etu {
        if self.limits.budget < wait { self.last_wait() } else { wait }
    }

    #[cold]
    fn last_wait(&self) -> Etu {
        self.limits.budget.saturating_add(1)
    }

    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    fn spend(&mut self, etu: Etu) {
        let (left, overspent) = self.limits.budget.overflowing_sub(etu);
        self.limits.budget = left;
        if overspent {
            self.out_of_time();
        }
    }

    #[cold]
    fn out_of_time(&mut self) {
        if !matches!(self.state, State::Done(_)) {
            self.end(Err(T1Error::OutOfBudget(Budget::Time)));
        }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn end(&mut self, result: Result<usize, T1Error>) {
        self.receiver.stop();
        self.state = State::Done(result);
    }

    /// Ends the exchange in a way that both sides know.
    fn end_in_order(&mut self, result: Result<usize, T1Error>) {
        self.connection.ready = true;
        self.end(result);
    }

    fn trouble(&self, fault: Fault) -> Trouble {
        Trouble { sent: self.frame.pcb().0, fault }
    }
}

/// What the terminal sends.
impl Exchange<'_> {
    /// The next piece of the command, or the same piece again (rules 2 and 5).
    fn i_block_out(&mut self) {
        (self.frame, self.count) = i_block(self.connection, &self.command, self.offset);
        self.gone = 0;
        self.extension = 1;
        self.transmit();
    }

    fn r_block_out(&mut self, complaint: Complaint) {
        self.other_out(Pcb::R { nr: self.connection.nr, complaint }.encode(), None);
    }

    fn request(&mut self, about: Supervisory, inf: Option<u8>) {
        self.other_out(Pcb::Request(about).encode(), inf);
    }

    /// An R- or S-block.
    fn other_out(&mut self, pcb: u8, inf: Option<u8>) {
        let prologue = [self.connection.nad, pcb, inf.is_some().into()];
        let inf = [inf.unwrap_or(0), 0, 0, 0, 0, 0, 0];
        self.frame = OutgoingBlock::whole(self.connection.edc, prologue, inf);
        self.extension = 1;
        self.transmit();
    }

    /// Sends `outgoing`, for the first time or again.
    fn transmit(&mut self) {
        match self.limits.blocks.checked_sub(1) {
            Some(left) => self.limits.blocks = left,
            None => return self.end(Err(T1Error::OutOfBudget(Budget::Blocks))),
        }
        self.state = State::Sending(Part::Front);
    }

    /// Counts a block that is sent because of an error. `false`: the limit is exceeded, and the exchange has ended.
    fn repetition(&mut self) -> bool {
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
    fn proceed(&mut self) {
        if self.abort == Abort::Terminal {
            self.request(Supervisory::Abort, None);
        } else if self.responding {
            self.r_block_out(Complaint::None);
        } else {
            self.i_block_out();
        }
    }
}

/// The I-block with the command's bytes from `offset` on, as many as the card takes at present; and how many.
#[cfg_attr(not(target_os = "none"), inline)]
fn i_block(connection: &Connection, command: &Pieces<'_>, offset: usize) -> (OutgoingBlock, u8) {
    let left = command.len().saturating_sub(offset);
    let count = left.min(connection.ifsc.into()) as u8;
    let pcb = Pcb::I { ns: connection.ns, more: left > usize::from(count) };
    let prologue = [connection.nad, pcb.encode(), count];
    if let Some(inf) = command.without_data()
        && command.len() == usize::from(count)
    {
        return (OutgoingBlock::whole(connection.edc, prologue, inf), count);
    }
    (around(connection.edc, prologue, command, offset), count)
}

/// The I-block with `prologue`, whose INF is the command's bytes from `offset` on.
#[cfg_attr(not(target_os = "none"), inline(never))]
fn around(edc: Edc, prologue: [u8; 3], command: &Pieces<'_>, offset: usize) -> OutgoingBlock {
    let [.., count] = prologue;
    let mut check = Check::of(edc, prologue);
    let (mut at, end) = (offset, offset + usize::from(count));
    while at < end {
        let piece = command.from(at, end - at);
        check.update(piece);
        at += piece.len();
    }
    OutgoingBlock::around(prologue, &check)
}

/// What the terminal receives.
impl Exchange<'_> {
    #[cfg_attr(target_os = "none", inline(never))]
    fn character(&mut self, byte: u8, parity_ok: bool) {
        match self.state {
            State::Awaiting | State::Receiving => {
                let assembly = self.receiver.take(byte, parity_ok, self.response);
                self.assembled(assembly);
            }
            // Characters after the end of a block: LEN was wrong, or the card sends more than it may.
            State::Settling => self.state = State::Draining(Fault::Surplus, Quiet::WaitingTime),
            State::Draining(fault, _) => self.state = State::Draining(fault, Quiet::WaitingTime),
            State::Sending(_) | State::Done(_) => {}
        }
    }

    fn assembled(&mut self, assembly: Assembly) {
        self.state = match assembly {
            Assembly::Part => State::Receiving,
            Assembly::Invalid { fault, quiet } => State::Draining(fault, quiet),
            Assembly::Whole => State::Settling,
        };
    }

    fn accept(&mut self) {
        let block = self.receiver.block();
        self.connection.heard = true;
        if let Err(fault) = self.judge(block).and_then(|()| self.block(block)) {
            self.refuse(fault);
        }
    }

    /// Clause 11.6.3.1: why a block without transmission error may still be invalid.
    fn judge(&self, block: Block) -> Result<(), Fault> {
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

    fn block(&mut self, block: Block) -> Result<(), Fault> {
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
    fn i_block(&mut self, block: Block) -> Result<(), Fault> {
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
    fn r_block(&mut self, block: Block) -> Result<(), Fault> {
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
    fn last_again(&mut self) -> Result<(), Fault> {
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
    fn s_request(&mut self, block: Block) -> Result<(), Fault> {
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
    fn s_response(&mut self, block: Block) -> Result<(), Fault> {
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
    fn refuse(&mut self, fault: Fault) {
        if !self.repetition() {
            return;
        }
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
    fn resynch(&mut self, fault: Fault) {
        if !self.connection.heard {
            return self.end(Err(T1Error::NoAnswer(self.trouble(fault))));
        }
        self.before = self.trouble(fault);
        self.request(Supervisory::Resynch, None);
    }

    /// Rule 6: the state of both sides is that after a reset. A command that the card cannot have carried out is sent
    /// again.
    fn resynchronised(&mut self) {
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
