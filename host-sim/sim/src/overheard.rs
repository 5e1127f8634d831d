//! APDUs between any program and a card, overheard: decoded, and without their secrets, for a trace or a capture.
//!
//! A terminal's APDUs are known, those of other programs are not: they may be no APDUs at all, fetch an answer piece by piece by GET
//! RESPONSE, or wrap one APDU in another. `qiyong_protocol::card::redact` says what is secret in a whole answer; this module
//! knows what an answer, a piece or a wrapping belongs to. Data in chained commands and in secure messaging, which may begin anywhere, it
//! hides. A foreign INS is shown: nobody knows what it means (docs/limits.md).

use zeroize::Zeroizing;

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::files::tag;
use qiyong_protocol::card::redact;
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::GET_RESPONSE;

use crate::world::event::{Apdu, masked_hex};

/// The class of commands to a reader, which may load keys into it (PC/SC part 3 clause 3.2.2.1).
const TO_READER: u8 = 0xFF;
/// In the class of an interindustry command (ISO/IEC 7816-4 clause 5.4.1): not the last of a chain.
const CHAINED: u8 = 0x10;
/// In such a class: secure messaging, in which data are wrapped in others.
const SECURE: u8 = 0x08;
/// A class with this bit is somebody's own.
const PROPRIETARY: u8 = 0x80;
/// ENVELOPE: another APDU, or a piece of one, is its data.
const ENVELOPE: u8 = 0xC2;
/// Of an ID number in a record: tag, length, and as many characters as may be shown at its beginning.
const SHOWN: usize = 5;
/// So many characters may be shown at its end.
const SHOWN_AT_END: usize = 2;

/// What was overheard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An APDU.
    Apdu(Box<Apdu>),
    /// Bytes that are no APDU, and the card's status word: how many bytes, and the first four in hex.
    Rubbish {
        /// What would be CLA INS P1 P2.
        head: String,
        /// How many bytes there are in all.
        len: usize,
        /// What the card says.
        sw: StatusWord,
    },
}

/// Listens to one card. A reset begins a new session.
#[derive(Default)]
pub struct Listener {
    /// An answer that comes in pieces.
    fetched: Option<Fetched>,
    /// The command before was not the last of its chain.
    chained: bool,
}

/// An answer that is fetched.
struct Fetched {
    /// The INS of the command that it answers; `None`: it is hidden, whatever it answers.
    ins: Option<u8>,
    /// What has come of it so far.
    bytes: Zeroizing<Vec<u8>>,
}

impl Listener {
    /// The card was reset, or is another one.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// A program sent `command`, and `answer` came with its status word; `None` if that is no answer of a card.
    pub fn exchanged(&mut self, command: &[u8], answer: &[u8]) -> Option<Heard> {
        let response = Response::decode(answer).ok()?;
        let Ok(apdu) = Command::decode(command) else {
            self.fetched = None;
            let head = hex::encode_upper(command.get(..4).unwrap_or(command));
            return Some(Heard::Rubbish { head, len: command.len(), sw: response.sw });
        };
        let has = |bits| apdu.cla & PROPRIETARY == 0 && apdu.cla & bits != 0;
        // Of a whole that comes in pieces nobody knows where a piece begins.
        let is_piece = has(CHAINED) || (self.chained && apdu.cla & PROPRIETARY == 0);
        self.chained = has(CHAINED);
        let is_wrapped = apdu.ins == ENVELOPE || has(SECURE);
        let mut heard = Apdu::new(&apdu, &response);
        let whole = |bytes: &[u8]| masked_hex(bytes, 0..bytes.len());
        match (apdu.cla, apdu.ins) {
            (TO_READER, _) => {
                heard.name = "command to the reader".into();
                heard.data = whole(apdu.data);
            }
            _ if is_wrapped => {
                heard.name = if apdu.ins == ENVELOPE { "ENVELOPE" } else { "command in secure messaging" }.into();
                (heard.data, heard.response) = (whole(apdu.data), whole(response.data));
            }
            (_, GET_RESPONSE) => heard.response = self.piece(response.data),
            (_, own) => heard.response = masked_hex(response.data, secret(own, response.data)),
        }
        if is_piece {
            heard.data = whole(apdu.data);
        }
        self.follow(&apdu, &response, is_wrapped);
        Some(Heard::Apdu(Box::new(heard)))
    }

