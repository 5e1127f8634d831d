//! The terminal's side of T=0: the characters and procedure bytes of one TPDU after the other, with their times.

use core::mem;
use core::slice::IterMut;

use super::error::T0Error;
use super::procedure::{NULL, is_sw1};
use super::tpdus::{Direction, Tpdus};
use crate::iso7816::apdu::Command;
use crate::iso7816::atr;
use crate::iso7816::sw::StatusWord;
use crate::iso7816::{Etu, SHORT_WAYS, Turn, div_up};

/// What bounds one APDU. A card may be slow within these bounds; beyond them the exchange ends with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// WT, the most etu between the leading edges of two characters (clause 10.2): 960 · WI · Fi clock cycles, with Fi of
    /// TA1 even where another F is in force.
    pub waiting_time: Etu,
    /// The most etu that the whole exchange may take, NULLs included, plus [`Limits::PER_BYTE`] for each byte of the
    /// command and of the expected response. The standard has no such limit: it lets a card send NULL for ever.
    pub budget: Etu,
    /// The most GET RESPONSE and corrected-Le commands sent for one APDU, plus one for each 256 expected response
    /// bytes. The standard has no such limit.
    pub follow_ups: u8,
    /// Whether the card says that it takes extended lengths ([`crate::iso7816::atr::Parameters::extended_lengths`]).
    /// Commands of more than 255 data bytes then go in ENVELOPEs.
    pub envelope: bool,
}

impl Limits {
    /// Etu of the budget for each byte to be moved: four times the time of a byte that has an acknowledgement of its
    /// own.
    pub const PER_BYTE: Etu = 96;

    /// The limits for a card with this WI (TC2 of the ATR, default 10) whose TA1 names the rate in force, `fi` / `di`
    /// cycles per etu. [`Limits::from_atr`] is for any rate.
    ///
    /// The budget is twenty times the default waiting time: 20 s at the usual 3.5712 MHz, whatever the rate. No command
    /// of the social security card takes as long.
    pub const fn new(wi: u8, fi: u16, di: u8) -> Self {
        Self::at(wi, fi, fi, di)
    }

    /// The limits for the card with this ATR, while an etu takes `fi` / `di` cycles.
    pub fn from_atr(card: &atr::Parameters, fi: u16, di: u8) -> Self {
        // A reserved code in TA1 says nothing of Fi.
        let limits = Self::at(card.wi(), card.fi().unwrap_or(372), fi, di);
        Self { envelope: card.extended_lengths(), ..limits }
    }

