//! The terminal's side of T=1: one APDU by the rules of clause 11.6. Bytes of blocks are in `block`, `receiver` and
//! `outgoing`; what is sent when is in `begin`, `sends` and `rules`, and what is for whole answers in `whole`.

mod begin;
mod rules;
mod sends;
mod whole;

use super::block::{Kind, Supervisory};
use super::bounds::BLOCK_GUARD_TIME;
use super::connection::{Connection, Limits};
use super::error::{Budget, Fault, T1Error, Trouble};
use super::outgoing::OutgoingBlock;
use super::receiver::{Quiet, Receiver};
use crate::iso7816::apdu::Pieces;
use crate::iso7816::{Etu, SHORT_WAYS};

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
/// exchange that is dropped earlier leaves the [`Connection`] in need of a reset. A driver that hears the whole answer to
/// what it sends asks for [`Exchange::turn`] instead and calls [`Exchange::answered`], which takes fewer steps.
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
    /// What the card has said suggests that it has the whole command.
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

impl<'a> Exchange<'a> {
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
