//! Where cards come from: the choice among the sources, for each interface. What all of them can do is `apdu`'s.

#[cfg(feature = "card-file")]
mod file;
#[cfg(feature = "pcsc")]
mod reader;

use crate::apdu::Card;
use crate::code::Code;
use crate::failure::Failure;
use crate::interface::Interface;
use crate::settings::{Settings, Source};

/// The card of the source that is set for the interfaces that the caller allows.
///
/// # Errors
/// There is no card; somebody else has it; or the source does not work, or is not built in.
pub(crate) fn open(settings: &Settings) -> Result<Box<dyn Card>, Failure> {
    settings.interfaces.find(|interface| open_one(settings, interface))
}

fn open_one(settings: &Settings, interface: Interface) -> Result<Box<dyn Card>, Failure> {
    let source = match (interface, &settings.contactless, &settings.source) {
        (Interface::Contacts, _, source) | (Interface::Contactless, Some(source), _) => source,
        // A card file has all sides of its card.
        (Interface::Contactless, None, source @ Source::File(_)) => source,
        (Interface::Contactless, None, _) => {
            return Err(Code::NotSupported.with("未设置非接触式读卡器(contactless)"));
        }
    };
    match source {
        #[cfg(feature = "card-file")]
        Source::File(path) => Ok(Box::new(file::FileCard::open(path, interface)?)),
        #[cfg(feature = "pcsc")]
        Source::Reader(name) => {
            // The reader for the other interface is none for this one, though its name may fit.
            let not = match (interface, &settings.contactless) {
                (Interface::Contacts, Some(Source::Reader(other))) if other != name => Some(other.as_str()),
                _ => None,
            };
            Ok(Box::new(reader::open(name, not, settings.busy)?))
        }
        #[cfg(not(feature = "card-file"))]
        Source::File(_) => Err(Code::NotSupported.with("本库未含卡文件功能")),
        #[cfg(not(feature = "pcsc"))]
        Source::Reader(_) => Err(Code::NotSupported.with("本库未含PC/SC功能")),
        // Over the line to its till a terminal passes no commands to the card.
        Source::Terminal(_) => Err(Code::NotSupported.with("终端串口不能读卡,请将终端设为读卡器(source = reader)")),
    }
}

/// The PSAM that is set.
///
/// # Errors
/// None is set, or it is not there: [`Code::NoPsam`]; or its place does not work.
pub(crate) fn open_psam(settings: &Settings) -> Result<Box<dyn Card>, Failure> {
    let opened: Result<Box<dyn Card>, Failure> = match &settings.psam {
        None | Some(Source::Terminal(_)) => return Err(Code::NoPsam.into()),
        #[cfg(feature = "card-file")]
        Some(Source::File(path)) => file::PsamFile::open(path).map(|psam| Box::new(psam) as Box<dyn Card>),
        #[cfg(feature = "pcsc")]
        Some(Source::Reader(name)) => {
            reader::open(name, None, settings.busy).map(|card| Box::new(card) as Box<dyn Card>)
        }
        #[cfg(not(feature = "card-file"))]
        Some(Source::File(_)) => Err(Code::NotSupported.with("本库未含卡文件功能")),
        #[cfg(not(feature = "pcsc"))]
        Some(Source::Reader(_)) => Err(Code::NotSupported.with("本库未含PC/SC功能")),
    };
    opened.map_err(|failure| if failure.code == Code::NoCard { Code::NoPsam.into() } else { failure })
}