    const fn at(wi: u8, card_fi: u16, fi: u16, di: u8) -> Self {
        // WI = 0 is reserved (clause 10.2); 1 keeps the wait finite and above zero. Fi is never 0 (table 7).
        let wi = if wi == 0 { 1 } else { wi };
        let fi = if fi == 0 { 372 } else { fi } as Etu;
        // Clause 10.2: WT = 960 x WI x Fi / f, where an etu is F / (D x f). Whole multiples of F are taken apart, so that
        // the rest rounds up without numbers of 64 bits. Beyond 32 bits, where a terminal chose F and D by itself, the rest
        // counts as a whole.
        let times = 960 * wi as Etu * di as Etu;
        let (whole, part) = (card_fi as Etu / fi, card_fi as Etu % fi);
        let rest = match times.checked_mul(part) {
            Some(cycles) => div_up(cycles, fi),
            None => times,
        };
        let waiting_time = times.saturating_mul(whole).saturating_add(rest);
        let usual = 20 * 9600 * 372 / fi * di as Etu;
        // A card with a long waiting time may use all of it, and all of it once more after a NULL.
        let longest = waiting_time.saturating_mul(2);
        Self {
            waiting_time,
            budget: if usual > longest { usual } else { longest },
            follow_ups: Tpdus::FOLLOW_UPS,
            envelope: false,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'e> {
    /// Send these characters, then call [`Exchange::sent`].
    Send(&'e [u8]),
    /// Await one character whose leading edge comes at most so many etu after that of the last character; then call
    /// [`Exchange::received`] or [`Exchange::timed_out`].
    Receive(Etu),
    /// The exchange has ended.
    Done(Result<T0Response, T0Error>),
}

/// How an exchange ended well: the response data is in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct T0Response {
    /// Bytes of response data in the buffer.
    pub len: usize,
    /// The status word that the card gave last; 61xx and 6Cxx only where they could not be followed up.
    pub sw: StatusWord,
}

/// One command APDU on its way through T=0. What clause 12.2 requires of the terminal happens inside ([`Tpdus`]): GET
/// RESPONSE after 61xx and after a warning, the corrected Le after 6Cxx, ENVELOPE for extended lengths.
///
/// Call [`Exchange::step`], do what it says, report with the matching call, and repeat until [`Step::Done`]. A driver that
/// hears the whole answer to what it sends (by DMA, through a chip) asks for [`Exchange::turn`] instead and calls
/// [`Exchange::answered`], which takes fewer steps.
///
/// There is no `Debug`, since the buffers may hold a PIN or an ID number.
pub struct Exchange<'a> {
    tpdus: Tpdus<'a>,
    /// Where the next response bytes go that the card announces: the part of the caller's buffer that is still free.
    room: &'a mut [u8],
    /// Where the response bytes go that come next, before any procedure byte. Empty while none are due, and at the end.
    run: IterMut<'a, u8>,
    /// How many bytes come after those, and are not delivered.
    surplus: usize,
    waiting_time: Etu,
    /// Bytes of data that this TPDU has still to move, but for those that an acknowledgement has announced.
    left: usize,
    state: State,
    /// Etu that are left.
    budget: Etu,
}

/// With a number of its own for each kind, which is told sooner than where the compiler hides it in what a kind holds.
#[repr(u8)]
enum State {
    /// A procedure byte is due, after the response bytes of `run` and `surplus`.
    Procedure,
    Sw2 {
        sw1: u8,
    },
    Header,
    /// The next `count` command bytes go out.
    Sending {
        count: usize,
    },
    Done(Result<T0Response, T0Error>),
}

impl<'a> Exchange<'a> {
    /// Prepares `command`; response data will be written to `response`, 256 bytes for any short command.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    pub fn new(command: &Command<'a>, response: &'a mut [u8], limits: Limits) -> Self {
        if SHORT_WAYS && Tpdus::allowed(command, false).is_ok() {
            Self::begin(command, Tpdus::begin(command, limits.follow_ups), State::Header, response, limits)
        } else {
            core::hint::cold_path();
            Self::any(command, response, limits)
        }
    }

