//! Messages out of the packets of the bulk-OUT endpoint: where one begins and ends, and what becomes of those that do not end where
//! they say.

use zeroize::Zeroize;

use crate::faults::{Fault, has};

use super::message::{HEADER, MESSAGE_MAX, Message, PACKET, Request};

/// What a packet has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// Nothing whole yet, or nothing at all.
    Nothing,
    /// The last packet of a message.
    Message,
    /// The last packet of something that has another length than it says, with these bMessageType, bSlot and bSeq.
    WrongLength { code: u8, slot: u8, seq: u8 },
}

/// The message that comes.
#[derive(Debug)]
pub(super) struct Assembly {
    bytes: [u8; MESSAGE_MAX],
    /// How many bytes of it have come; more than there is room for if it is too long.
    len: usize,
    /// It was answered already: the rest of it is passed over.
    skips: bool,
}

impl Assembly {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; MESSAGE_MAX], len: 0, skips: false }
    }

    /// Forgets what has come.
    pub(super) fn clear(&mut self) {
        let used = self.len.min(MESSAGE_MAX);
        if !has(Fault::MessageKept) {
            self.bytes.get_mut(..used).unwrap_or_default().zeroize();
        }
        (self.len, self.skips) = (0, false);
    }

    /// Whether nothing is left of a message.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.len > 0 || self.bytes.iter().all(|byte| *byte == 0)
    }

    /// The whole message.
    pub(super) fn message(&self) -> Option<Message<'_>> {
        Message::read(self.bytes.get(..self.len)?)
    }

    /// The length that it says, once its header is there; it may be larger than there is room for.
    fn announced(&self) -> Option<usize> {
        let &[_, a, b, c, d, ..] = self.bytes.get(..HEADER.min(self.len))? else { return None };
        (self.len >= HEADER).then(|| (u32::from_le_bytes([a, b, c, d]) as usize).saturating_add(HEADER))
    }

    fn take(&mut self, packet: &[u8]) {
        let room = self.bytes.get_mut(self.len.min(MESSAGE_MAX)..).unwrap_or_default();
        room.iter_mut().zip(packet).for_each(|(to, from)| *to = *from);
        self.len = self.len.saturating_add(packet.len());
    }

    /// A packet has come. After [`Brought::Message`], [`Assembly::message`] is the message, and [`Assembly::clear`] must follow.
    ///
    /// A message ends where it says, or with a short packet; an empty packet after that means nothing, so that hosts which send one after
    /// a full packet and those which do not are both understood. A short packet that ends a message in the wrong place and is a message
    /// by itself is taken as that: another host has begun, or the same one anew.
    pub(super) fn packet(&mut self, packet: &[u8]) -> Brought {
        let is_short = packet.len() < PACKET;
        if self.len == 0 && packet.is_empty() {
            self.skips = false;
            return Brought::Nothing;
        }
        let (before, skipped) = (self.len, self.skips);
        self.take(packet);
        let announced = self.announced();
        if !skipped && announced == Some(self.len) && self.len <= MESSAGE_MAX {
            return Brought::Message;
        }
        let anew = is_short && (before > 0 || skipped) && is_message(packet) && !has(Fault::NeverAnew);
        if anew {
            self.clear();
            self.take(packet);
            return Brought::Message;
        }
        let overruns = announced.is_some_and(|announced| self.len > announced);
        if !is_short && !overruns {
            return Brought::Nothing;
        }
        let brought = match self.bytes.first_chunk::<HEADER>() {
            Some(&[code, _, _, _, _, slot, seq, ..])
                if self.len >= HEADER && !skipped && !has(Fault::WrongLengthUnanswered) =>
            {
                Brought::WrongLength { code, slot, seq }
            }
            _ => Brought::Nothing,
        };
        self.clear();
        // What is too long goes on until a short packet.
        self.skips = !is_short;
        brought
    }
}

/// Whether a packet is a whole message of a kind that exists.
fn is_message(packet: &[u8]) -> bool {
    Message::read(packet).is_some_and(|message| Request::of(message.code).is_some())
}
