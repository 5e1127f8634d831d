//! The card's side of T=1, for virtual cards. What a command does is the caller's part.

use heapless::Vec;

use super::block::{Check, Complaint, Pcb, Supervisory};
use super::bounds::{IFS_DEFAULT, IFS_MAX};
use super::error::Fault;
use super::receiver::{Assembly, Block, Receiver};
use crate::iso7816::atr::Edc;

/// The most characters of a block: prologue, 254 information bytes, CRC.
pub const MAX_BLOCK: usize = 3 + IFS_MAX as usize + 2;

/// What the card does after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap, and one lives at a time")]
pub enum CardStep {
    /// Awaits the next character.
    Await,
    /// Sends this block, then awaits the next character.
    Send(Vec<u8, MAX_BLOCK>),
    /// A command is complete, or an extension was granted: carry out [`CardSide::command`] and call
    /// [`CardSide::respond`], or [`CardSide::ask_for_time`] first.
    Execute,
}

/// How a card answers S(IFS request), rule 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum IfsAnswer {
    /// It takes the size, and says so.
    AsAsked,
    /// It sends nothing, and keeps the size that it has.
    Nothing,
    /// It says that it takes this size instead, and takes it if it is one.
    Other(u8),
}

/// The card's T=1 state between two resets, for commands and responses of up to `N` bytes.
///
/// A card never starts by itself and never gives up: it answers what the terminal sends. There is no `Debug`, since the
/// buffers may hold a PIN.
pub struct CardSide<const N: usize> {
    edc: Edc,
    ifs_answer: IfsAnswer,
    ifs_requests: u32,
    initial_ifsc: u8,
    ifsc: u8,
    ifsd: u8,
    /// NAD of the blocks to the terminal: the NAD of the terminal's last block, with the addresses swapped.
    nad: u8,
    /// N(S) of the next I-block to the terminal.
    ns: bool,
    /// N(S) of the next I-block from the terminal.
    nr: bool,
    receiver: Receiver,
    inf: [u8; IFS_MAX as usize],
    /// The current block is invalid: nothing more of it is read.
    invalid: Option<Fault>,
    command: Vec<u8, N>,
    /// The current chain does not fit into `command`.
    too_long: bool,
    response: Vec<u8, N>,
    /// Response bytes that the terminal has acknowledged, and those of the current I-block, if there is one.
    offset: usize,
    under_way: Option<u8>,
    /// The card's own request, until the terminal answers it, and its INF.
    request: Option<(Supervisory, Option<u8>)>,
    /// A request that is to be sent instead of the next block.
    wanted: Option<(Supervisory, Option<u8>)>,
    /// The block that the request replaced.
    due: Due,
    /// The block sent last.
    last: Vec<u8, MAX_BLOCK>,
}

/// What the card sends when it makes no request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The next piece of the response.
    I,
    /// The acknowledgement of a piece of the command.
    R,
}

impl<const N: usize> CardSide<N> {
    /// A card just reset, whose ATR gives `ifsc` (1 to 254) and `edc`.
    pub const fn new(ifsc: u8, edc: Edc) -> Self {
        Self {
            edc,
            ifs_answer: IfsAnswer::AsAsked,
            ifs_requests: 0,
            initial_ifsc: ifsc,
            ifsc,
            ifsd: IFS_DEFAULT,
            nad: 0,
            ns: false,
            nr: false,
            receiver: Receiver::new(edc, ifsc, 0),
            inf: [0; IFS_MAX as usize],
            invalid: None,
            command: Vec::new(),
            too_long: false,
            response: Vec::new(),
            offset: 0,
            under_way: None,
            request: None,
            wanted: None,
            due: Due::R,
            last: Vec::new(),
        }
    }

    /// Chooses how it answers S(IFS request).
    pub const fn answer_ifs(&mut self, ifs_answer: IfsAnswer) {
        self.ifs_answer = ifs_answer;
    }

    /// How many S(IFS request) have come since the last call, answered or not.
    pub const fn take_ifs_requests(&mut self) -> u32 {
        core::mem::replace(&mut self.ifs_requests, 0)
    }

    /// A character came from the terminal.
    pub fn received(&mut self, byte: u8) -> CardStep {
        if self.invalid.is_some() {
            return CardStep::Await;
        }
        self.take(byte, true)
    }

    /// A character came with wrong parity.
    pub fn parity_error(&mut self) -> CardStep {
        if self.invalid.is_some() {
            return CardStep::Await;
        }
        self.take(0, false)
    }

    /// Nothing came for longer than CWT (and BGT). Call this whenever that happens: the card then answers a block that
    /// was cut short or is invalid.
    pub fn timed_out(&mut self) -> CardStep {
        let cut = (!self.receiver.is_empty()).then_some(Fault::Cut);
        match self.invalid.take().or(cut) {
            Some(fault) => {
                self.receiver = Receiver::new(self.edc, self.ifsc, 0);
                self.refuse(fault)
            }
            None => CardStep::Await,
        }
    }

