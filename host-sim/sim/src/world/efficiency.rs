//! How long the characters of a session took on the line, and the least time that ISO/IEC 7816-3 allows for the same
//! characters.
//!
//! The session is counted from the first character after a reset to the last before the card is powered down. Each
//! pause counts in the etu of the character before it. A pause in which neither side can send (the holder keys, the
//! centre works) is not counted.

use qiyong_protocol::iso7816::atr::{Atr, Edc};

use super::event::{Apdu, Event};
use crate::line::LineEvent;

/// A pause of more etu than this is not the line's: somebody else was waited for. The shortest message to the centre and
/// its answer take 130 etu of the slowest rate on the serial line.
const SOMEBODY_ELSE: f64 = 100.0;

/// Characters, and the etu that they took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Efficiency {
    /// Characters in both directions.
    pub characters: u64,
    /// The etu that they took.
    pub spent: f64,
    /// The least etu that the standard allows for them.
    pub least: f64,
}

impl Efficiency {
    /// The etu spent for each etu that was necessary.
    pub fn ratio(&self) -> f64 {
        self.spent / self.least
    }

    /// Measures the line events of a session: their cycle, the line's rate (Fi, Di), and the event.
    pub fn of(events: impl Iterator<Item = (u64, (u16, u8), LineEvent)>) -> Self {
        let mut all = Self::default();
        let mut atr = Vec::new();
        let mut last: Option<(u64, (u16, u8), bool)> = None;
        let mut commands = false;
        for (cycle, rate, event) in events {
            let (to_card, byte) = match event {
                LineEvent::ToCard(character) => (true, character.byte),
                LineEvent::FromCard(character) => (false, character.byte),
                LineEvent::Rst(_) | LineEvent::Vcc(_) => {
                    (last, commands) = (None, false);
                    atr.clear();
                    continue;
                }
                LineEvent::Clk(_) | LineEvent::Io(_) | LineEvent::Silence(_) => continue,
            };
            // The first character after the answer to reset belongs to no protocol yet.
            let first = to_card && !commands;
            commands |= to_card;
            if !commands {
                atr.push(byte);
            }
            all.characters += 1;
            if let Some((before, (fi, di), was_to_card)) = last.replace((cycle, rate, to_card)) {
                let pause = (cycle - before) as f64 * f64::from(di) / f64::from(fi);
                if pause <= SOMEBODY_ELSE {
                    all.spent += pause;
                    all.least += f64::from(least(&atr, (fi, di), first, was_to_card, to_card));
                }
            }
        }
        all
    }
}

/// The fewest characters with which a terminal can carry the answers to reset, rate negotiations and APDUs of a
/// session: no repetition, no wrong length, and only blocks that carry information.
pub fn least_characters(events: &[(u64, Event)]) -> u64 {
    let mut sum = 0;
    let mut t1 = None;
    for (_, event) in events {
        sum += match event {
            Event::Atr(bytes) => {
                let card = Atr::new(bytes).parameters();
                t1 = (card.preferred_protocol() == Some(1)).then_some(if card.edc() == Edc::Crc { 5 } else { 4 });
                // A card that offers another rate is asked for this rate, and answers.
                let asks = card.ta1().is_some();
                bytes.len() as u64 + if asks { 4 + 4 } else { 0 }
            }
            Event::Apdu(apdu) => of_apdu(apdu, t1),
            _ => 0,
        };
    }
    sum
}

/// The fewest characters for a command and its response. `frame`, in T=1, is what a block has besides its information.
fn of_apdu(apdu: &Apdu, frame: Option<u64>) -> u64 {
    // Hex digits.
    let (nc, nr) = (apdu.data.len() as u64 / 2, apdu.response.len() as u64 / 2);
    match frame {
        Some(frame) => {
            let lengths = u64::from(nc > 0) + u64::from(apdu.ne > 0);
            2 * frame + 4 + lengths + nc + nr + 2
        }
        // Header, acknowledgement and data, status word; GET RESPONSE for the response to a command with data.
        None => {
            let one = |data: u64| 5 + u64::from(data > 0) + data + 2;
            if nc > 0 && nr > 0 { one(nc) + one(nr) } else { one(nc + nr) }
        }
    }
}

/// The least etu from a character's leading edge to that of the next, at a rate of (Fi, Di). `first`: it is the first to the
/// card after the answer to reset.
fn least(atr: &[u8], (fi, di): (u16, u8), first: bool, was_to_card: bool, to_card: bool) -> u32 {
    let card = Atr::new(atr).parameters();
    let t1 = card.preferred_protocol() == Some(1);
    // Clause 8.3: before each character to the card, whoever sent the one before.
    let guard_time = card.guard_time(fi, di);
    match (was_to_card, to_card) {
        // Clauses 10.2 and 11.2: the pause before the other side sends.
        (false, true) if t1 && !first => guard_time.max(22),
        (false, true) => guard_time.max(16),
        (true, false) => {
            if t1 {
                22
            } else {
                16
            }
        }
        (true, true) if t1 && card.extra_guard() == 255 => 11,
        (true, true) => guard_time,
        (false, false) => 12,
    }
}
