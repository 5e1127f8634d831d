//! Where cards come from: the choice among the sources. What all of them can do is `apdu`'s.

#[cfg(feature = "card-file")]
mod file;
#[cfg(feature = "pcsc")]
mod reader;

use crate::apdu::Card;
use crate::code::Code;
use crate::failure::Failure;
use crate::settings::{Settings, Source};

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
