//! The card's side of T=0, for virtual cards. What a command does is the caller's part.

use heapless::Vec;

use super::procedure::{ENVELOPE, GET_RESPONSE, NULL, is_sw1, length_of};
use crate::iso7816::apdu::{Command, SHORT_NC_MAX, SHORT_NE_MAX};
use crate::iso7816::sw::StatusWord;

/// How a card acknowledges: INS stands for all bytes that are left, ~INS for the next one (clause 10.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AckStyle {
    /// INS: send or take all remaining bytes.
    All,
    /// ~INS before each byte.
    EachByte,
    /// NULL before the first procedure byte; ~INS before the first two bytes, NULL again, and INS before the rest.
    Mixed,
    /// INS, and once more INS or ~INS, in turn, when no byte is left to transfer and before the status word.
    WhenEmpty,
}

/// With [`AckStyle::Mixed`], how many bytes go one by one.
const MIXED_SINGLE: usize = 2;

/// What the card does after a character from the terminal, or after [`CardSide::respond`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardStep {
    /// Awaits the next character.
    Await,
    /// Sends [`CardSide::burst`], then awaits the next character.
    Send,
    /// A command is complete: carry out [`CardSide::command`] and call [`CardSide::respond`].
    Execute,
}

/// The most characters a card sends in one go: an acknowledgement before each of 256 bytes, and a status word.
const MAX_BURST: usize = 2 * SHORT_NE_MAX + 2;

/// The card's T=0 state between two resets, for APDUs and responses of up to `N` bytes: 256 or more.
///
/// Beyond 256 bytes the terminal sends an APDU in ENVELOPEs and fetches a response by GET RESPONSE (clause 12.2). There
/// is no `Debug`, since the buffers may hold a PIN.
pub struct CardSide<const N: usize> {
    ack: AckStyle,
    /// With [`AckStyle::WhenEmpty`]: the next acknowledgement of nothing is ~INS.
    inverted: bool,
    /// The card knows that the command under way has nothing to transfer.
    case_1: bool,
    header: Vec<u8, 5>,
    data: Vec<u8, SHORT_NC_MAX>,
    /// The APDU that ENVELOPEs have brought so far; complete if `enveloped`.
    envelope: Vec<u8, N>,
    enveloped: bool,
    /// Whether the data of the command under way comes from the terminal.
    to_card: bool,
    /// Response data that waits for GET RESPONSE from `fetched` on, and the status word that goes with it.
    waiting: Vec<u8, N>,
    fetched: usize,
    waiting_sw: StatusWord,
    burst: Vec<u8, MAX_BURST>,
}

impl<const N: usize> CardSide<N> {
    /// A card just reset.
    pub const fn new(ack: AckStyle) -> Self {
        Self {
            ack,
            inverted: false,
            case_1: false,
            header: Vec::new(),
            data: Vec::new(),
            envelope: Vec::new(),
            enveloped: false,
            to_card: false,
            waiting: Vec::new(),
            fetched: 0,
            waiting_sw: StatusWord::OK,
            burst: Vec::new(),
        }
    }

    /// A character came from the terminal.
    /// `takes_data(ins)` tells whether the card's command with this INS carries data to the card. In T=0 only the card
    /// knows whether P3 is Lc or Le.
    pub fn received(&mut self, byte: u8, takes_data: impl FnOnce(u8) -> bool) -> CardStep {
        if self.header.push(byte).is_ok() {
            if let &[_, ins, _, _, p3] = self.header.as_slice() {
                let takes_data = takes_data(ins);
                self.case_1 = takes_data && p3 == 0;
                return self.header_complete((takes_data || ins == ENVELOPE) && p3 > 0, ins, p3);
            }
            return CardStep::Await;
        }
        // The header is complete, so this byte is command data. There is room, since Lc is at most 255.
        let _ = self.data.push(byte);
        if self.data.len() < usize::from(self.p3()) {
            match (self.ack, self.data.len()) {
                (AckStyle::All | AckStyle::WhenEmpty, _) => CardStep::Await,
                (AckStyle::Mixed, MIXED_SINGLE) => self.send(&[NULL, self.ins()]),
                (AckStyle::Mixed, len) if len > MIXED_SINGLE => CardStep::Await,
                (AckStyle::EachByte | AckStyle::Mixed, _) => self.send(&[!self.ins()]),
            }
        } else if self.ins() == ENVELOPE {
            self.open()
        } else {
            CardStep::Execute
        }
    }

