//! The card centre as it looks from a terminal's end of the line: bytes go there, bytes come back.
//!
//! Which centre that is, and what it keeps, is not known here.

use std::error::Error;

use qiyong_protocol::centre::iso8583::mac::X919;

/// Why a centre could do nothing, in its own words. A rule that says no is an answer, not a failure.
pub type CentreFailure = Box<dyn Error + Send + Sync>;

/// A centre at the other end of the line.
pub trait CentreEnd {
    /// Acts on one message, as it came, in the form of `qiyong_protocol::centre::message`; `None`: nothing is sent back.
    ///
    /// # Errors
    /// When the centre failed: nothing was done, and a run in which that happens proves nothing.
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure>;

    /// The key of F64 that it shares with its terminals.
    fn key(&self) -> X919;
}
