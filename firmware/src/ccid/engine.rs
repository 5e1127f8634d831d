//! The class's state machine: packets of the host in, jobs for the slot out, packets for the host back (CCID 1.1 sections 5.3 and 6).
//!
//! It does no I/O, knows no time, and holds no APDU: those are in [`Apdus`], which the caller lends while the slot is idle. The caller, in
//! this order:
//!
//! 1. tells [`Engine::card`] whether a card is there, at the start and on each change;
//! 2. sends [`Engine::packet_out`] when there is one, and [`Engine::notification`], and says [`Engine::sent`] and [`Engine::notified`];
//! 3. receives a packet only while [`Engine::listens`], and hands it to [`Engine::packet`];
//! 4. carries out [`Engine::job`], and answers it with [`Engine::done`] when [`Engine::listens`] is true again;
//! 5. while a job lasts, calls [`Engine::lasts`] about twice a second, and drops the job when [`Engine::is_cancelled`], takes power from
//!    the card, and says [`Engine::dropped`];
//! 6. hands it ABORT requests of the control endpoint ([`Engine::abort`]) and tells it of a bus reset or a new configuration
//!    ([`Engine::reset`]), at any time.

mod transfer;

use super::apdus::Apdus;
use super::assembly::{Assembly, Brought};
use super::job::{Job, Outcome, Protocol};
use super::message::{Answer, Failure, Icc, Message, Reply, Request, SLOT, Status};
use super::pin::PinOperation;
use crate::faults::{Fault, has};
use crate::slot::VoltageClass;

/// RDR_to_PC_NotifySlotChange.
const NOTIFY_SLOT_CHANGE: u8 = 0x50;
/// wLevelParameter: the command begins and ends with this message.
const WHOLE: u16 = 0;

/// A command or a response that goes in several messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chain {
    None,
    /// The command has begun.
    Command,
    /// The host has the response up to here.
    Response(usize),
}

/// A job's message.
#[derive(Clone, Copy, Debug)]
struct Running {
    request: Request,
    seq: u8,
}

/// The state machine.
#[derive(Debug)]
pub struct Engine {
    assembly: Assembly,
    answer: Option<Answer>,
    icc: Icc,
    protocol: Option<Protocol>,
    chain: Chain,
    /// What the slot is to do, until the caller takes it.
    job: Option<Job>,
    running: Option<Running>,
    cancelled: bool,
    /// The sequence number of an ABORT request whose message has not come.
    aborting: Option<u8>,
    /// The sequence number of the last message, if that was an Abort whose request has not come.
    awaits_abort: Option<u8>,
    /// The card came or went, and the host does not know.
    changed: bool,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// A reader without a card.
    pub const fn new() -> Self {
        Self {
            assembly: Assembly::new(),
            answer: None,
            icc: Icc::Absent,
            protocol: None,
            chain: Chain::None,
            job: None,
            running: None,
            cancelled: false,
            aborting: None,
            awaits_abort: None,
            changed: false,
        }
    }