    /// The command APDU to carry out after [`CardStep::Execute`].
    pub fn command(&self) -> &[u8] {
        &self.command
    }

    /// The answer to [`CardSide::command`]: the response data, then the status word. An answer of more than `N` bytes
    /// is an error of the caller and is replaced by 6F00.
    pub fn respond(&mut self, response: &[u8]) -> CardStep {
        self.response.clear();
        if self.response.extend_from_slice(response).is_err() {
            let _ = self.response.extend_from_slice(&[0x6F, 0x00]);
        }
        self.command.clear();
        self.offset = 0;
        self.ordinary(Due::I)
    }

    /// Instead of an answer: asks for `multiplier` times BWT, 1 to 255 (rule 3). [`CardStep::Execute`] comes again once
    /// the terminal has granted it.
    pub fn ask_for_time(&mut self, multiplier: u8) -> CardStep {
        self.request_out(Supervisory::Wtx, Some(multiplier))
    }

    /// Before the next block, tells the terminal to send up to `ifsc` information bytes, 1 to 254, in one block (rule
    /// 4).
    pub const fn ask_for_ifsc(&mut self, ifsc: u8) {
        self.wanted = Some((Supervisory::Ifs, Some(ifsc)));
    }

    /// Instead of the next block, ends the current chain (rule 9).
    pub const fn abort(&mut self) {
        self.wanted = Some((Supervisory::Abort, None));
    }

    /// The most information bytes of a block to the terminal.
    pub const fn ifsd(&self) -> u8 {
        self.ifsd
    }

    fn take(&mut self, byte: u8, parity_ok: bool) -> CardStep {
        if parity_ok && self.receiver.run(byte, &mut self.inf) {
            return CardStep::Await;
        }
        match self.receiver.take(byte, parity_ok, &mut self.inf) {
            Assembly::Part => CardStep::Await,
            Assembly::Invalid { fault, .. } => {
                self.invalid = Some(fault);
                CardStep::Await
            }
            Assembly::Whole => {
                let block = self.receiver.block();
                let step = match Pcb::decode(block.pcb.0).filter(|pcb| pcb.allows(block.len)) {
                    Some(pcb) => {
                        self.nad = (block.nad & 0x77).rotate_left(4);
                        self.block(pcb, block)
                    }
                    None => self.refuse(Fault::Pcb(block.pcb.0)),
                };
                // A new IFSC is in force from the next block on.
                self.receiver = Receiver::new(self.edc, self.ifsc, 0);
                step
            }
        }
    }

    fn block(&mut self, pcb: Pcb, block: Block) -> CardStep {
        match (self.request, pcb) {
            // The terminal may resynchronise, whatever the card is waiting for (rule 6.3).
            (_, Pcb::Request(Supervisory::Resynch)) => self.resynch(),
            (Some((about, inf)), Pcb::Response(answered)) if about == answered && inf.unwrap_or(0) == block.first => {
                self.granted(about, block.first)
            }
            // Rule 7.3: the card repeats its request.
            (Some(_), _) | (None, Pcb::Response(_)) => self.refuse(Fault::Unexpected(block.pcb.0)),
            (None, Pcb::I { ns, more }) => self.i_block(ns, more, block),
            (None, Pcb::R { nr, .. }) => self.r_block(nr),
            (None, Pcb::Request(about)) => self.s_request(about, block),
        }
    }

    /// Rules 2 and 5: a piece of a command. It also acknowledges the last block of the previous response.
    fn i_block(&mut self, ns: bool, more: bool, block: Block) -> CardStep {
        if ns != self.nr || self.has_more() {
            return self.refuse(Fault::Sequence(block.pcb.0));
        }
        self.acknowledged();
        self.nr = !self.nr;
        let inf = self.inf.get(..usize::from(block.len)).unwrap_or_default();
        self.too_long |= self.command.extend_from_slice(inf).is_err();
        if more {
            self.ordinary(Due::R)
        } else if core::mem::take(&mut self.too_long) {
            self.respond(&[0x67, 0x00])
        } else {
            CardStep::Execute
        }
    }

    /// Rules 2.2 and 7: an acknowledgement, or a request for a repetition.
    fn r_block(&mut self, nr: bool) -> CardStep {
        if self.under_way.is_some() && nr == self.ns {
            return self.i_block_out();
        }
        if self.has_more() {
            self.acknowledged();
            return self.ordinary(Due::I);
        }
        // Rules 7.1 and 7.2: there is no I-block to repeat. The card repeats its R-block or S-response, or says what it
        // expects.
        match self.last.get(1).copied().and_then(Pcb::decode) {
            Some(Pcb::R { .. } | Pcb::Response(_)) => CardStep::Send(self.last.clone()),
            _ => self.r_block_out(Complaint::Other),
        }
    }

