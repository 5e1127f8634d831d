//! T=0 as it goes by: whose turn it is, and what may follow (clauses 10.3.3 and 12.2).

use super::remark::Remark;
use super::rule::Rule;
use super::seen::By;

const GET_RESPONSE: u8 = 0xC0;
const NULL: u8 = 0x60;

/// A session in T=0.
#[derive(Clone, Debug, Default)]
pub(super) struct T0 {
    header: Vec<u8>,
    /// Data bytes that have moved in this TPDU, and who sends them, once that shows.
    moved: usize,
    by: Option<By>,
    state: State,
    /// The TPDU before: its header, who sent data, its status word.
    before: Option<(Vec<u8>, Option<By>, [u8; 2])>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The terminal may begin, or has begun, a header.
    #[default]
    Header,
    /// A procedure byte is due; before it came what the terminal may have mistaken.
    Procedure(Before),
    /// So many data bytes may move before the next procedure byte; whether ~INS asked for one.
    Data { left: usize, single: bool },
    /// ACK came where P3 is 00: data, 256 bytes, or the status word. The bytes do not tell which. The last two follow.
    Vague([u8; 2]),
    /// SW2 is due.
    Sw2(u8),
}

/// What came before a procedure byte that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Header,
    Null,
    /// The byte that ~INS had asked for.
    Single,
    /// All bytes.
    All,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The terminal's, or it may be over.
    Terminal,
    /// The card's; after an acknowledgement, also where the terminal may be to send.
    Card,
}

const fn is_sw1(byte: u8) -> bool {
    matches!(byte, 0x61..=0x6F | 0x90..=0x9F)
}

/// Who sends the data of a command, where ISO/IEC 7816-4 says so for its INS.
const fn direction(ins: u8) -> Option<By> {
    match ins {
        // GET CHALLENGE, READ BINARY, READ RECORD, GET RESPONSE, GET DATA.
        0x84 | 0xB0 | 0xB2 | 0xC0 | 0xCA => Some(By::Card),
        // VERIFY, MANAGE SECURITY ENVIRONMENT, CHANGE REFERENCE DATA, EXTERNAL AND INTERNAL AUTHENTICATE, SELECT, WRITE, ENVELOPE,
        // UPDATE, PUT DATA, APPEND RECORD.
        0x20 | 0x22 | 0x24 | 0x82 | 0x88 | 0xA4 | 0xD0 | 0xD2 | 0xC2 | 0xD6 | 0xDA | 0xDC | 0xE2 => Some(By::Terminal),
        _ => None,
    }
}

impl T0 {
    /// Whose turn it is.
    pub(super) fn turn(&self) -> Turn {
        match (self.state, self.by) {
            (State::Header, _) | (State::Data { .. }, Some(By::Terminal)) => Turn::Terminal,
            (State::Vague([sw1, _]), _) if is_sw1(sw1) => Turn::Terminal,
            _ => Turn::Card,
        }
    }

    /// Who may send next, as far as the bytes tell; `None`: either.
    pub(super) fn sender(&self) -> Option<By> {
        match (self.state, self.by) {
            (State::Data { .. }, None) => direction(self.header.get(1).copied()?),
            (State::Vague([sw1, _]), _) if is_sw1(sw1) => None,
            _ if self.turn() == Turn::Terminal => Some(By::Terminal),
            _ => Some(By::Card),
        }
    }

    /// Whether the card's last character, the first behind an acknowledgement, may have crossed the terminal's: a character that
    /// the line doubles looks like data.
    pub(super) fn crossed(&self) -> bool {
        self.by == Some(By::Card) && self.moved == 1 && matches!(self.state, State::Data { .. } | State::Procedure(_))
    }

    /// Whether the next character of the terminal begins a TPDU.
    pub(super) fn between(&self) -> bool {
        self.header.is_empty() && self.state == State::Header
    }

    /// What the terminal leaves undone with this character, the second one of a header: what 61XX or 6CXX of the command before
    /// offers.
    pub(super) fn leaves(&self, ins: u8) -> Option<Remark> {
        let (before, _, [sw1, sw2]) = self.before.as_ref().filter(|_| self.header.len() == 1)?;
        match sw1 {
            0x61 if ins != GET_RESPONSE && *sw2 != 0 => Some(Remark::ResponseLeft),
            0x6C if before.get(1) != Some(&ins) => Some(Remark::LengthLeft),
            _ => None,
        }
    }

