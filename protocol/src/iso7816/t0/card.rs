//! The card's side of T=0, for virtual cards.

use heapless::Vec;

use super::{GET_RESPONSE, NULL, is_sw1, length_of};
use crate::iso7816::apdu::{Command, SHORT_NC_MAX, SHORT_NE_MAX};
use crate::iso7816::sw::StatusWord;

/// How a card asks for command data: all at once (INS) or byte by byte (~INS), clause 10.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckStyle {
    /// INS: send or take all remaining bytes.
    All,
    /// ~INS before each byte.
    EachByte,
}

/// What the card does after a character from the terminal, or after [`CardSide::respond`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap, and one lives at a time")]
pub enum CardStep {
    /// Awaits the next character.
    Await,
    /// Sends these characters, then awaits the next one.
    Send(Vec<u8, MAX_BURST>),
    /// A command is complete: carry out [`CardSide::command`] and call [`CardSide::respond`].
    Execute,
}

/// The most characters a card sends in one go: an acknowledgement before each of 256 bytes, and a status word.
pub const MAX_BURST: usize = 2 * SHORT_NE_MAX + 3;

/// The card's T=0 state between two resets. Has no `Debug`: its buffers may hold a PIN.
pub struct CardSide {
    ack: AckStyle,
    header: Vec<u8, 5>,
    data: Vec<u8, SHORT_NC_MAX>,
    /// Whether the data of the command under way comes from the terminal.
    to_card: bool,
    /// Response data that waits for GET RESPONSE, and the status word that goes with it.
    waiting: Vec<u8, SHORT_NE_MAX>,
    waiting_sw: StatusWord,
}

impl CardSide {
    /// A card just reset.
    pub const fn new(ack: AckStyle) -> Self {
        Self {
            ack,
            header: Vec::new(),
            data: Vec::new(),
            to_card: false,
            waiting: Vec::new(),
            waiting_sw: StatusWord::OK,
        }
    }

    /// A character came from the terminal.
    ///
    /// `takes_data(ins)` tells whether the card's command of that name carries data to the card: in T=0 only the
    /// card knows whether P3 is Lc or Le.
    pub fn received(&mut self, byte: u8, takes_data: impl FnOnce(u8) -> bool) -> CardStep {
        if self.header.push(byte).is_ok() {
            if let &[_, ins, _, _, p3] = self.header.as_slice() {
                return self.header_complete(takes_data(ins) && p3 > 0, ins, p3);
            }
            return CardStep::Await;
        }
        // The header is complete, so this is command data; Lc is at most 255, so there is room.
        let _ = self.data.push(byte);
        if self.data.len() < usize::from(self.p3()) {
            match self.ack {
                AckStyle::All => CardStep::Await,
                AckStyle::EachByte => send(&[!self.ins()]),
            }
        } else {
            CardStep::Execute
        }
    }

    /// The command to carry out after [`CardStep::Execute`]. A case 4 command cannot be told from a case 3 one here.
    pub fn command(&self) -> Command<'_> {
        let &[cla, ins, p1, p2, p3] = self.header.as_slice() else {
            return Command::new(0, 0, 0, 0);
        };
        let command = Command::new(cla, ins, p1, p2);
        if self.to_card { command.with_data(&self.data) } else { command.expecting(length_of(p3)) }
    }

    /// The answer to [`CardSide::command`]: at most 256 bytes of `data`, and `sw`. Longer data is a fault of the caller
    /// and answered with 6F00.
    pub fn respond(&mut self, data: &[u8], sw: StatusWord) -> CardStep {
        let (to_card, p3) = (self.to_card, self.p3());
        self.waiting.clear();
        let answer = if self.waiting.extend_from_slice(data).is_err() {
            self.status(StatusWord(0x6F00))
        } else if data.is_empty() {
            self.status(sw)
        } else if to_card {
            self.waiting_sw = sw;
            self.status(StatusWord::new(0x61, data.len() as u8))
        } else if data.len() != length_of(p3) {
            let right = StatusWord::new(0x6C, data.len() as u8);
            self.waiting.clear();
            self.status(right)
        } else {
            self.send_waiting(data.len(), sw)
        };
        self.header.clear();
        self.data.clear();
        answer
    }

    /// The NULL procedure byte, to be sent while a command takes long.
    pub const fn null() -> u8 {
        NULL
    }

    fn ins(&self) -> u8 {
        self.header.get(1).copied().unwrap_or_default()
    }

    fn p3(&self) -> u8 {
        self.header.get(4).copied().unwrap_or_default()
    }

    fn header_complete(&mut self, to_card: bool, ins: u8, p3: u8) -> CardStep {
        self.to_card = to_card;
        if is_sw1(ins) || ins == NULL {
            self.header.clear();
            self.status(StatusWord::UNKNOWN_INS)
        } else if ins == GET_RESPONSE {
            let step = self.get_response(length_of(p3));
            self.header.clear();
            step
        } else if to_card {
            match self.ack {
                AckStyle::All => send(&[ins]),
                AckStyle::EachByte => send(&[!ins]),
            }
        } else {
            CardStep::Execute
        }
    }

    fn get_response(&mut self, le: usize) -> CardStep {
        let have = self.waiting.len();
        if have == 0 {
            self.status(StatusWord::CONDITIONS_NOT_SATISFIED)
        } else if le > have {
            self.status(StatusWord::new(0x6C, have as u8))
        } else {
            let left = have - le;
            let sw = if left == 0 { self.waiting_sw } else { StatusWord::new(0x61, left as u8) };
            self.send_waiting(le, sw)
        }
    }

    /// Sends the first `count` waiting bytes with their acknowledgements, then `sw`, and forgets those bytes.
    fn send_waiting(&mut self, count: usize, sw: StatusWord) -> CardStep {
        let ins = self.ins();
        let mut out = Vec::new();
        // `out` holds the longest burst there is (MAX_BURST), so pushing cannot fail.
        if self.ack == AckStyle::All {
            let _ = out.push(ins);
        }
        for &byte in self.waiting.iter().take(count) {
            if self.ack == AckStyle::EachByte {
                let _ = out.push(!ins);
            }
            let _ = out.push(byte);
        }
        let _ = out.extend_from_slice(&sw.0.to_be_bytes());
        self.waiting.drain(..count.min(self.waiting.len()));
        CardStep::Send(out)
    }

    fn status(&self, sw: StatusWord) -> CardStep {
        send(&sw.0.to_be_bytes())
    }
}

fn send(bytes: &[u8]) -> CardStep {
    CardStep::Send(Vec::from_slice(bytes).unwrap_or_default())
}