    fn s_request(&mut self, about: Supervisory, block: Block) -> CardStep {
        match about {
            Supervisory::Ifs if (1..=IFS_MAX).contains(&block.first) => {
                self.ifs_requests = self.ifs_requests.saturating_add(1);
                let size = match self.ifs_answer {
                    IfsAnswer::AsAsked => block.first,
                    IfsAnswer::Other(size) => size,
                    IfsAnswer::Nothing => return CardStep::Await,
                };
                if (1..=IFS_MAX).contains(&size) {
                    self.ifsd = size;
                }
                self.send(Pcb::Response(about), &[size])
            }
            Supervisory::Abort => {
                self.drop_chain();
                self.send(Pcb::Response(about), &[])
            }
            Supervisory::Ifs | Supervisory::Wtx | Supervisory::Resynch => self.refuse(Fault::Unexpected(block.pcb.0)),
        }
    }

    /// Rule 6: the state is that after a reset, except what the card has carried out.
    fn resynch(&mut self) -> CardStep {
        self.drop_chain();
        self.ns = false;
        self.nr = false;
        self.ifsc = self.initial_ifsc;
        self.ifsd = IFS_DEFAULT;
        self.request = None;
        self.wanted = None;
        self.send(Pcb::Response(Supervisory::Resynch), &[])
    }

    /// The terminal answered the card's request.
    fn granted(&mut self, about: Supervisory, inf: u8) -> CardStep {
        self.request = None;
        match about {
            Supervisory::Ifs => {
                self.ifsc = inf;
                self.due_out(self.due)
            }
            Supervisory::Abort => {
                self.drop_chain();
                // The card gives back the right to send (rule 9).
                self.r_block_out(Complaint::None)
            }
            Supervisory::Wtx | Supervisory::Resynch => CardStep::Execute,
        }
    }

    /// Rules 7.1 to 7.3: the received block is invalid.
    fn refuse(&mut self, fault: Fault) -> CardStep {
        if self.request.is_some() {
            return CardStep::Send(self.last.clone());
        }
        self.r_block_out(match fault {
            Fault::Parity | Fault::Edc => Complaint::Redundancy,
            _ => Complaint::Other,
        })
    }

    /// Whether the current I-block is not the last of the response.
    fn has_more(&self) -> bool {
        self.under_way.is_some_and(|count| self.offset + usize::from(count) < self.response.len())
    }

    /// The terminal has received the current I-block.
    fn acknowledged(&mut self) {
        if let Some(count) = self.under_way.take() {
            self.offset += usize::from(count);
            self.ns = !self.ns;
        }
    }

    /// Forgets an unfinished command or response.
    fn drop_chain(&mut self) {
        self.acknowledged();
        self.command.clear();
        self.too_long = false;
        self.response.clear();
        self.offset = 0;
    }

    /// The next block, or the card's own request instead.
    fn ordinary(&mut self, due: Due) -> CardStep {
        self.due = due;
        match self.wanted.take() {
            Some((about, inf)) => self.request_out(about, inf),
            None => self.due_out(due),
        }
    }

    fn due_out(&mut self, due: Due) -> CardStep {
        match due {
            Due::I => self.i_block_out(),
            Due::R => self.r_block_out(Complaint::None),
        }
    }

    /// The next piece of the response, or the same piece again.
    fn i_block_out(&mut self) -> CardStep {
        let rest = self.response.get(self.offset..).unwrap_or_default();
        let count = rest.len().min(self.ifsd.into());
        let inf: Vec<u8, { IFS_MAX as usize }> = rest.iter().copied().take(count).collect();
        let more = rest.len() > count;
        self.under_way = Some(count as u8);
        self.send(Pcb::I { ns: self.ns, more }, &inf)
    }

    fn r_block_out(&mut self, complaint: Complaint) -> CardStep {
        self.send(Pcb::R { nr: self.nr, complaint }, &[])
    }

    fn request_out(&mut self, about: Supervisory, inf: Option<u8>) -> CardStep {
        self.request = Some((about, inf));
        self.send(Pcb::Request(about), inf.as_slice())
    }

    fn send(&mut self, pcb: Pcb, inf: &[u8]) -> CardStep {
        let mut check = Check::new(self.edc);
        let prologue = [self.nad, pcb.encode(), inf.len() as u8];
        check.update(&prologue);
        check.update(inf);
        let epilogue = check.epilogue();
        self.last.clear();
        for part in [&prologue, inf, epilogue.get(..check.epilogue_len()).unwrap_or_default()] {
            // MAX_BLOCK has room for the longest block.
            let _ = self.last.extend_from_slice(part);
        }
        CardStep::Send(self.last.clone())
    }
}
