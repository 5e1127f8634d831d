//! The card centre as a terminal's end of the line sees it: bytes go there, bytes come back.
//!
//! This file does not know which centre it is, nor what the centre keeps.

use std::error::Error;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;

/// Why a centre could do nothing, in its own words. A refusal by a rule is an answer, not a failure.
pub type CentreFailure = Box<dyn Error + Send + Sync>;

/// A centre at the other end of the line.
pub trait CentreEnd {
    /// Acts on one message in the form of `qiyong_protocol::centre::message`, as it came. `None`: nothing is sent back.
    ///
    /// # Errors
    /// The centre failed and did nothing. A run with such a failure proves nothing.
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure>;

    /// The time in the world, to the second: a centre of the world alone goes by it, and one that is shared with others keeps
    /// its own.
    fn set_time(&mut self, now: Timestamp);

    /// The key of F64 that it shares with its terminals.
    fn key(&self) -> X919;
}