    /// The same for any command, also one that goes in ENVELOPEs or not at all.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub(super) fn any(command: &Command<'a>, response: &'a mut [u8], limits: Limits) -> Self {
        let tpdus = Tpdus::in_envelopes(command, limits.follow_ups);
        let state = match Tpdus::allowed(command, limits.envelope) {
            Ok(()) => State::Header,
            Err(error) => State::Done(Err(error)),
        };
        Self::begin(command, tpdus, state, response, limits)
    }

    #[inline]
    fn begin(command: &Command<'a>, tpdus: Tpdus<'a>, state: State, response: &'a mut [u8], limits: Limits) -> Self {
        // Of a command that is allowed, this is less than 2^24.
        let bytes = command.data.len().wrapping_add(command.ne) as Etu;
        Self {
            room: response,
            run: IterMut::default(),
            surplus: 0,
            waiting_time: limits.waiting_time,
            left: tpdus.to_move(),
            state,
            budget: limits.budget.saturating_add(Limits::PER_BYTE.wrapping_mul(bytes)),
            tpdus,
        }
    }

    /// What to do now. The call changes nothing: a second call gives the same answer.
    #[inline]
    pub fn step(&self) -> Step<'_> {
        match self.state {
            State::Procedure | State::Sw2 { .. } => Step::Receive(self.waiting_time),
            State::Header => Step::Send(self.tpdus.header()),
            State::Sending { count } => Step::Send(self.tpdus.data(count)),
            State::Done(result) => Step::Done(result),
        }
    }

    /// The characters of [`Step::Send`] have gone out. Each costs twelve etu of the budget.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub fn sent(&mut self) {
        let characters = match self.state {
            State::Header => {
                self.state = State::Procedure;
                self.tpdus.header().len()
            }
            State::Sending { count } => {
                let sent = self.tpdus.data(count).len();
                self.tpdus.sent(sent);
                // An APDU in pieces is sent piece by piece.
                self.state = if sent < count { State::Sending { count: count - sent } } else { State::Procedure };
                sent
            }
            State::Procedure | State::Sw2 { .. } | State::Done(_) => return,
        };
        // A character takes at least this long (clause 7.2); there are at most 255.
        self.spend(12 * characters as Etu);
    }

    /// Nothing came within the waiting time.
    pub fn timed_out(&mut self) {
        self.end(Err(T0Error::Timeout));
    }

    /// A character came. Its leading edge is `elapsed` etu after that of the last character, whoever sent the latter.
    #[inline]
    pub fn received(&mut self, byte: u8, elapsed: Etu) {
        match self.run.next() {
            Some(place) => *place = byte,
            None => self.take(byte),
        }
        self.spend(elapsed);
    }

    /// Characters came, within `elapsed` etu in all and each in time. Characters that come while the terminal has to
    /// send are ignored.
    #[inline]
    pub fn received_slice(&mut self, bytes: &[u8], elapsed: Etu) {
        match bytes {
            [byte] => self.received(*byte, elapsed),
            _ => self.several(bytes, elapsed),
        }
    }

    /// What to do now, for a driver that hears whole answers. The call changes nothing.
    #[inline]
    pub fn turn(&self) -> Turn<'_, Result<T0Response, T0Error>> {
        match self.state {
            State::Procedure | State::Sw2 { .. } => Turn::Receive(self.waiting_time),
            State::Header => Turn::Send(self.tpdus.header(), self.waiting_time),
            State::Sending { count } => match self.tpdus.data(count) {
                all if all.len() == count => Turn::Send(all, self.waiting_time),
                part => Turn::Part(part),
            },
            State::Done(result) => Turn::Done(result),
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

    /// Takes what answers the header or the data, if it is what most cards answer. `false`: nothing is taken.
    #[inline(always)]
    fn at_once(&mut self, bytes: &[u8], elapsed: Etu) -> bool {
        match self.state {
            State::Header => {
                let header = self.tpdus.header();
                let Some(budget) = self.left_after(header.len(), elapsed) else { return false };
                if !(match self.tpdus.direction() {
                    Direction::ToCard => self.acknowledgement(bytes),
                    Direction::FromCard => self.response(bytes),
                }) {
                    return false;
                }
                self.budget = budget;
            }
            State::Sending { count } => {
                let [0x90, 0x00] = bytes else { return false };
                let Some(budget) = self.left_after(count, elapsed) else { return false };
                if !self.tpdus.is_usual() {
                    return false;
                }
                self.budget = budget;
                self.done(self.tpdus.response_len());
            }
            State::Procedure | State::Sw2 { .. } | State::Done(_) => return false,
        }
        true
    }

    /// Takes an acknowledgement of all data, which go to the card.
    #[inline(always)]
    fn acknowledgement(&mut self, bytes: &[u8]) -> bool {
        let ([first], [_, ins, ..]) = (bytes, self.tpdus.header()) else { return false };
        if first != ins || self.left == 0 {
            return false;
        }
        self.state = State::Sending { count: mem::take(&mut self.left) };
        true
    }

    /// What is left of the budget after `sent` characters and then `elapsed` etu; `None`: it does not suffice.
    #[inline]
    fn left_after(&self, sent: usize, elapsed: Etu) -> Option<Etu> {
        let left = u64::from(self.budget).checked_sub(12 * sent as u64 + u64::from(elapsed))?;
        Some(left as Etu)
    }

    fn several(&mut self, bytes: &[u8], elapsed: Etu) {
        if self.all(bytes) {
            return self.spend(elapsed);
        }
        let mut rest = if self.run.len() > 0 { self.fill_run(bytes) } else { bytes };
        while let [byte, behind @ ..] = rest {
            rest = match (&self.state, behind) {
                (State::Procedure, [sw2, behind @ ..]) if self.surplus == 0 && is_sw1(*byte) => {
                    self.status(StatusWord::new(*byte, *sw2));
                    behind
                }
                _ => {
                    self.take(*byte);
                    if self.run.len() > 0 { self.fill_run(behind) } else { behind }
                }
            };
        }
        self.spend(elapsed);
    }

    /// Takes an acknowledgement, all data of this TPDU and 9000, if a procedure byte is due. `false`: nothing is taken.
    #[inline]
    fn all(&mut self, bytes: &[u8]) -> bool {
        matches!(self.state, State::Procedure)
            && self.run.len() + self.surplus == 0
            && self.tpdus.direction() == Direction::FromCard
            && self.response(bytes)
    }

    /// Takes an acknowledgement, all data of this TPDU, which come from the card, and 9000. `false`: it is something else, or
    /// there is no room, and nothing is taken.
    #[inline(always)]
    fn response(&mut self, bytes: &[u8]) -> bool {
        let ([first, data @ .., 0x90, 0x00], [_, ins, ..]) = (bytes, self.tpdus.header()) else { return false };
        if first != ins || data.len() != self.left || data.len() > self.tpdus.wanted() || !self.tpdus.is_usual() {
            return false;
        }
        let Some(places) = self.room.get_mut(..data.len()) else { return false };
        places.copy_from_slice(data);
        self.done(self.tpdus.response_len() + data.len());
        true
    }

    /// The TPDU has ended with 9000, and so has the APDU.
    #[inline]
    fn done(&mut self, len: usize) {
        self.state = State::Done(Ok(T0Response { len, sw: StatusWord::OK }));
    }

    /// Takes the response bytes that are at the front of `bytes`; returns what is behind them.
    #[cfg_attr(not(target_os = "none"), inline)]
    fn fill_run<'r>(&mut self, bytes: &'r [u8]) -> &'r [u8] {
        let run = mem::take(&mut self.run).into_slice();
        let count = run.len().min(bytes.len());
        let (Some((run, later)), Some((taken, behind))) =
            (run.split_at_mut_checked(count), bytes.split_at_checked(count))
        else {
            return &[];
        };
        run.copy_from_slice(taken);
        self.run = later.iter_mut();
        behind
    }

    /// Takes a character that is none of `run`.
    #[cfg_attr(target_os = "none", inline(never))]
    fn take(&mut self, byte: u8) {
        match self.state {
            State::Procedure if self.surplus > 0 => self.surplus -= 1,
            State::Procedure => self.procedure(byte),
            State::Sw2 { sw1 } => self.status(StatusWord::new(sw1, byte)),
            State::Header | State::Sending { .. } | State::Done(_) => {}
        }
    }

    fn end(&mut self, result: Result<T0Response, T0Error>) {
        self.run = IterMut::default();
        if !matches!(self.state, State::Done(_)) {
            self.state = State::Done(result);
        }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    fn spend(&mut self, elapsed: Etu) {
        let (left, overspent) = self.budget.overflowing_sub(elapsed);
        self.budget = left;
        if overspent {
            self.end(Err(T0Error::BudgetExceeded));
        }
    }

    /// Clause 10.3.3, table 11: the action for each procedure byte.
    fn procedure(&mut self, byte: u8) {
        let [_, ins, ..] = *self.tpdus.header();
        if byte == ins || byte == !ins {
            // After all data, or without any, an acknowledgement moves nothing, and another procedure byte follows.
            let count = if byte == ins { self.left } else { self.left.min(1) };
            self.left -= count;
            match self.tpdus.direction() {
                _ if count == 0 => {}
                Direction::ToCard => self.state = State::Sending { count },
                Direction::FromCard => self.receive(count),
            }
        } else if is_sw1(byte) {
            self.state = State::Sw2 { sw1: byte };
        } else if byte != NULL {
            self.end(Err(T0Error::ProcedureByte(byte)));
        }
    }

    /// The next `count` bytes are response data.
    fn receive(&mut self, count: usize) {
        let wanted = self.tpdus.received(count);
        self.surplus = count - wanted;
        match mem::take(&mut self.room).split_at_mut_checked(wanted) {
            Some((run, room)) => (self.run, self.room) = (run.iter_mut(), room),
            None => self.end(Err(T0Error::BufferTooSmall)),
        }
    }

    /// The TPDU is over. The APDU is over too, or the next TPDU begins.
    #[cfg_attr(not(target_os = "none"), inline)]
    fn status(&mut self, sw: StatusWord) {
        if SHORT_WAYS && sw.is_ok() && self.tpdus.is_usual() {
            return self.done(self.tpdus.response_len());
        }
        self.any_status(sw);
    }

    /// The same for any status word.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn any_status(&mut self, sw: StatusWord) {
        match self.tpdus.status(sw) {
            Ok(None) => {
                self.left = self.tpdus.to_move();
                self.state = State::Header;
            }
            Ok(Some(sw)) => self.end(Ok(T0Response { len: self.tpdus.response_len(), sw })),
            Err(error) => self.end(Err(error)),
        }
    }
}
