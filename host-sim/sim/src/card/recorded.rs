//! What a real card answered when it was recorded, where it answers otherwise than a virtual card would.
//!
//! An exchange belongs to a place: what was selected when the command came. Of its command the header and the data count.
//! Recording is `record`'s.

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::files::MF;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

/// What is kept of a recording, beside the values of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Every exchange, in its order.
    pub exchanges: Vec<Exchange>,
    /// What the recording lacks, for people.
    pub missing: Vec<String>,
}

/// A command, and what the real card did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was selected.
    pub place: Place,
    /// The command: header, Lc and data, without Le.
    pub command: Vec<u8>,
    /// How long the card took, in µs, as the program saw it.
    pub micros: u64,
    /// Data and status word, where the virtual card would answer otherwise.
    pub answer: Option<Vec<u8>>,
}

/// What is selected, as far as it matters to a command: the data of the last SELECT of a DF that the card accepted, and that of
/// an EF after it. To a SELECT of a DF nothing matters, to one of an EF the DF alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The DF's name or identifier; empty after a reset.
    pub df: Vec<u8>,
    /// The EF's identifier; empty if none was selected since.
    pub ef: Vec<u8>,
}

impl Place {
    /// What of it matters to `command`.
    pub fn of(&self, command: &Command<'_>) -> Self {
        match (command.ins == ins::SELECT, selects_ef(command)) {
            (true, true) => Self { df: self.df.clone(), ef: Vec::new() },
            (true, false) => Self::default(),
            (false, _) => self.clone(),
        }
    }

    /// What is selected after `command` was answered with this status word.
    pub fn follow(&mut self, command: &Command<'_>, sw: StatusWord) {
        if command.ins != ins::SELECT || !accepted(sw) {
            return;
        }
        let data = command.data.to_vec();
        if selects_ef(command) {
            self.ef = data;
        } else {
            *self = Self { df: data, ef: Vec::new() };
        }
    }
}

/// Whether a SELECT names an EF: by an identifier that is neither MF's nor a DF's.
fn selects_ef(command: &Command<'_>) -> bool {
    matches!(*command.data, [high, low] if command.p1 != 4 && u16::from_be_bytes([high, low]) != MF && high != 0xDF)
}

/// Whether a card that says this has selected what it was told to.
pub(super) fn accepted(sw: StatusWord) -> bool {
    sw.is_ok() || matches!(sw.sw1(), 0x61 | 0x62)
}

/// Header, Lc and data.
pub(super) fn without_le(command: &Command<'_>) -> Vec<u8> {
    let Command { cla, ins, p1, p2, data, .. } = *command;
    let mut bytes = vec![cla, ins, p1, p2];
    if !data.is_empty() {
        bytes.push(data.len() as u8);
        bytes.extend(data);
    }
    bytes
}

impl Recorded {
    /// What the card answers there in its own way.
    pub(super) fn answer(&self, place: &Place, command: &Command<'_>) -> Option<(Vec<u8>, StatusWord)> {
        let (place, command) = (place.of(command), without_le(command));
        let mut there = self.exchanges.iter().filter(|exchange| exchange.place == place);
        let answer = there.find(|exchange| exchange.command == command)?.answer.as_ref()?;
        let (data, [sw1, sw2]) = answer.split_last_chunk()?;
        Some((data.to_vec(), StatusWord::new(*sw1, *sw2)))
    }
}