    /// A program sent `command`, and no answer came. The status word of what is returned means nothing.
    pub fn unanswered(&mut self, command: &[u8]) -> Heard {
        let sw = StatusWord(0x6F00);
        let heard = self.exchanged(command, &sw.0.to_be_bytes());
        self.reset();
        // There was an answer, so it was read.
        heard.unwrap_or(Heard::Rubbish { head: String::new(), len: command.len(), sw })
    }

    /// A piece of an answer, as it may be shown.
    fn piece(&self, data: &[u8]) -> String {
        let Some(Fetched { ins, bytes }) = &self.fetched else {
            return masked_hex(data, redact::response_secret(GET_RESPONSE, data));
        };
        let before = bytes.len();
        let all = Zeroizing::new([bytes, data].concat());
        let hidden = ins.map_or(0..all.len(), |ins| secret(ins, &all));
        masked_hex(data, hidden.start.saturating_sub(before)..hidden.end.saturating_sub(before))
    }

    /// Remembers to what the next piece belongs.
    fn follow(&mut self, command: &Command<'_>, response: &Response<'_>, is_wrapped: bool) {
        match (command.ins, response.sw.sw1(), &mut self.fetched) {
            (GET_RESPONSE, 0x61, Some(fetched)) => fetched.bytes.extend(response.data),
            // A wrong Le: the same is asked for again.
            (GET_RESPONSE, 0x6C, Some(_)) => {}
            (GET_RESPONSE, ..) => self.fetched = None,
            (ins, 0x61, _) => {
                let ins = (!is_wrapped).then_some(ins);
                self.fetched = Some(Fetched { ins, bytes: Zeroizing::new(response.data.to_vec()) });
            }
            _ => self.fetched = None,
        }
    }
}

