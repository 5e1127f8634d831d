//! The centre's end of a line: a terminal's message in bytes, and the answer in bytes.
//!
//! | What comes | What goes back |
//! |---|---|
//! | a request with the right MAC | its answer |
//! | a message with no or a wrong MAC | F39 A0; nothing else is done |
//! | a message with the right MAC that is not one complete request | F39 30; nothing else is done |
//! | bytes that are no message, or an answer | nothing: there is nobody to answer |
//!
//! A rejected message is not recorded in the journal, since anyone on the line could fill the journal with such
//! messages. A terminal takes a rejection for no answer, and reverses if the message was a transaction: so nothing is
//! lost if the message was damaged on its way.

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{
    MESSAGE_MAX, MessageError, Parts, read_request, response, write_answer, write_rejection,
};

use crate::{Centre, CentreError};

/// The key of F64 in all test set-ups. In a product, each session gets a key by sign-in.
const TEST_MAC_KEY: [u8; 16] = *b"QIYONG TEST MAC.";

/// The key and rule of F64 between test terminals and a centre.
pub const fn test_mac_key() -> X919 {
    X919::new(TEST_MAC_KEY)
}

impl Centre {
    /// Acts on one message in bytes; `None`: nothing is sent back.
    ///
    /// # Errors
    /// Those of [`Centre::handle`]. Also if an answer cannot be written, which does not happen to a centre within its
    /// bounds.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, CentreError> {
        let Ok(message) = Message::read(bytes) else { return Ok(None) };
        if message.mti().answer() == message.mti() {
            return Ok(None);
        }
        let key = test_mac_key();
        let mut buffer = [0; MESSAGE_MAX];
        let mut parts = Parts::default();
        let answer = match read_request(&message, &key, &mut parts) {
            Ok(request) => write_answer(&self.handle(&request)?, &message, &key, &mut buffer),
            Err(MessageError::Mac) => write_rejection(response::MAC, &message, &key, &mut buffer),
            Err(_) => write_rejection(response::FORMAT, &message, &key, &mut buffer),
        };
        answer.map(|bytes| Some(bytes.to_vec())).map_err(CentreError::Answer)
    }
}
