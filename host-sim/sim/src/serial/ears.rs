//! Who watches a line and knows a terminal's master key reads its messages, too: the working keys come over the line.
//!
//! Not here: what the messages mean, and what becomes of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::{Mac, MacKey, X919};
use qiyong_protocol::centre::message::{
    MESSAGE_MAX, MessageError, Parts, Sent, read_answer, read_request, write_request,
};
use qiyong_protocol::centre::{Answer, Request, Stan};
use zeroize::Zeroizing;

/// How many working keys are remembered: those of terminals that share a line, and of sessions that overlap.
const KEYS: usize = 16;

/// How many codes are remembered: those of a message and its answer, by two keys each.
const CODES: usize = 4;

/// The working keys that were heard, the newest first.
#[derive(Debug, Default)]
pub struct Ears {
    working: VecDeque<X919>,
    codes: Codes,
}

/// The codes of what was heard last. Who reads a message and then its answer would make the same one four times.
#[derive(Debug, Default)]
struct Codes(RefCell<VecDeque<Code>>);

/// The code of some bytes by a key.
#[derive(Debug)]
struct Code {
    key: X919,
    /// A message may hold the number of a holder's document.
    bytes: Zeroizing<Vec<u8>>,
    mac: Mac,
}

/// A key, and the codes that were made before.
struct Heard<'e> {
    key: &'e X919,
    codes: &'e Codes,
}

impl fmt::Debug for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.key, f)
    }
}

impl MacKey for Heard<'_> {
    fn mac_after(&self, before: &[u8], authenticated: &[u8]) -> Mac {
        let mut codes = self.codes.0.borrow_mut();
        let is_it = |code: &&Code| {
            code.key.expose() == self.key.expose()
                && code.bytes.strip_prefix(before).is_some_and(|rest| rest == authenticated)
        };
        if let Some(code) = codes.iter().find(is_it) {
            return code.mac;
        }
        let mac = self.key.mac_after(before, authenticated);
        codes.truncate(CODES - 1);
        codes.push_front(Code { key: self.key.clone(), bytes: Zeroizing::new([before, authenticated].concat()), mac });
        mac
    }
}

impl Ears {
    /// The key of a message of a terminal that has this master key; the master key itself if it is none that was heard.
    pub fn key_of(&self, message: &Message<'_>, master: &X919) -> X919 {
        let is_right = |key: &&X919| message.is_authentic(&self.heard(key));
        self.working.iter().find(is_right).unwrap_or(master).clone()
    }

    const fn heard<'e>(&'e self, key: &'e X919) -> Heard<'e> {
        Heard { key, codes: &self.codes }
    }

    /// What a message asks.
    ///
    /// # Errors
    /// It is none, or under a key that is not known here.
    pub fn request<'a>(
        &self,
        bytes: &'a [u8],
        master: &X919,
        parts: &'a mut Parts,
    ) -> Result<Request<'a>, MessageError> {
        let message = Message::read(bytes)?;
        read_request(&message, &self.heard(&self.key_of(&message, master)), parts)
    }

    /// What the answer to a message says. The key that it brings is remembered.
    ///
    /// # Errors
    /// It is not the answer to this message.
    pub fn answer(
        &mut self,
        answer: &[u8],
        message: &[u8],
        request: &Request<'_>,
        master: &X919,
    ) -> Result<Answer, MessageError> {
        let read = Message::read(message)?;
        let key = self.key_of(&read, master);
        let sent = sent(&read, request, &self.heard(&key))?;
        let said = match read_answer(answer, &sent, &self.heard(&key)) {
            // A rejection may be under the master key.
            Err(MessageError::Mac) => read_answer(answer, &sent, &self.heard(master)),
            said => said,
        };
        if let Ok(Answer::SignedIn { session, .. }) = &said
            && let Some(key) = session.key.open(master)
        {
            self.working.push_front(key);
            self.working.truncate(KEYS);
        }
        said
    }
}

/// The terminal's own note of what it has sent, made once more.
fn sent(message: &Message<'_>, request: &Request<'_>, key: &dyn MacKey) -> Result<Sent, MessageError> {
    let missing = MessageError::Missing { field: 11 };
    let number = message.field(11).and_then(|value| value.digit_array::<6>()).ok_or(missing)?;
    let stan = Stan(number.iter().fold(0, |number, digit| number * 10 + u32::from(*digit)));
    let mut buffer = Zeroizing::new([0; MESSAGE_MAX]);
    Ok(write_request(request, stan, key, &mut *buffer)?.0)
}
