//! Where cards come from: one trait over the sources, and the choice among them. What is asked of a card is not here.

#[cfg(feature = "card-file")]
mod file;
#[cfg(feature = "pcsc")]
mod reader;

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;
use crate::settings::{Settings, Source};

/// A card in its place. Dropping it takes its power.
pub(crate) trait Card: Send {
    /// Powers the card; returns its ATR, TS first.
    fn power(&mut self) -> Result<Vec<u8>, Failure>;

    /// Exchanges a short APDU; returns the data of the answer, which may be secret, and the status word.
    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure>;
}

/// The card of the source that is set.
///
/// # Errors
/// There is no card; somebody else has it; or the source does not work, or is not built in.
pub(crate) fn open(settings: &Settings) -> Result<Box<dyn Card>, Failure> {
    match &settings.source {
        #[cfg(feature = "card-file")]
        Source::File(path) => Ok(Box::new(file::FileCard::open(path)?)),
        #[cfg(feature = "pcsc")]
        Source::Reader(name) => Ok(Box::new(reader::open(name)?)),
        #[cfg(not(feature = "card-file"))]
        Source::File(_) => Err(Code::NotSupported.with("本库未含卡文件功能")),
        #[cfg(not(feature = "pcsc"))]
        Source::Reader(_) => Err(Code::NotSupported.with("本库未含PC/SC功能")),
        Source::Terminal(_) => Err(Code::NotSupported.with("尚不能通过终端串口读卡")),
    }
}
