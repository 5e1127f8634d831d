//! The terminal's side of T=0.

use core::fmt;

use super::{GET_RESPONSE, NULL, is_sw1, length_of};
use crate::iso7816::Etu;
use crate::iso7816::apdu::{Case, Command, SHORT_NC_MAX, SHORT_NE_MAX};
use crate::iso7816::sw::StatusWord;

/// What bounds one APDU. A card may be slow within these bounds; beyond them it is given up with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// WT, the most etu between the leading edges of two characters (clause 10.2): 960 · WI · Di.
    pub waiting_time: Etu,
    /// The most etu the whole exchange may take, NULLs included. Not in the standard, which lets a card send NULL for ever.
    pub budget: u64,
    /// The most GET RESPONSE and corrected-Le commands sent for one APDU. Not in the standard either.
    pub follow_ups: u8,
}

impl Limits {
    /// The limits for a card with this WI (TC2 of the ATR, default 10), Fi and Di.
    ///
    /// The budget is twenty times the default waiting time, 20 s at the usual 3.5712 MHz whatever the rate: no command of
    /// the social security card takes that long.
    pub const fn new(wi: u8, fi: u16, di: u8) -> Self {
        // WI = 0 is reserved (clause 10.2); 1 keeps the wait bounded and above nothing. Fi is never 0 (table 7).
        let wi = if wi == 0 { 1 } else { wi };
        let fi = if fi == 0 { 372 } else { fi };
        let waiting_time = 960 * wi as Etu * di as Etu;
        let usual = 20 * 9600 * 372 * di as u64 / fi as u64;
        // A card with a long waiting time may use it, and once more after a NULL.
        let longest = 2 * waiting_time as u64;
        Self { waiting_time, budget: if usual > longest { usual } else { longest }, follow_ups: 32 }
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
pub struct T0Response {
    /// Bytes of response data in the buffer.
    pub len: usize,
    /// The status word as the card gave it last; 61xx and 6Cxx only where they could not be followed up.
    pub sw: StatusWord,
}

/// Why an exchange ended badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum T0Error {
    /// The command needs the extended form, which T=0 does not carry.
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
            Self::ExtendedLength => f.write_str("T=0 carries at most 255 command and 256 response bytes"),
            Self::InsNotAllowed(ins) => write!(f, "INS {ins:02X} cannot be told from a status word in T=0"),
            Self::Timeout => f.write_str("the card sent nothing within its waiting time"),
            Self::ProcedureByte(byte) => {
                write!(f, "the card sent {byte:02X} where INS, ~INS, 60 or a status word was due")
            }
            Self::BudgetExceeded => f.write_str("the card asked for more time (NULL) without end"),
            Self::TooManyFollowUps => f.write_str("the card answered 61xx or 6Cxx without end"),
            Self::BufferTooSmall => f.write_str("the card has more response bytes than were asked for"),
        }
    }
}

impl core::error::Error for T0Error {}

