//! A terminal's end of a line to a centre in the same process: requests go over as bytes, and answers come back as bytes.
//!
//! Whether a message arrives, and how long that takes, is the business of whoever owns the line.

use thiserror::Error;

use qiyong_protocol::centre::message::{MESSAGE_MAX, MessageError, read_answer, write_request};
use qiyong_protocol::centre::{Answer, Request, Stan};

use crate::centre::{Centre, CentreError, test_mac_key};

/// Why a request got no answer, or none that can be used.
#[derive(Debug, Error)]
pub(crate) enum ExchangeError {
    /// The centre failed.
    #[error(transparent)]
    Centre(#[from] CentreError),
    /// The request cannot be written, or the answer not be read.
    #[error("the message to the centre: {0}")]
    Message(#[from] MessageError),
    /// The centre sent nothing back.
    #[error("the centre dropped the message, since it could not read it")]
    Dropped,
}

/// Turns requests into bytes and bytes into answers.
#[derive(Debug)]
pub(crate) struct CentreLine {
    /// For the messages without a transaction number.
    next: Stan,
}

impl CentreLine {
    pub(crate) const fn new() -> Self {
        Self { next: Stan(1) }
    }

    /// Has `centre` answer `request`.
    pub(crate) fn exchange(&mut self, centre: &mut Centre, request: &Request<'_>) -> Result<Answer, ExchangeError> {
        let number = self.next;
        self.next = number.next();
        let key = test_mac_key();
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = write_request(request, number, &key, &mut buffer)?;
        let answer = centre.handle_bytes(bytes)?.ok_or(ExchangeError::Dropped)?;
        Ok(read_answer(&answer, &sent, &key)?)
    }
}
