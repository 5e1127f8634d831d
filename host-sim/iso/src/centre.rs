//! The card centre as a decider, and as who refuses.

use qiyong_centre::{Centre, test_mac_key};
use qiyong_protocol::centre::Answer;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::{MESSAGE_MAX, write_answer};
use qiyong_protocol::rules::reason::Reason;

use crate::decider::{Decider, Refuse, Refused};

/// What a terminal is told that the centre has no time for.
const BUSY: Reason = Reason::NoAnswer;

impl Decider for Centre {
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        let answer = |message: &Vec<u8>| match self.handle_bytes(message) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "the centre could not act on a message");
                None
            }
        };
        batch.iter().map(answer).collect()
    }
}

impl Refuse for Centre {
    fn refuse(&mut self, message: &[u8], _: Refused) -> Option<Vec<u8>> {
        let message = Message::read(message).ok()?;
        let mut buffer = [0; MESSAGE_MAX];
        let answer = write_answer(&Answer::Refused(BUSY), &message, &test_mac_key(), &mut buffer);
        answer.ok().map(<[u8]>::to_vec)
    }
}