/// One command APDU on its way through T=0: GET RESPONSE on 61xx and the corrected Le on 6Cxx happen inside.
///
/// Call [`Exchange::step`], do what it says, report with the matching call, and repeat until [`Step::Done`].
///
/// Has no `Debug`: its buffers may hold a PIN or an ID number.
pub struct Exchange<'a> {
    command: Command<'a>,
    response: &'a mut [u8],
    limits: Limits,
    /// CLA INS P1 P2 P3 of the TPDU under way: the command's own, or a GET RESPONSE.
    header: [u8; 5],
    direction: Direction,
    /// Data bytes this TPDU moves, and those moved so far.
    total: usize,
    moved: usize,
    state: State,
    /// Response bytes gathered so far, over all TPDUs; those beyond the buffer or Ne are counted but not stored.
    len: usize,
    elapsed: u64,
    follow_ups: u8,
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
        // Clause 12.2.1: P3 is Lc for cases 3 and 4, Le for case 2, 00 for case 1; Le = 256 is coded 00.
        let (direction, total) = match command.case() {
            Case::Two => (Direction::FromCard, command.ne),
            Case::One | Case::Three | Case::Four => (Direction::ToCard, command.data.len()),
        };
        let state = if command.data.len() > SHORT_NC_MAX || command.ne > SHORT_NE_MAX {
            State::Done(Err(T0Error::ExtendedLength))
        } else if is_sw1(command.ins) || command.ins == NULL {
            State::Done(Err(T0Error::InsNotAllowed(command.ins)))
        } else {
            State::Header
        };
        let header = [command.cla, command.ins, command.p1, command.p2, total as u8];
        Self { command, response, limits, header, direction, total, moved: 0, state, len: 0, elapsed: 0, follow_ups: 0 }
    }

    /// What to do now. Does not change anything: asking twice gives the same answer.
    pub fn step(&self) -> Step<'_> {
        match self.state {
            State::Header => Step::Send(&self.header),
            State::Sending { count } => {
                Step::Send(self.command.data.get(self.moved..self.moved + count).unwrap_or_default())
            }
            State::Procedure | State::Receiving { .. } | State::Sw2 { .. } => Step::Receive(self.limits.waiting_time),
            State::Done(result) => Step::Done(result),
        }
    }

    /// The characters of [`Step::Send`] have gone out. They are charged to the budget at twelve etu each.
    pub fn sent(&mut self) {
        let characters = match self.state {
            State::Header => self.header.len(),
            State::Sending { count } => {
                self.moved += count;
                count
            }
            State::Procedure | State::Receiving { .. } | State::Sw2 { .. } | State::Done(_) => return,
        };
        self.state = State::Procedure;
        // A character takes at least this long (clause 7.2); there are at most 255.
        self.spend(12 * characters as Etu);
    }

    /// Nothing came within the waiting time.
    pub fn timed_out(&mut self) {
        self.end(Err(T0Error::Timeout));
    }

    /// A character came, its leading edge `elapsed` etu after that of the character before, whoever sent that.
    pub fn received(&mut self, byte: u8, elapsed: Etu) {
        match self.state {
            State::Procedure => self.procedure(byte),
            State::Receiving { count } => self.data(byte, count),
            State::Sw2 { sw1 } => self.status(StatusWord::new(sw1, byte)),
            State::Header | State::Sending { .. } | State::Done(_) => {}
        }
        self.spend(elapsed);
    }

    fn end(&mut self, result: Result<T0Response, T0Error>) {
        if !matches!(self.state, State::Done(_)) {
            self.state = State::Done(result);
        }
    }

    fn spend(&mut self, elapsed: Etu) {
        self.elapsed = self.elapsed.saturating_add(u64::from(elapsed));
        if self.elapsed > self.limits.budget {
            self.end(Err(T0Error::BudgetExceeded));
        }
    }

    /// Clause 10.3.3, table 11: what a procedure byte asks for.
    fn procedure(&mut self, byte: u8) {
        let ins = self.header[1];
        let left = self.total - self.moved;
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

    fn data(&mut self, byte: u8, count: usize) {
        // A card that corrected Le upwards sends more than was asked for: the first Ne bytes count (clause 12.2.3).
        if self.len < self.command.ne {
            let Some(room) = self.response.get_mut(self.len) else {
                return self.end(Err(T0Error::BufferTooSmall));
            };
            *room = byte;
            self.len += 1;
        }
        self.moved += 1;
        self.state = if count > 1 { State::Receiving { count: count - 1 } } else { State::Procedure };
    }

    /// Clauses 12.2.2 to 12.2.5: what a status word means for the APDU as a whole.
    fn status(&mut self, sw: StatusWord) {
        let wanted = self.command.ne - self.len;
        let [cla, _, p1, p2, _] = self.header;
        match sw.sw1() {
            0x6C if self.direction == Direction::FromCard && self.moved == 0 => {
                self.follow_up([cla, self.header[1], p1, p2, sw.sw2()]);
            }
            0x61 if wanted > 0 => {
                let waiting = length_of(sw.sw2());
                // GET RESPONSE goes to the same logical channel, without secure messaging (ISO/IEC 7816-4 clause 7.6.1).
                self.follow_up([cla & 0x03, GET_RESPONSE, 0, 0, waiting.min(wanted) as u8]);
            }
            // Clause 12.2.5 has the terminal send GET RESPONSE after a plain 9000 to a case 4 command, too. Readers of
            // these cards take it for the end (domain.md §1.6), and so is it here.
            _ => self.end(Ok(T0Response { len: self.len, sw })),
        }
    }

    /// Starts another TPDU for the same APDU, whose data comes from the card.
    fn follow_up(&mut self, header: [u8; 5]) {
        if self.follow_ups == self.limits.follow_ups {
            return self.end(Err(T0Error::TooManyFollowUps));
        }
        self.follow_ups += 1;
        self.total = length_of(header[4]);
        self.moved = 0;
        self.header = header;
        self.direction = Direction::FromCard;
        self.state = State::Header;
    }
}