    /// Whether nothing is left of a message.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.assembly.is_clean()
    }

    /// What is in the slot, as the host is told.
    pub const fn icc(&self) -> Icc {
        self.icc
    }

    /// A card is there or not. Not while a job lasts: [`Engine::done`] says it then.
    pub fn card(&mut self, present: bool) {
        let was_there = self.icc != Icc::Absent;
        if was_there != present {
            self.set_icc(if present { Icc::Inactive } else { Icc::Absent });
        }
    }

    fn set_icc(&mut self, icc: Icc) {
        self.changed |= (self.icc == Icc::Absent) != (icc == Icc::Absent);
        self.icc = icc;
        if icc != Icc::Active {
            self.protocol = None;
        }
    }

    /// The bus was reset, or the device configured anew: everything that was said is forgotten, and the card is to be without power.
    pub fn reset(&mut self) {
        self.assembly.clear();
        (self.answer, self.chain) = (None, Chain::None);
        if !has(Fault::AbortOutlivesReset) {
            (self.aborting, self.awaits_abort) = (None, None);
        }
        self.changed = self.icc != Icc::Absent;
        self.stop();
        self.job = (self.icc == Icc::Active && !self.cancelled).then_some(Job::PowerOff);
    }

    /// The next packet for the bulk-IN endpoint.
    pub fn packet_out(&self) -> Option<&[u8]> {
        self.answer.as_ref().map(Answer::packet)
    }

    /// The packet is out.
    pub fn sent(&mut self) {
        let over = |answer: &mut Answer| answer.sent() || has(Fault::NoEmptyPacket) && answer.packet().is_empty();
        if self.answer.as_mut().is_some_and(over) {
            self.answer = None;
            self.settle_abort();
        }
    }

    /// Whether a packet may be received: while an answer waits for the host, the host's next message waits, too.
    pub const fn listens(&self) -> bool {
        self.answer.is_none()
    }

    /// What the interrupt endpoint is to say (section 6.3.1).
    pub fn notification(&self) -> Option<[u8; 2]> {
        let present = u8::from(self.icc != Icc::Absent);
        self.changed.then_some([NOTIFY_SLOT_CHANGE, 2 | present])
    }

    /// It has said that.
    pub const fn notified(&mut self) {
        self.changed = false;
    }

    /// The next job, which begins now.
    pub const fn job(&mut self) -> Option<Job> {
        self.job.take()
    }

    /// Whether the job in hand is to be dropped.
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The job was dropped, and the card has no power.
    pub fn dropped(&mut self, present: bool) {
        self.cancelled = false;
        self.set_icc(if present { Icc::Inactive } else { Icc::Absent });
    }

    /// The job lasts: the host is asked for more time (section 6.2.6).
    pub fn lasts(&mut self) {
        if let Some(Running { request: request @ (Request::Transfer | Request::Secure), seq }) = self.running
            && self.answer.is_none()
        {
            self.answer = Some(Answer::new(request.reply(), seq, self.icc, Status::MoreTime(1), 0, &[]));
        }
    }

    /// The job has ended so. `icc`: what is in the slot now; `protocol`: what is in force if that is active.
    pub fn done(&mut self, outcome: Outcome, icc: Icc, protocol: Option<Protocol>, apdus: &mut Apdus<'_>) {
        if !has(Fault::StatusStale) {
            self.set_icc(icc);
        }
        self.protocol = protocol.filter(|_| icc == Icc::Active);
        apdus.forget_command();
        let Some(Running { request, seq }) = self.running.take() else { return };
        match outcome {
            Outcome::Failed(failure) => {
                let data = if has(Fault::BufferInFailure) { apdus.response.get(..8).unwrap_or_default() } else { &[] };
                self.reply(request.reply(), seq, Status::Failed(failure), 0, data);
                apdus.forget_response();
            }
            Outcome::Done if request.reply() == Reply::DataBlock => {
                self.chain = Chain::Response(0);
                self.piece(seq, apdus);
            }
            Outcome::Done => self.reply_status(request.reply(), seq, Status::Done),
        }
    }

    /// An ABORT request has come over the control endpoint (section 5.3.1). Returns whether it is understood.
    pub fn abort(&mut self, slot: u8, seq: u8) -> bool {
        if slot != SLOT {
            return false;
        }
        self.aborting = Some(seq);
        self.settle_abort();
        true
    }

    /// What follows when both halves of an abort are here. An answer of which the host has a part is finished before.
    fn settle_abort(&mut self) {
        let (Some(seq), true) = (self.aborting, self.aborting == self.awaits_abort) else { return };
        if self.answer.as_ref().is_some_and(Answer::has_begun) {
            return;
        }
        (self.aborting, self.awaits_abort, self.chain) = (None, None, Chain::None);
        self.answer = None;
        self.stop();
        if !has(Fault::AbortUnanswered) {
            self.reply_status(Reply::SlotStatus, seq, Status::Done);
        }
    }

    /// The job in hand is to be dropped; one that has not begun does not begin.
    fn stop(&mut self) {
        let in_hand = self.running.take().is_some() && self.job.take().is_none();
        self.cancelled |= in_hand;
    }

    /// A packet of the bulk-OUT endpoint. `apdus`: `None` while a job has them.
    pub fn packet(&mut self, packet: &[u8], apdus: Option<&mut Apdus<'_>>) {
        match self.assembly.packet(packet) {
            Brought::Nothing => {}
            Brought::WrongLength { code, slot, seq } => {
                self.awaits_abort = None;
                let reply = Request::of(code).map_or(Reply::SlotStatus, Request::reply);
                self.reply(reply, seq, Status::Failed(Failure::LENGTH), 0, &[]);
                self.answer = self.answer.take().map(|answer| answer.of_slot(slot));
            }
            Brought::Message => {
                // Taken out for as long as it is looked at.
                let mut assembly = core::mem::replace(&mut self.assembly, Assembly::new());
                if let Some(message) = assembly.message() {
                    self.message(message, apdus);
                }
                assembly.clear();
            }
        }
    }

    fn message(&mut self, message: Message<'_>, apdus: Option<&mut Apdus<'_>>) {
        self.awaits_abort = None;
        let seq = message.seq;
        let Some(request) = Request::of(message.code) else {
            return self.reply_status(Reply::SlotStatus, seq, Status::Failed(Failure::NOT_SUPPORTED));
        };
        let refused = if message.slot != SLOT && !has(Fault::AnySlot) {
            Some(Failure::SLOT)
        } else if request == Request::Abort {
            return self.abort_message(seq);
        } else if self.aborting.is_some() && !has(Fault::AbortHalfHeard) {
            Some(Failure::ABORTED)
        } else if (self.running.is_some() || self.job.is_some() || self.cancelled) && !has(Fault::NeverBusy) {
            Some(Failure::BUSY)
        } else {
            match apdus {
                Some(apdus) => self.carry_out(request, message, apdus).err(),
                None if has(Fault::NeverBusy) => return self.reply_status(request.reply(), seq, Status::Done),
                None => Some(Failure::BUSY),
            }
        };
        if let Some(failure) = refused {
            self.reply(request.reply(), seq, Status::Failed(failure), 0, &[]);
            self.answer = self.answer.take().map(|answer| answer.of_slot(message.slot));
        }
    }

    fn abort_message(&mut self, seq: u8) {
        if self.aborting.is_some_and(|other| other != seq) {
            return self.reply_status(Reply::SlotStatus, seq, Status::Failed(Failure::ABORTED));
        }
        self.awaits_abort = Some(seq);
        self.settle_abort();
    }

    fn carry_out(&mut self, request: Request, message: Message<'_>, apdus: &mut Apdus<'_>) -> Result<(), Failure> {
        let [first, ..] = message.specific;
        // A response that the host does not fetch is over with its next message, and a command that it does not end.
        if request != Request::Transfer {
            self.end_chain(apdus);
        }
        match request {
            Request::GetSlotStatus => self.reply_status(Reply::SlotStatus, message.seq, Status::Done),
            Request::PowerOn => {
                let class = match first {
                    0 => None,
                    1 => Some(VoltageClass::A),
                    2 => Some(VoltageClass::B),
                    _ => return Err(Failure::BYTE_7),
                };
                if self.icc == Icc::Absent {
                    return Err(Failure::MUTE);
                }
                self.begin(request, message.seq, Job::PowerOn(class));
            }
            Request::PowerOff => self.begin(request, message.seq, Job::PowerOff),
            Request::Transfer => return self.transfer(message, apdus),
            Request::Secure => {
                self.must_be_active()?;
                if message.level() != WHOLE {
                    return Err(Failure::LEVEL);
                }
                let operation = PinOperation::read(message.data)?;
                self.begin(request, message.seq, Job::Pin(operation));
            }
            Request::GetParameters | Request::ResetParameters => {
                self.must_be_active()?;
                self.reply_parameters(message.seq)?;
            }
            Request::SetParameters => {
                self.must_be_active()?;
                let protocol = self.protocol.ok_or(Failure::MUTE)?;
                // They follow from the answer to reset, so the host may say the same protocol, and gets what is in force.
                if first != protocol.number() {
                    return Err(Failure::BYTE_7);
                }
                if message.data.len() != protocol.bytes().len() {
                    return Err(Failure::LENGTH);
                }
                self.reply_parameters(message.seq)?;
            }
            Request::T0Apdu
            | Request::Escape
            | Request::Clock
            | Request::Mechanical
            | Request::SetRate
            | Request::Abort => return Err(Failure::NOT_SUPPORTED),
        }
        Ok(())
    }

    fn must_be_active(&self) -> Result<(), Failure> {
        if self.icc == Icc::Active { Ok(()) } else { Err(Failure::MUTE) }
    }

    fn begin(&mut self, request: Request, seq: u8, job: Job) {
        self.running = Some(Running { request, seq });
        self.job = Some(job);
    }

    fn end_chain(&mut self, apdus: &mut Apdus<'_>) {
        if self.chain != Chain::None {
            self.chain = Chain::None;
            apdus.forget_command();
            apdus.forget_response();
        }
    }

    fn reply_parameters(&mut self, seq: u8) -> Result<(), Failure> {
        let protocol = self.protocol.ok_or(Failure::MUTE)?;
        self.reply(Reply::Parameters, seq, Status::Done, protocol.number(), protocol.bytes());
        Ok(())
    }

    /// An answer whose tenth byte is bClockStatus where it is a slot status.
    fn reply_status(&mut self, reply: Reply, seq: u8, status: Status) {
        self.reply(reply, seq, status, 0, &[]);
    }

    fn reply(&mut self, reply: Reply, seq: u8, status: Status, specific: u8, data: &[u8]) {
        // CLK runs while the card has power, and rests low otherwise.
        let clock = u8::from(self.icc != Icc::Active);
        let specific = if reply == Reply::SlotStatus { clock } else { specific };
        self.answer = Some(Answer::new(reply, seq, self.icc, status, specific, data));
    }
}
