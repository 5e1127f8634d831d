//! What a card in any source can do: it takes power and APDUs.

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;

/// What a holder keys on a reader's own pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnPad {
    /// The PIN.
    Verify,
    /// The PIN and, twice, a new one.
    Change,
}

/// A card in its place. Dropping it takes its power.
pub(crate) trait Card: Send {
    /// Powers the card; returns its ATR, TS first.
    fn power(&mut self) -> Result<Vec<u8>, Failure>;

    /// Exchanges a short APDU; returns the data of the answer, which may be secret, and the status word.
    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure>;

    /// Has the holder key on the pad of the card's own place, for at most so many seconds; returns the card's answer.
    fn key_on_pad(&mut self, _what: OnPad, _seconds: u8) -> Result<StatusWord, Failure> {
        Err(Code::NotSupported.with("没有密码键盘"))
    }
}
