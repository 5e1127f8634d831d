//! The terminal's side of T=0.

use core::fmt;

use super::{ENVELOPE, GET_RESPONSE, NULL, is_sw1, length_of};
use crate::iso7816::Etu;
use crate::iso7816::apdu::{Case, Command, EXTENDED_NE_MAX, Pieces, SHORT_NC_MAX, SHORT_NE_MAX};
use crate::iso7816::sw::StatusWord;

/// The bits of CLA that name the logical channel (ISO/IEC 7816-4 clause 5.4.1).
const CHANNEL: u8 = 0x03;

/// What bounds one APDU. A card may be slow within these bounds; beyond them it is given up with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// WT, the most etu between the leading edges of two characters (clause 10.2): 960 · WI · Di.
    pub waiting_time: Etu,
    /// The most etu the whole exchange may take, NULLs included, beyond [`Limits::PER_BYTE`] for each byte of the command and
    /// of the response asked for. Not in the standard, which lets a card send NULL for ever.
    pub budget: Etu,
    /// The most GET RESPONSE and corrected-Le commands sent for one APDU, beyond one for each 256 response bytes asked
    /// for. Not in the standard either.
    pub follow_ups: u8,
    /// Whether the card says that it takes extended lengths ([`crate::iso7816::atr::Atr::extended_lengths`]): commands of
    /// more than 255 data bytes then go in ENVELOPEs.
    pub envelope: bool,
}

impl Limits {
    /// Etu of the budget for each byte that is to be moved: four times what it takes with an acknowledgement of its own.
    pub const PER_BYTE: Etu = 96;

    /// The limits for a card with this WI (TC2 of the ATR, default 10), Fi and Di.
    ///
    /// The budget is twenty times the default waiting time, 20 s at the usual 3.5712 MHz whatever the rate: no command of
    /// the social security card takes that long.
    pub const fn new(wi: u8, fi: u16, di: u8) -> Self {
        // WI = 0 is reserved (clause 10.2); 1 keeps the wait bounded and above nothing. Fi is never 0 (table 7).
        let wi = if wi == 0 { 1 } else { wi };
        let fi = if fi == 0 { 372 } else { fi };
        let waiting_time = 960 * wi as Etu * di as Etu;
        let usual = 20 * 9600 * 372 / fi as Etu * di as Etu;
        // A card with a long waiting time may use it, and once more after a NULL.
        let longest = 2 * waiting_time;
        Self { waiting_time, budget: if usual > longest { usual } else { longest }, follow_ups: 32, envelope: false }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'e> {
    /// Send these characters, then call [`Exchange::sent`].
    Send(&'e [u8]),
    /// Await one character whose leading edge comes at most this many etu after the last one's; then call
    /// [`Exchange::received`] or [`Exchange::timed_out`].
    Receive(Etu),
    /// The exchange has ended.
    Done(Result<T0Response, T0Error>),
}

/// How an exchange ended well: the response data lies in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct T0Response {
    /// Bytes of response data in the buffer.
    pub len: usize,
    /// The status word as the card gave it last; 61xx and 6Cxx only where they could not be followed up.
    pub sw: StatusWord,
}

/// Why an exchange ended badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum T0Error {
    /// The command needs the extended form, and the card does not say that it takes that.
    ExtendedLength,
    /// INS 6x or 9x cannot be told from a status word (clause 10.3.2).
    InsNotAllowed(u8),
    /// No character within the waiting time.
    Timeout,
    /// The card sent this byte where a procedure byte was due.
    ProcedureByte(u8),
    /// The card kept the terminal busy (NULLs) beyond the budget.
    BudgetExceeded,
    /// The card answered 61xx or 6Cxx again and again.
    TooManyFollowUps,
    /// The card has more response bytes than the caller's buffer holds.
    BufferTooSmall,
}

