//! What a card in any source can do: it takes power and APDUs.

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// A card in its place. Dropping it takes its power.
pub(crate) trait Card: Send {
    /// Powers the card; returns its ATR, TS first.
    fn power(&mut self) -> Result<Vec<u8>, Failure>;

    /// Exchanges a short APDU; returns the data of the answer, which may be secret, and the status word.
    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure>;
}