    /// The terminal's next character.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(super) fn terminal(&mut self, byte: u8) -> Result<(), Rule> {
        if let State::Vague(last) = self.state
            && is_sw1(last[0])
        {
            self.end(last);
        }
        match self.state {
            State::Header => {
                self.header.push(byte);
                match *self.header.as_slice() {
                    [0xFF, ..] => Err(Rule::T0Class),
                    [_, ins] if matches!(ins >> 4, 6 | 9) => Err(Rule::T0Ins),
                    [cla, ins, p1, p2, p3] => {
                        self.state = State::Procedure(Before::Header);
                        self.follows([cla, ins, p1, p2, p3])
                    }
                    _ => Ok(()),
                }
            }
            State::Data { left, single } if self.by != Some(By::Card) => {
                self.by = Some(By::Terminal);
                self.moved += 1;
                self.moves(left, single);
                Ok(())
            }
            State::Procedure(Before::Single) => Err(Rule::T0OneByte),
            State::Procedure(Before::All) if self.by == Some(By::Terminal) => Err(Rule::T0Count),
            State::Procedure(_) | State::Data { .. } | State::Vague(_) | State::Sw2(_) => Err(Rule::T0Turn),
        }
    }

    /// The card's next character. `false`: the card breaks the protocol, and nothing more of it can be judged.
    pub(super) fn card(&mut self, byte: u8) -> bool {
        match self.state {
            State::Header => return false,
            State::Procedure(_) => return self.procedure(byte),
            State::Data { left, single } => {
                if self.by == Some(By::Terminal) {
                    return false;
                }
                self.by = Some(By::Card);
                self.moved += 1;
                self.moves(left, single);
            }
            State::Vague([_, last]) => {
                self.moved += 1;
                self.state = match self.moved {
                    256 => State::Procedure(Before::All),
                    _ => State::Vague([last, byte]),
                };
            }
            State::Sw2(sw1) => self.end([sw1, byte]),
        }
        true
    }

    /// Clause 10.3.3.
    fn procedure(&mut self, byte: u8) -> bool {
        let (ins, p3) = match *self.header.as_slice() {
            [_, ins, _, _, p3] => (ins, usize::from(p3)),
            _ => return false,
        };
        let all = if p3 == 0 && self.by == Some(By::Card) { 256 } else { p3 };
        let left = all.saturating_sub(self.moved);
        self.state = match byte {
            NULL => State::Procedure(Before::Null),
            sw1 if is_sw1(sw1) => State::Sw2(sw1),
            ack if ack == ins || ack == !ins => match left {
                0 if p3 == 0 && self.by.is_none() => State::Vague([0, 0]),
                // An acknowledgement with nothing left asks for nothing.
                0 => State::Procedure(Before::All),
                left if ack == ins => State::Data { left, single: false },
                _ => State::Data { left: 1, single: true },
            },
            _ => return false,
        };
        true
    }

    fn moves(&mut self, left: usize, single: bool) {
        self.state = match (left, single) {
            (2.., _) => State::Data { left: left - 1, single },
            (_, true) => State::Procedure(Before::Single),
            (_, false) => State::Procedure(Before::All),
        };
    }

    fn end(&mut self, sw: [u8; 2]) {
        let header = std::mem::take(&mut self.header);
        *self = Self { before: Some((header, self.by, sw)), ..Self::default() };
    }

    /// Clause 12.2: what a header may be after 61xx and 6Cxx.
    fn follows(&self, header: [u8; 5]) -> Result<(), Rule> {
        let Some((before, by, [sw1, sw2])) = &self.before else { return Ok(()) };
        let [cla, ins, .., p3] = header;
        let class = before.first().copied().unwrap_or(cla);
        match sw1 {
            // P3 = 00 asks for whatever there is, as programs above the terminal do.
            0x61 if ins == GET_RESPONSE && *sw2 != 0 && p3 > *sw2 => Err(Rule::GetResponseLength),
            // The command's own class and channel; readers also fetch a response to class 8X in class 0X.
            0x61 if ins == GET_RESPONSE && cla != class && cla != class & 0x0F => Err(Rule::GetResponseClass),
            0x6C if *by != Some(By::Terminal) && before.get(..4) == header.get(..4) && p3 != *sw2 && p3 != 0 => {
                Err(Rule::CorrectedLength)
            }
            _ => Ok(()),
        }
    }
}