impl fmt::Display for T0Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExtendedLength => f.write_str("this card takes at most 255 command bytes: send them in parts"),
            Self::InsNotAllowed(ins) => write!(f, "INS {ins:02X} cannot be told from a status word in T=0"),
            Self::Timeout => f.write_str("the card sent nothing within its waiting time"),
            Self::ProcedureByte(byte) => {
                write!(f, "the card sent {byte:02X} where INS, ~INS, 60 or a status word was due")
            }
            Self::BudgetExceeded => f.write_str("the card asked for more time (NULL) without end"),
            Self::TooManyFollowUps => f.write_str("the card answered 61xx or 6Cxx without end"),
            Self::BufferTooSmall => {
                f.write_str("the card has more response bytes than the buffer holds: give more room")
            }
        }
    }
}

impl core::error::Error for T0Error {}

/// One command APDU on its way through T=0. What clause 12.2 has the terminal do for it happens inside: GET RESPONSE on 61xx
/// and on a warning, the corrected Le on 6Cxx, ENVELOPE for extended lengths.
///
/// Call [`Exchange::step`], do what it says, report with the matching call, and repeat until [`Step::Done`].
///
/// Has no `Debug`: its buffers may hold a PIN or an ID number.
pub struct Exchange<'a> {
    /// What goes to the card after headers: the command's data; in ENVELOPEs the whole APDU.
    to_card: Pieces<'a>,
    ne: usize,
    response: &'a mut [u8],
    waiting_time: Etu,
    /// CLA INS P1 P2 P3 of the TPDU under way: the command's own, an ENVELOPE, or a GET RESPONSE.
    header: [u8; 5],
    direction: Direction,
    /// Where in `to_card` this TPDU's data ends; what went before has been sent.
    end: usize,
    sent: usize,
    /// Response bytes this TPDU still has to move, and whether any has come.
    left: usize,
    begun: bool,
    state: State,
    /// Response bytes gathered so far, over all TPDUs; those beyond the buffer or Ne are counted but not stored.
    len: usize,
    /// The status word of a warning whose response data is being fetched (clause 12.2.5).
    warning: Option<StatusWord>,
    /// Etu and follow-ups that are left.
    budget: Etu,
    follow_ups: u16,
}

/// Which way the data of a TPDU goes; T=0 never moves data both ways in one (clause 10.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToCard,
    FromCard,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    Procedure,
    /// The next `count` command bytes go out.
    Sending {
        count: usize,
    },
    /// The next `count` response bytes come in.
    Receiving {
        count: usize,
    },
    Sw2 {
        sw1: u8,
    },
    Done(Result<T0Response, T0Error>),
}

impl<'a> Exchange<'a> {
    /// Prepares `command`; response data will be written to `response`, 256 bytes for any short command.
    pub fn new(command: Command<'a>, response: &'a mut [u8], limits: Limits) -> Self {
        let Command { cla, ins, p1, p2, data, ne } = command;
        let in_envelopes = data.len() > SHORT_NC_MAX;
        let refused = if is_sw1(ins) || ins == NULL {
            Some(T0Error::InsNotAllowed(ins))
        } else if (in_envelopes && !limits.envelope) || ne > EXTENDED_NE_MAX {
            Some(T0Error::ExtendedLength)
        } else {
            None
        };
        let (to_card, refused) = match in_envelopes.then(|| Pieces::of(&command)) {
            None => (Pieces::raw(data), refused),
            Some(Ok(apdu)) => (apdu, refused),
            Some(Err(_)) => (Pieces::raw(&[]), Some(T0Error::ExtendedLength)),
        };
        // Clause 12.2: P3 is Lc for cases 3 and 4, Le for case 2, 00 for case 1; Le from 256 on is coded 00.
        let (direction, left) = match command.case() {
            Case::Two => (Direction::FromCard, ne.min(SHORT_NE_MAX)),
            Case::One | Case::Three | Case::Four => (Direction::ToCard, data.len()),
        };
        let bytes = to_card.len().saturating_add(ne);
        let mut exchange = Self {
            to_card,
            ne,
            response,
            waiting_time: limits.waiting_time,
            header: [cla, ins, p1, p2, left as u8],
            direction,
            end: to_card.len(),
            sent: 0,
            left,
            begun: false,
            state: refused.map_or(State::Header, |error| State::Done(Err(error))),
            len: 0,
            warning: None,
            budget: limits.budget.saturating_add(Limits::PER_BYTE.saturating_mul(bytes as Etu)),
            follow_ups: u16::from(limits.follow_ups) + (ne / SHORT_NE_MAX).min(256) as u16,
        };
        if in_envelopes && refused.is_none() {
            exchange.envelope();
        }
        exchange
    }

