//! A terminal's end of a line to a centre in the same process: requests go over as bytes, and answers come back as bytes.
//!
//! Whether a message arrives, and how long that takes, is the business of whoever owns the line.

use thiserror::Error;

use qiyong_protocol::centre::message::{MESSAGE_MAX, MessageError, read_answer, write_request};
use qiyong_protocol::centre::{Answer, LinkError, Request, Stan};

use crate::centre::{Centre, CentreError, test_mac_key};

/// Why a request got no answer, or none that can be used.
#[derive(Debug, Error)]
pub(crate) enum ExchangeError {
    /// The centre failed.
    #[error(transparent)]
    Centre(#[from] CentreError),
    /// The request cannot be written: the centre has seen nothing of it.
    #[error("the message to the centre: {0}")]
    Unwritable(MessageError),
    /// The answer cannot be read, or says that the centre could not act on the request.
    #[error("the message to the centre: {0}")]
    Answer(MessageError),
    /// The centre sent nothing back.
    #[error("the centre dropped the message, since it could not read it")]
    Dropped,
}

impl ExchangeError {
    /// What it is to the terminal.
    pub(crate) const fn link_error(&self) -> LinkError {
        match self {
            Self::Unwritable(error) => LinkError::Unwritable { field: error.field() },
            Self::Answer(MessageError::Rejected(code)) => LinkError::Rejected(*code),
            Self::Centre(_) | Self::Answer(_) => LinkError::Failed,
            Self::Dropped => LinkError::NoAnswer,
        }
    }
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
        let (sent, bytes) = write_request(request, number, &key, &mut buffer).map_err(ExchangeError::Unwritable)?;
        let answer = centre.handle_bytes(bytes)?.ok_or(ExchangeError::Dropped)?;
        read_answer(&answer, &sent, &key).map_err(ExchangeError::Answer)
    }
}
