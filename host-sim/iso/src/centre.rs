//! The card centre as a decider, and as who refuses.

use qiyong_centre::{Centre, CentreError};
use qiyong_protocol::rules::reason::Reason;

use crate::decider::{Decider, Refuse, Refused};

impl Decider for Centre {
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        match self.handle_batch(batch) {
            Ok(answers) => answers.into_iter().map(answered).collect(),
            Err(error) => {
                tracing::error!(%error, messages = batch.len(), "the centre could not act on messages");
                Vec::new()
            }
        }
    }
}

impl Refuse for Centre {
    fn refuse(&mut self, message: &[u8], _: Refused) -> Option<Vec<u8>> {
        answered(self.refuse_bytes(message, Reason::CentreBusy))
    }
}

fn answered(answer: Result<Option<Vec<u8>>, CentreError>) -> Option<Vec<u8>> {
    answer.unwrap_or_else(|error| {
        tracing::error!(%error, "the centre could not act on a message");
        None
    })
}