    /// What to do now. Does not change anything: asking twice gives the same answer.
    pub fn step(&self) -> Step<'_> {
        match self.state {
            State::Header => Step::Send(&self.header),
            State::Sending { count } => Step::Send(self.to_card.from(self.sent, count)),
            State::Procedure | State::Receiving { .. } | State::Sw2 { .. } => Step::Receive(self.waiting_time),
            State::Done(result) => Step::Done(result),
        }
    }

    /// The characters of [`Step::Send`] have gone out. They are charged to the budget at twelve etu each.
    pub fn sent(&mut self) {
        let characters = match self.state {
            State::Header => {
                self.state = State::Procedure;
                self.header.len()
            }
            State::Sending { count } => {
                let sent = self.to_card.from(self.sent, count).len();
                self.sent += sent;
                // An APDU in pieces goes out piece by piece.
                self.state = if sent < count { State::Sending { count: count - sent } } else { State::Procedure };
                sent
            }
            State::Procedure | State::Receiving { .. } | State::Sw2 { .. } | State::Done(_) => return,
        };
        // A character takes at least this long (clause 7.2); there are at most 255.
        self.spend(12 * characters as Etu);
    }

    /// Nothing came within the waiting time.
    pub fn timed_out(&mut self) {
        self.end(Err(T0Error::Timeout));
    }

    /// A character came, its leading edge `elapsed` etu after that of the character before, whoever sent that.
    pub fn received(&mut self, byte: u8, elapsed: Etu) {
        self.received_slice(&[byte], elapsed);
    }

    /// Characters came, within `elapsed` etu in all and each in time. Those that come where the terminal has to speak are
    /// passed over.
    pub fn received_slice(&mut self, bytes: &[u8], elapsed: Etu) {
        let mut rest = bytes;
        while let [byte, behind @ ..] = rest {
            rest = behind;
            match self.state {
                State::Procedure => self.procedure(*byte),
                State::Receiving { count } => rest = self.data(*byte, behind, count),
                State::Sw2 { sw1 } => self.status(StatusWord::new(sw1, *byte)),
                State::Header | State::Sending { .. } | State::Done(_) => break,
            }
        }
        self.spend(elapsed);
    }

    fn end(&mut self, result: Result<T0Response, T0Error>) {
        if !matches!(self.state, State::Done(_)) {
            self.state = State::Done(result);
        }
    }

    fn spend(&mut self, elapsed: Etu) {
        match self.budget.checked_sub(elapsed) {
            Some(left) => self.budget = left,
            None => self.end(Err(T0Error::BudgetExceeded)),
        }
    }

    /// Clause 10.3.3, table 11: what a procedure byte asks for.
    fn procedure(&mut self, byte: u8) {
        let [_, ins, ..] = self.header;
        let left = match self.direction {
            Direction::ToCard => self.end - self.sent,
            Direction::FromCard => self.left,
        };
        let transfer = |count| match self.direction {
            Direction::ToCard => State::Sending { count },
            Direction::FromCard => State::Receiving { count },
        };
        self.state = match byte {
            NULL => State::Procedure,
            sw1 if is_sw1(sw1) => State::Sw2 { sw1 },
            ack if ack == ins && left > 0 => transfer(left),
            ack if ack == !ins && left > 0 => transfer(1),
            other => State::Done(Err(T0Error::ProcedureByte(other))),
        };
    }

    /// Response data, `first` and what of `more` belongs to it; returns what does not.
    fn data<'r>(&mut self, first: u8, more: &'r [u8], count: usize) -> &'r [u8] {
        self.begun = true;
        let (more, rest) = more.split_at_checked(count.saturating_sub(1)).unwrap_or((more, &[]));
        // A card that corrected Le upwards sends more than was asked for: the first Ne bytes count (clause 12.2.3).
        let wanted = (self.ne - self.len).min(1 + more.len());
        let room = self.response.get_mut(self.len..).unwrap_or_default();
        if room.len() < wanted {
            self.end(Err(T0Error::BufferTooSmall));
            return rest;
        }
        if let ([place, places @ ..], true) = (room, wanted > 0) {
            *place = first;
            places.iter_mut().zip(more).take(wanted - 1).for_each(|(place, byte)| *place = *byte);
        }
        self.len += wanted;
        self.left = self.left.saturating_sub(1 + more.len());
        let due = count.saturating_sub(1 + more.len());
        self.state = if due > 0 { State::Receiving { count: due } } else { State::Procedure };
        rest
    }

    /// Clause 12.2: what a status word means for the APDU as a whole.
    fn status(&mut self, sw: StatusWord) {
        let wanted = self.ne - self.len;
        let [cla, ins, p1, p2, _] = self.header;
        let fetching = self.direction == Direction::FromCard;
        match sw.sw1() {
            0x90 if self.sent == self.end && self.end < self.to_card.len() => self.envelope(),
            0x6C if fetching && !self.begun => self.follow_up([cla, ins, p1, p2, sw.sw2()]),
            0x61 if wanted > 0 => self.get_response(length_of(sw.sw2()).min(wanted)),
            // The response of a case 4 command that ends with a warning has to be fetched, too, and what the terminal
            // delivers is the warning. How much there is the card says by 6Cxx. 63Cx is a count of tries, not a warning.
            0x62 | 0x63 if self.fetchable() && sw.verification_tries().is_none() => {
                self.warning = Some(sw);
                self.get_response(wanted);
            }
            // Clause 12.2.5 has the terminal send GET RESPONSE after a plain 9000 to a case 4 command, too. Readers of
            // these cards take it for the end (docs/card.md §1.6), and so is it here.
            _ => {
                let sw = self.warning.unwrap_or(sw);
                self.end(Ok(T0Response { len: self.len, sw }));
            }
        }
    }

    /// Whether the card has all of a command with data that asks for a response.
    fn fetchable(&self) -> bool {
        let all_sent = self.sent == self.to_card.len();
        self.direction == Direction::ToCard && all_sent && self.sent > 0 && self.ne > self.len
    }

    /// The next piece of the APDU in an ENVELOPE, on the same logical channel (clause 12.2.4).
    fn envelope(&mut self) {
        let [cla, ..] = self.header;
        let count = match self.to_card.len() - self.sent {
            // Le stays with some data: where the data ends, the card may take the APDU for one without Le.
            rest @ 256..=257 => rest - 3,
            rest => rest.min(SHORT_NC_MAX),
        };
        self.end = self.sent + count;
        self.header = [cla & CHANNEL, ENVELOPE, 0, 0, count as u8];
        self.state = State::Header;
    }

    /// GET RESPONSE for up to `count` bytes, on the same logical channel, without secure messaging (ISO/IEC 7816-4 clause
    /// 7.6.1).
    fn get_response(&mut self, count: usize) {
        let [cla, ..] = self.header;
        self.follow_up([cla & CHANNEL, GET_RESPONSE, 0, 0, count.min(SHORT_NE_MAX) as u8]);
    }

    /// Starts another TPDU for the same APDU, whose data comes from the card.
    fn follow_up(&mut self, header: [u8; 5]) {
        let Some(left) = self.follow_ups.checked_sub(1) else {
            return self.end(Err(T0Error::TooManyFollowUps));
        };
        self.follow_ups = left;
        let [.., p3] = header;
        self.left = length_of(p3);
        self.begun = false;
        self.header = header;
        self.direction = Direction::FromCard;
        self.state = State::Header;
    }
}
