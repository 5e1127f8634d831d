//! The card centre as a terminal's end of the line sees it: bytes go there, bytes come back.
//!
//! This file does not know which centre it is, nor what the centre keeps.

use std::error::Error;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Answer, Request};

/// Why a centre could do nothing, in its own words. A refusal by a rule is an answer, not a failure.
pub type CentreFailure = Box<dyn Error + Send + Sync>;

/// A centre at the other end of the line.
pub trait CentreEnd {
    /// Acts on one message in the form of `qiyong_protocol::centre::message`, as it came. `None`: nothing is sent back.
    ///
    /// # Errors
    /// The centre failed and did nothing. A run with such a failure proves nothing.
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure>;

    /// While it acts on the next message it is killed, before this statement of its database, from 0, and starts again; at the latest
    /// when it has done everything, and its answer has not gone out. A centre that cannot be killed goes on.
    fn dies_at(&mut self, statement: u32) {
        let _ = statement;
    }

    /// What whoever watches the line has read: a message that has just come here, and the answer, whether it arrives or not. `None`:
    /// none that can be read. The centre itself learns nothing of it.
    fn overheard(&mut self, request: &Request<'_>, answer: Option<&Answer>) {
        let _ = (request, answer);
    }

    /// The time in the world, to the second: a centre of the world alone goes by it, and one that is shared with others keeps
    /// its own.
    fn set_time(&mut self, now: Timestamp);

    /// The key of F64 that it shares with its terminals.
    fn key(&self) -> X919;
}