/// What is secret in an answer of which this much is known: the end of an ID number is shown only where it is its end.
fn secret(ins: u8, data: &[u8]) -> std::ops::Range<usize> {
    match data {
        [tag::ID_NUMBER, len, ..] if ins == ins::READ_RECORD => {
            let whole = (usize::from(*len) + 2).max(data.len());
            SHOWN.min(data.len())..whole.saturating_sub(SHOWN_AT_END).max(SHOWN).min(data.len())
        }
        _ => redact::response_secret(ins, data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a listener shows of each exchange: command data, and response.
    fn shown(exchanges: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut listener = Listener::default();
        let bytes = |hex: &str| hex::decode(hex.replace(' ', "")).unwrap();
        let heard = exchanges.iter().map(|(command, answer)| listener.exchanged(&bytes(command), &bytes(answer)));
        heard
            .map(|heard| match heard {
                Some(Heard::Apdu(apdu)) => (apdu.data, apdu.response),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    const READ_ID: &str = "00B2080400";
    /// Characters 1 to 18 of a record of tag 08, one byte after the other.
    fn id_record() -> String {
        format!("0812{}", (1..=18).map(|digit| format!("{:02X}", 0x40 + digit)).collect::<String>())
    }

    /// All that was shown of the record, piece after piece.
    fn fetched_in(sizes: &[usize], mask: impl Fn(&[u8]) -> String) -> (String, String) {
        let record = id_record();
        let mut exchanges = vec![(READ_ID.to_string(), "6114".to_string())];
        let mut at = 0;
        let mut naive = String::new();
        for size in sizes {
            let piece = &record[at..(at + 2 * size).min(record.len())];
            at += piece.len();
            let left = (record.len() - at) / 2;
            let sw = if left > 0 { format!("61{left:02X}") } else { "9000".to_string() };
            exchanges.push((format!("00C00000{size:02X}"), format!("{piece}{sw}")));
            naive += &mask(&hex::decode(piece).unwrap());
        }
        let exchanges: Vec<_> = exchanges.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        (shown(&exchanges).into_iter().map(|(_, response)| response).collect(), naive)
    }

    #[test]
    fn an_id_number_that_is_fetched_in_pieces_shows_no_more_than_a_whole_one() {
        let allowed = format!("0812414243{}5152", "**".repeat(13));
        let by_redact = |piece: &[u8]| masked_hex(piece, redact::response_secret(GET_RESPONSE, piece));
        // The rule, and without it: a piece is judged by itself.
        let mut leaks = 0;
        for first in 1..20 {
            for second in 1..=20 - first {
                let (ours, naive) = fetched_in(&[first, second, 20], by_redact);
                assert_eq!(ours.len(), allowed.len());
                let hidden = |text: &str| {
                    text.as_bytes()
                        .iter()
                        .zip(allowed.as_bytes())
                        .all(|(own, allowed)| *allowed != b'*' || *own == b'*')
                };
                assert!(hidden(&ours), "{first} {second}: {ours}");
                leaks += u32::from(!hidden(&naive));
            }
        }
        assert!(leaks > 100, "without the rule, {leaks} of 190 ways to fetch it show more");
        assert_eq!(fetched_in(&[20], by_redact).0, allowed);
    }

    #[test]
    fn a_pin_is_hidden_wherever_it_stands() {
        for command in [
            "0020000003123456",
            "00200001083132333435364E4E",
            // Extended, chained, in secure messaging, and in an envelope.
            "00200000000003123456",
            "1020000003123456",
            "0C20000003123456",
            "00C20000080020000003123456",
            "805E010007123456FF654321",
            "FF82000006123456123456",
        ] {
            let shown = shown(&[(command, "63C2")]);
            assert!(shown[0].0.len() > 4 && shown[0].0.bytes().all(|byte| byte == b'*'), "{command}: {shown:?}");
        }
    }

    #[test]
    fn an_id_number_in_a_chain_or_in_secure_messaging_is_hidden_whole() {
        let record = id_record();
        let (first, rest) = record.split_at(24);
        let chain = [(format!("10DC02000C{first}"), "9000"), (format!("00DC020008{rest}"), "9000")];
        // After the chain a record that is whole shows what it may.
        let whole = (format!("00DC020014{record}"), "9000");
        let wrapped = [
            (format!("0CDC0200168114{record}"), "9000".to_string()),
            ("0CB2080400".into(), format!("8114{record}9000")),
            ("0CB2080400".into(), "6116".into()),
            ("00C0000016".into(), format!("8114{record}9000")),
        ];
        let all: Vec<(&str, &str)> = chain
            .iter()
            .chain([&whole])
            .map(|(command, answer)| (command.as_str(), *answer))
            .chain(wrapped.iter().map(|(command, answer)| (command.as_str(), answer.as_str())))
            .collect();
        let shown = shown(&all);
        assert_eq!(shown[2].0, format!("0812414243{}5152", "**".repeat(13)));
        for at in [0, 1, 3, 4, 5, 6] {
            let both = format!("{}{}", shown[at].0, shown[at].1);
            assert!(both.bytes().all(|byte| byte == b'*'), "{at}: {both}");
        }
    }

    #[test]
    fn of_what_is_no_apdu_only_the_head_is_shown() {
        let mut listener = Listener::default();
        // Lc says one byte more than there is.
        let heard = listener.exchanged(&[0, 0x20, 0, 0, 4, 0x12, 0x34, 0x56], &[0x67, 0]);
        match heard {
            Some(Heard::Rubbish { head, len: 8, sw: StatusWord(0x6700) }) => assert_eq!(head, "00200000"),
            other => panic!("{other:?}"),
        }
        assert!(listener.exchanged(&[0, 0x84, 0, 0, 8], &[0x90]).is_none());
    }

    #[test]
    fn what_an_envelope_brings_is_hidden_also_when_it_is_fetched_and_a_reset_ends_what_was_begun() {
        let heard = shown(&[("00C200000400840000", "6102"), ("00C0000002", "AABB9000")]);
        assert_eq!(heard[1].1, "****");
        let mut listener = Listener::default();
        listener.exchanged(&[0, 0xC2, 0, 0, 1, 0], &[0x61, 2]);
        listener.reset();
        match listener.exchanged(&[0, 0xC0, 0, 0, 2], &[0xAA, 0xBB, 0x90, 0]) {
            Some(Heard::Apdu(apdu)) => assert_eq!(apdu.response, "AABB"),
            other => panic!("{other:?}"),
        }
    }
}
