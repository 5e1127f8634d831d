//! A terminal's keys: which message goes out under which, and under which its answer is believed (docs/card.md §5.3).

use super::answer::read_answer;
use super::error::MessageError;
use super::request::{Sent, write_request};
use super::response;
use crate::centre::iso8583::mac::X919;
use crate::centre::{Answer, Request, Stan};

/// The master key of a terminal, and the working key of its session once it has signed in.
#[derive(Clone, Debug)]
pub struct Keys {
    master: X919,
    working: Option<X919>,
}

impl Keys {
    /// Those of a terminal with this master key that has not signed in.
    pub const fn new(master: X919) -> Self {
        Self { master, working: None }
    }

    /// The master key.
    pub const fn master(&self) -> &X919 {
        &self.master
    }

    /// The session is over: the next message is a sign-in.
    pub fn end_session(&mut self) {
        self.working = None;
    }

    /// The working key, if the terminal has signed in.
    pub const fn working(&self) -> Option<&X919> {
        self.working.as_ref()
    }

    /// Writes a request as [`write_request`] does, under the key that it belongs under
    /// ([`Body::is_under_master_key`](crate::centre::Body::is_under_master_key)).
    ///
    /// # Errors
    /// Those of [`write_request`], and [`MessageError::NotSignedIn`].
    pub fn write<'b>(
        &self,
        request: &Request<'_>,
        number: Stan,
        buffer: &'b mut [u8],
    ) -> Result<(Sent, &'b [u8]), MessageError> {
        let key = if request.body.is_under_master_key() { Some(&self.master) } else { self.working.as_ref() };
        write_request(request, number, key.ok_or(MessageError::NotSignedIn)?, buffer)
    }

    /// Reads the answer to what was sent, as [`read_answer`] does. The answer to a sign-in brings the working key, that to a
    /// sign-off takes it away. A message
    /// that the centre rejects since it does not know its key ends the session: such a rejection may be under the master key.
    ///
    /// # Errors
    /// Those of [`read_answer`], and [`MessageError::WorkingKey`]: then there is no session.
    pub fn read(&mut self, bytes: &[u8], sent: &Sent) -> Result<Answer, MessageError> {
        let under_master = sent.is_under_master_key();
        let answer = match &self.working {
            Some(working) if !under_master => read_answer(bytes, sent, working),
            _ => Err(MessageError::Mac),
        };
        let answer = match answer {
            Err(MessageError::Mac) => match read_answer(bytes, sent, &self.master) {
                Ok(_) if !under_master => Err(MessageError::Mac),
                other => other,
            },
            other => other,
        };
        match &answer {
            Ok(Answer::SignedIn { session, .. }) => {
                self.working = session.key.open(&self.master);
                self.working.as_ref().ok_or(MessageError::WorkingKey)?;
            }
            Ok(Answer::Done) if sent.ends_session() => self.working = None,
            Err(MessageError::Rejected(response::MAC)) => self.working = None,
            _ => {}
        }
        answer
    }
}