    /// The characters to send after [`CardStep::Send`].
    pub fn burst(&self) -> &[u8] {
        &self.burst
    }

    /// The command to carry out after [`CardStep::Execute`]. A case 4 command cannot be told from a case 3 command
    /// here, unless it came in ENVELOPEs.
    pub fn command(&self) -> Command<'_> {
        if self.enveloped {
            return Command::decode(&self.envelope).unwrap_or(Command::new(0, 0, 0, 0));
        }
        let &[cla, ins, p1, p2, p3] = self.header.as_slice() else {
            return Command::new(0, 0, 0, 0);
        };
        let command = Command::new(cla, ins, p1, p2);
        if self.to_card { command.with_data(&self.data) } else { command.expecting(length_of(p3)) }
    }

    /// The answer to [`CardSide::command`]: at most `N` bytes of `data`, and `sw`. Longer data is an error of the
    /// caller and is answered with 6F00. GET RESPONSE must fetch the data that goes with a warning (62xx, 63xx), and
    /// all data of a command that itself carries data.
    pub fn respond(&mut self, data: &[u8], sw: StatusWord) -> CardStep {
        let (to_card, le) = (self.to_card, length_of(self.p3()));
        self.enveloped = false;
        self.envelope.clear();
        self.waiting.clear();
        self.fetched = 0;
        self.waiting_sw = sw;
        if data.len() > N {
            self.status(StatusWord(0x6F00));
        } else if data.is_empty() {
            self.status(sw);
        } else if !to_card && data.len() == le {
            let ins = self.ins();
            self.inverted = burst(&mut self.burst, self.ack, self.inverted, ins, data, sw);
        } else if !to_card && (data.len() < le || le < SHORT_NE_MAX) {
            self.status(StatusWord::new(0x6C, length_byte(data.len())));
        } else {
            // There is room, since the data is not longer than N.
            let _ = self.waiting.extend_from_slice(data);
            if !to_card {
                self.send_waiting(le);
            } else if matches!(sw.sw1(), 0x62 | 0x63) {
                self.waiting_sw = StatusWord::OK;
                self.status(sw);
            } else {
                self.status(more(data.len()));
            }
        }
        self.header.clear();
        self.data.clear();
        CardStep::Send
    }

    fn ins(&self) -> u8 {
        self.header.get(1).copied().unwrap_or_default()
    }

    fn p3(&self) -> u8 {
        self.header.get(4).copied().unwrap_or_default()
    }

    fn header_complete(&mut self, to_card: bool, ins: u8, p3: u8) -> CardStep {
        self.to_card = to_card;
        // Any command that is not the next ENVELOPE ends an APDU that ENVELOPEs have begun.
        if ins != ENVELOPE {
            self.envelope.clear();
        }
        if is_sw1(ins) || ins == NULL || (ins == ENVELOPE && !to_card) {
            // No INS that could be acknowledged.
            (self.to_card, self.case_1) = (false, false);
            self.header.clear();
            self.status(StatusWord::UNKNOWN_INS)
        } else if ins == GET_RESPONSE {
            // It brings nothing, and Le is never nothing.
            (self.to_card, self.case_1) = (false, false);
            let step = self.get_response(length_of(p3));
            self.header.clear();
            step
        } else if to_card {
            match self.ack {
                AckStyle::All | AckStyle::WhenEmpty => self.send(&[ins]),
                AckStyle::EachByte => self.send(&[!ins]),
                AckStyle::Mixed => self.send(&[NULL, !ins]),
            }
        } else {
            CardStep::Execute
        }
    }

    /// One ENVELOPE is complete: its data is the next part of an APDU.
    fn open(&mut self) -> CardStep {
        let fits = self.envelope.extend_from_slice(&self.data).is_ok();
        // Only extended APDUs with data come in ENVELOPEs: CLA INS P1 P2 00 Lc Lc.
        let whole = match *self.envelope.as_slice() {
            [_, _, _, _, 0, high, low, ..] => Some(7 + usize::from(u16::from_be_bytes([high, low]))),
            [_, _, _, _, other, ..] if other != 0 => Some(0),
            _ => None,
        };
        let have = self.envelope.len();
        match whole {
            Some(_) if !fits => {}
            // Without Le, or with Le in the same part.
            Some(whole) if have == whole || have == whole + 2 => {
                self.enveloped = Command::decode(&self.envelope).is_ok();
                if self.enveloped {
                    return CardStep::Execute;
                }
            }
            Some(whole) if have > whole => {}
            Some(_) | None => {
                let step = self.status(StatusWord::OK);
                self.header.clear();
                self.data.clear();
                return step;
            }
        }
        let step = self.status(StatusWord::WRONG_LENGTH);
        self.header.clear();
        self.data.clear();
        self.envelope.clear();
        step
    }

    fn get_response(&mut self, le: usize) -> CardStep {
        let have = self.waiting.len() - self.fetched;
        if have == 0 {
            self.status(StatusWord::CONDITIONS_NOT_SATISFIED)
        } else if le > have {
            self.status(StatusWord::new(0x6C, length_byte(have)))
        } else {
            self.send_waiting(le)
        }
    }

    /// Sends the next `count` waiting bytes with their acknowledgements, then the status word, and forgets those bytes.
    fn send_waiting(&mut self, count: usize) -> CardStep {
        let ins = self.ins();
        let end = self.waiting.len().min(self.fetched + count);
        let left = self.waiting.len() - end;
        let sw = if left == 0 { self.waiting_sw } else { more(left) };
        let bytes = self.waiting.get(self.fetched..end).unwrap_or_default();
        self.inverted = burst(&mut self.burst, self.ack, self.inverted, ins, bytes, sw);
        self.fetched = end;
        CardStep::Send
    }

    /// A status word, as the first procedure byte or after the last byte of data.
    fn status(&mut self, sw: StatusWord) -> CardStep {
        let [sw1, sw2] = sw.0.to_be_bytes();
        match self.ack {
            AckStyle::WhenEmpty if self.to_card || self.case_1 => {
                let ack = if self.inverted { !self.ins() } else { self.ins() };
                self.inverted = !self.inverted;
                self.send(&[ack, sw1, sw2])
            }
            AckStyle::Mixed => self.send(&[NULL, sw1, sw2]),
            _ => self.send(&[sw1, sw2]),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> CardStep {
        self.burst.clear();
        let _ = self.burst.extend_from_slice(bytes);
        CardStep::Send
    }
}

/// Up to 256 bytes with their acknowledgements, then the status word. An acknowledgement of nothing is ~INS if
/// `inverted`; returns whether the next one is.
fn burst(
    burst: &mut Vec<u8, MAX_BURST>,
    ack: AckStyle,
    mut inverted: bool,
    ins: u8,
    bytes: &[u8],
    sw: StatusWord,
) -> bool {
    burst.clear();
    let single = match ack {
        AckStyle::All | AckStyle::WhenEmpty => 0,
        AckStyle::EachByte => bytes.len(),
        AckStyle::Mixed => MIXED_SINGLE.min(bytes.len()),
    };
    let (one_by_one, at_once) = bytes.split_at_checked(single).unwrap_or((bytes, &[]));
    // There is room for the longest burst, so that pushing cannot fail.
    let mut push = |bytes: &[u8]| _ = burst.extend_from_slice(bytes);
    if ack == AckStyle::Mixed {
        push(&[NULL]);
    }
    one_by_one.iter().for_each(|byte| push(&[!ins, *byte]));
    if !at_once.is_empty() {
        if ack == AckStyle::Mixed {
            push(&[NULL]);
        }
        push(&[ins]);
        push(at_once);
    }
    if ack == AckStyle::WhenEmpty {
        push(&[if inverted { !ins } else { ins }]);
        inverted = !inverted;
    }
    push(&sw.0.to_be_bytes());
    inverted
}

/// 61xx for so many bytes; 00 stands for 256 or more.
const fn more(bytes: usize) -> StatusWord {
    StatusWord::new(0x61, length_byte(bytes))
}

/// A length coded as Le: 00 from 256 on.
const fn length_byte(bytes: usize) -> u8 {
    if bytes < SHORT_NE_MAX { bytes as u8 } else { 0 }
}
