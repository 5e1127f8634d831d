//! What happens in a world, written down as it happens, with secrets already masked. Telling people about it is not
//! done here.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use qiyong_firmware::slot::SlotError;
use qiyong_firmware::terminal::{NoPin, WhichPin};
use qiyong_firmware::ui::Text;
use qiyong_protocol::card::commands::{describe, ins};
use qiyong_protocol::card::files::{Df, Format, Generation, tag};
use qiyong_protocol::card::redact;
use qiyong_protocol::frame::Peer;
use qiyong_protocol::iso7816::apdu::{Command, Response, SHORT_NC_MAX, SHORT_NE_MAX};
use qiyong_protocol::iso7816::sw::StatusWord;

use super::slot::Watch;
use crate::card::file::write_value;
use crate::line::LineEvent;
use crate::referee::Finding;
use crate::time::VirtualTime;

/// Something that happened. Secrets are already masked.
#[derive(Clone, Debug)]
pub enum Event {
    /// The terminal's screen changed.
    Screen(Text),
    /// The holder keyed a PIN; which of the two.
    Keyed(WhichPin),
    /// The holder or operator keyed no PIN.
    NotKeyed(NoPin),
    /// The card was powered and answered with this ATR.
    Atr(Vec<u8>),
    /// An APDU was exchanged.
    Apdu(Box<Apdu>),
    /// The terminal could not talk to the card.
    SlotFailed(SlotError),
    /// A message to the centre, and its answer.
    Message {
        /// The request, in a few words.
        asked: String,
        /// The answer, in a few words.
        answered: String,
        /// The message as it came to the centre, and what it sent back: secrets are `*`. Nothing comes, if it was lost on its way.
        bytes: [Option<Vec<u8>>; 2],
    },
    /// A frame on the line between till and terminal.
    Frame(Box<Frame>),
    /// Something on the card line, at a rate of (Fi, Di).
    Line((u16, u8), LineEvent),
    /// The referee of the card line convicts the terminal.
    Finding(Finding),
}

/// What a frame carries.
#[derive(Clone, Debug)]
pub struct Frame {
    /// It goes to the terminal; otherwise it comes from there.
    pub to_terminal: bool,
    /// Whom it is for, or from.
    pub peer: Peer,
    /// The message in it; secrets are `*`.
    pub payload: Vec<u8>,
}

/// An exchanged APDU, its secrets masked with `*`.
#[derive(Clone, Debug)]
pub struct Apdu {
    /// What the command does, and to which file or record, in a few words.
    pub name: String,
    /// CLA INS P1 P2.
    pub header: [u8; 4],
    /// The command's data in hex.
    pub data: String,
    /// The most response bytes expected.
    pub ne: usize,
    /// The response's data in hex.
    pub response: String,
    /// The status word.
    pub sw: StatusWord,
}

/// Events with their cycles.
pub type Events = Rc<RefCell<Vec<(u64, Event)>>>;

/// Writes down events with their cycles.
#[derive(Clone)]
pub(super) struct Recorder {
    pub(super) time: VirtualTime,
    pub(super) events: Events,
}

impl Recorder {
    pub(super) fn note(&self, event: Event) {
        self.events.borrow_mut().push((self.time.cycles(), event));
    }
}

impl Watch for Recorder {
    fn connected(&mut self, atr: Result<&[u8], SlotError>) {
        self.note(match atr {
            Ok(atr) => Event::Atr(atr.to_vec()),
            Err(error) => Event::SlotFailed(error),
        });
    }

    fn transmitted(&mut self, command: &Command<'_>, response: &Result<Response<'_>, SlotError>) {
        self.note(match response {
            Ok(response) => Event::Apdu(Box::new(Apdu::new(command, response))),
            Err(error) => Event::SlotFailed(*error),
        });
    }
}

impl Apdu {
    /// Lc as it is sent: nothing, one byte, or 00 and two bytes in an extended command.
    pub fn lc(&self) -> Vec<u8> {
        match (self.data.len() / 2, self.is_extended()) {
            (0, _) => Vec::new(),
            (count, false) => vec![count as u8],
            (count, true) => [&[0], &(count as u16).to_be_bytes()[..]].concat(),
        }
    }

    /// Le as it is sent: nothing, one byte (00 for 256), or two bytes in an extended command (0000 for 65 536), after 00 if there
    /// is no Lc.
    pub fn le(&self) -> Vec<u8> {
        let two = (self.ne as u16).to_be_bytes();
        match (self.ne, self.is_extended(), self.data.is_empty()) {
            (0, ..) => Vec::new(),
            (ne, false, _) => vec![ne as u8],
            (_, true, false) => two.to_vec(),
            (_, true, true) => [&[0], &two[..]].concat(),
        }
    }

    /// Whether its lengths need extended fields.
    pub const fn is_extended(&self) -> bool {
        self.data.len() / 2 > SHORT_NC_MAX || self.ne > SHORT_NE_MAX
    }

    /// The event of an exchange.
    pub(crate) fn new(command: &Command<'_>, response: &Response<'_>) -> Self {
        Self {
            name: explain(command, response),
            header: [command.cla, command.ins, command.p1, command.p2],
            data: masked_hex(command.data, redact::secret_of(command)),
            ne: command.ne,
            response: masked_hex(response.data, redact::response_secret(command.ins, response.data)),
            sw: response.sw,
        }
    }
}

/// What a command does and to what: the selected file, or the data element read.
fn explain(command: &Command<'_>, response: &Response<'_>) -> String {
    let name = describe(command);
    // Version 3.00 has every tag of the environment, and a tag means the same in all versions.
    let mut ssse = Generation::V3.files().filter(|file| file.df == Df::Ssse);
    match (command.ins, command.data, response.data) {
        (ins::SELECT, [high, low], _) => {
            let fid = u16::from_be_bytes([*high, *low]);
            let title = ssse.find(|file| file.fid == fid).map_or(String::new(), |file| format!(" {}", file.title.0));
            format!("{name} {fid:04X}{title}")
        }
        (ins::READ_RECORD, _, [tag, _, value @ ..]) => {
            let Some(record) = ssse.flat_map(|file| file.records()).find(|record| record.tag == *tag) else {
                return name.to_string();
            };
            let value = match (record.tag, record.format) {
                (tag, _) if tag == tag::ID_NUMBER || redact::stands_in_id_number(tag) => String::new(),
                (_, Format::Binary | Format::Number | Format::Nested) => String::new(),
                (_, format) => format!(" \"{}\"", write_value(format, value)),
            };
            format!("{name} {}{value}", record.name)
        }
        _ => name.to_string(),
    }
}

/// Hex in which the secret bytes read `**`.
pub fn masked_hex(bytes: &[u8], secret: Range<usize>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().map_or('*', char::from);
    let show =
        |(at, byte): (usize, &u8)| if secret.contains(&at) { ['*'; 2] } else { [byte >> 4, byte & 0x0F].map(digit) };
    bytes.iter().enumerate().flat_map(show).collect()
}
