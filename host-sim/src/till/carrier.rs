//! The way from the terminal to the centre: each message goes there, and its answer back. The till has no key: what it shows of a
//! message is what anybody on the line sees, unproved.

use qiyong_centre::Phase;
use qiyong_protocol::centre::iso8583::{Message, Mti};
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::serial::till::from_centre;
use qiyong_sim::world::centre::CentreEnd;

use super::note::Word;
use crate::output;
use crate::reach::Reached;

/// F39 of an answer by which the centre does what was asked.
const DONE: &[u8] = b"00";

/// F39 by which the centre says that a message's MAC is wrong, and what that means here. The terminal believes no such answer.
const WRONG_MAC: &[u8] = b"A0";
const WRONG_KEY: &str =
    "A0: the centre has another key for this terminal: look at --key, and at `qiyong centre terminal register`";

/// What a message is about.
struct About {
    words: String,
    /// Of a transaction: its number, and what a good answer means for it.
    transaction: Option<(u32, Word)>,
}

/// The way there.
pub(super) struct Carrier {
    centre: Reached,
    json: bool,
}

/// What an exchange has brought.
pub(super) struct Carried {
    /// The frame for the terminal. Without an answer it is an empty one, which the terminal passes over: whoever watches the line
    /// knows by it that nothing else comes.
    pub(super) frame: Vec<u8>,
    /// What is known now of this transaction.
    pub(super) known: Option<(u32, Word)>,
}

impl Carrier {
    pub(super) const fn new(centre: Reached, json: bool) -> Self {
        Self { centre, json }
    }

    /// The centre's time, or the system's if one cannot look there.
    pub(super) fn now(&self) -> jiff::civil::DateTime {
        self.centre.now()
    }

    /// What a message says, for the note: a transaction that goes out may have arrived.
    pub(super) fn sends(message: &[u8]) -> Option<u32> {
        about(message).transaction.filter(|(_, word)| *word == Word::Sent).map(|(stan, _)| stan)
    }

    /// Brings a message to the centre.
    pub(super) fn carry(&mut self, message: &[u8]) -> Carried {
        let About { words, transaction } = about(message);
        let answer = self.centre.answer(message);
        let (said, answer) = match answer {
            Ok(Some(answer)) => {
                let code = code(&answer);
                let words = match code.as_slice() {
                    DONE => "done".into(),
                    WRONG_MAC => WRONG_KEY.into(),
                    other => String::from_utf8_lossy(other).into_owned(),
                };
                (format!("← {words}"), Some(answer))
            }
            Ok(None) => ("(no answer)".into(), None),
            Err(failure) => (format!("(no answer: {failure})"), None),
        };
        output::tell(&format!("centre   → {words:<32} {said}"), self.json);
        let is_done = answer.as_ref().map(|answer| code(answer) == DONE);
        let known = transaction.and_then(|(stan, word)| match (word, is_done) {
            (word, Some(true)) => Some((stan, word)),
            (Word::Sent, Some(false)) => Some((stan, Word::Refused)),
            _ => None,
        });
        Carried { frame: from_centre(answer.as_deref().unwrap_or_default()), known }
    }

    /// What the centre's journal says became of a transaction, if one can look there.
    pub(super) fn looked_up(&self, place: (InstitutionCode, TerminalId), stan: Stan) -> Option<Word> {
        let (institution, terminal) = place;
        match self.centre.phase(institution, terminal, stan)? {
            Phase::Pending => Some(Word::Sent),
            Phase::Posted => Some(Word::Confirmed),
            Phase::Voided | Phase::Expired => Some(Word::Reversed),
        }
    }
}

/// F39 of an answer.
fn code(answer: &[u8]) -> Vec<u8> {
    let field = Message::read(answer).ok().and_then(|message| message.field(39).map(|value| value.bytes.to_vec()));
    field.unwrap_or_else(|| b"?".to_vec())
}

/// What a message is about (`qiyong_protocol::centre::message`).
fn about(message: &[u8]) -> About {
    let Ok(read) = Message::read(message) else {
        return About { words: "(a message that cannot be read)".into(), transaction: None };
    };
    let digits = read.field(11).and_then(|value| value.digit_array::<6>()).unwrap_or_default();
    let stan = digits.iter().fold(0, |number, digit| 10 * number + u32::from(*digit));
    let asks_only = read.field(3).and_then(|value| value.digit_array::<6>()) == Some([3, 1, 0, 0, 0, 0]);
    let (words, word) = match read.mti() {
        Mti(0x0800) if read.field(55).is_some() => ("is the card genuine?".into(), None),
        Mti(0x0800) => ("may I work under this name?".into(), None),
        Mti(0x0200) if asks_only => ("how does the card stand?".into(), None),
        Mti(0x0200) => (format!("transaction {stan:06}"), Some(Word::Sent)),
        Mti(0x0400) => (format!("reverse transaction {stan:06}"), Some(Word::Reversed)),
        Mti(0x0220) => (format!("transaction {stan:06} is done"), Some(Word::Confirmed)),
        Mti(0x0620) => ("for the record".into(), None),
        Mti(0x0820) => ("sign-off, or are you there?".into(), None),
        Mti(0x0500 | 0x0320) => ("settle the batch".into(), None),
        other => (format!("a message {other}"), None),
    };
    About { words, transaction: word.map(|word| (stan, word)) }
}
