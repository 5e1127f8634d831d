//! Who watches a line and knows a terminal's master key reads its messages, too: the working keys come over the line.
//!
//! Not here: what the messages mean, and what becomes of them.

use std::collections::VecDeque;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{
    MESSAGE_MAX, MessageError, Parts, Sent, read_answer, read_request, write_request,
};
use qiyong_protocol::centre::{Answer, Request, Stan};
use zeroize::Zeroizing;

/// How many working keys are remembered: those of terminals that share a line, and of sessions that overlap.
const KEYS: usize = 16;

/// The working keys that were heard, the newest first.
#[derive(Debug, Default)]
pub struct Ears {
    working: VecDeque<X919>,
}

impl Ears {
    /// The key of a message of a terminal that has this master key; the master key itself if it is none that was heard.
    pub fn key_of(&self, message: &Message<'_>, master: &X919) -> X919 {
        self.working.iter().find(|key| message.is_authentic(*key)).unwrap_or(master).clone()
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
        read_request(&message, &self.key_of(&message, master), parts)
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
        let sent = sent(&read, request, &key)?;
        let said = match read_answer(answer, &sent, &key) {
            // A rejection may be under the master key.
            Err(MessageError::Mac) => read_answer(answer, &sent, master),
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
fn sent(message: &Message<'_>, request: &Request<'_>, key: &X919) -> Result<Sent, MessageError> {
    let missing = MessageError::Missing { field: 11 };
    let number = message.field(11).and_then(|value| value.digit_array::<6>()).ok_or(missing)?;
    let stan = Stan(number.iter().fold(0, |number, digit| number * 10 + u32::from(*digit)));
    let mut buffer = Zeroizing::new([0; MESSAGE_MAX]);
    Ok(write_request(request, stan, key, &mut *buffer)?.0)
}
