//! The image's ELF, as a debugger reads it: the addresses of its log, its screen and its words.

use std::path::Path;
use std::{fs, io};

use defmt_decoder::Table;
use object::elf::ELFMAG;
use object::{Object, ObjectSymbol};
use serde::Serialize;
use thiserror::Error;

use super::{DebugProbe, published};

/// How many bytes a field of the screen has; see the board's `SCREEN`.
const FIELD: usize = 48;

/// The file is no image of ours.
#[derive(Debug, Error)]
#[error("{path} {fault}: build the image with `cargo xtask firmware`")]
pub struct ImageError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub fault: ImageFault,
}

/// What is wrong with a file that should be an image.
#[derive(Debug, Error)]
pub enum ImageFault {
    /// The system does not give it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It does not begin as ELF files do.
    #[error("is no ELF file")]
    NoElf,
    /// It begins as one and does not go on as one.
    #[error("is cut off or damaged: {0}")]
    Damaged(object::Error),
    /// It is for other processors.
    #[error("is not for ARM")]
    NotArm,
    /// It lacks a symbol that each image has.
    #[error("has no symbol {0}")]
    NoSymbol(&'static str),
    /// The words of its log cannot be read.
    #[error("its log cannot be decoded: {cause}")]
    LogUnreadable {
        /// What defmt's decoder says.
        cause: String,
    },
    /// It has no log.
    #[error("has no defmt log")]
    NoLog,
    /// It is an ELF file of 64 bits.
    #[error("is no 32-bit ELF file: {0}")]
    NotElf32(object::Error),
    /// It is no executable, or one for a big-endian core.
    #[error("is not linked for a little-endian core")]
    NotLinked,
    /// A part that is to be loaded lies behind the end of the file.
    #[error("is cut off: segment {number} is not all there")]
    SegmentCutOff {
        /// Its number among the ELF's program headers, from 0.
        number: usize,
    },
}

impl ImageFault {
    /// The fault as one of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> ImageError {
        ImageError { path: path.display().to_string(), fault: self }
    }
}

/// What the ELF tells.
pub struct Image {
    /// The words of the log.
    pub table: Table,
    /// Where its vector table lies, at the beginning of the flash.
    pub vectors: u64,
    /// The address of RTT's control block.
    pub rtt: u64,
    /// The address of the screen's words.
    pub screen: u64,
    /// The address of the screen's picture.
    pub frame: u64,
    /// The stack's lowest address, and the one above its highest.
    pub stack: (u64, u64),
    /// Where it shows a probe how it is, and takes the time from one.
    pub live: Live,
    /// What outlives a power cut in the emulator: its address and its number of bytes. `None`: the image keeps nothing.
    pub storage: Option<(u64, usize)>,
    /// The same on the chip, in its flash.
    #[cfg(feature = "probe")]
    pub flash_storage: Option<(u64, usize)>,
}

/// Addresses in a running image.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    /// Three words: whether the probe tells the time, and the time in cycles, lower half first.
    pub told: u64,
    /// Seven words that say how the image is; see the board's `Live`.
    pub words: u64,
}

/// What every image's ELF tells: of its log, and of its stack.
pub(crate) struct PlainImage {
    /// The words of the log.
    pub(crate) table: Table,
    /// The address of RTT's control block.
    pub(crate) rtt: u64,
    /// The stack's lowest address, and the one above its highest.
    pub(crate) stack: (u64, u64),
}

impl PlainImage {
    /// # Errors
    /// The file is no image of ours: the error says what is missing.
    pub(crate) fn read(path: &Path) -> Result<Self, ImageError> {
        let bytes = contents(path)?;
        let wrong = |fault: ImageFault| fault.of(path);
        if !bytes.starts_with(&ELFMAG) {
            return Err(wrong(ImageFault::NoElf));
        }
        let elf = object::File::parse(bytes.as_slice()).map_err(|error| wrong(ImageFault::Damaged(error)))?;
        let symbol = |name: &'static str| {
            let found = elf.symbols().find(|symbol| symbol.name() == Ok(name));
            found.map(|symbol| symbol.address()).ok_or_else(|| wrong(ImageFault::NoSymbol(name)))
        };
        let table =
            Table::parse(&bytes).map_err(|error| wrong(ImageFault::LogUnreadable { cause: error.to_string() }))?;
        Ok(Self {
            table: table.ok_or_else(|| wrong(ImageFault::NoLog))?,
            rtt: symbol("_SEGGER_RTT")?,
            stack: (symbol("_stack_end")?, symbol("_stack_start")?),
        })
    }
}

impl Image {
    /// # Errors
    /// The file is no image of ours: the error says what is missing.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        Self::parse(path, &contents(path)?)
    }

    /// The same, from the contents of the file.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ImageError> {
        let wrong = |fault: ImageFault| fault.of(path);
        if !bytes.starts_with(&ELFMAG) {
            return Err(wrong(ImageFault::NoElf));
        }
        let elf = object::File::parse(bytes).map_err(|error| wrong(ImageFault::Damaged(error)))?;
        if elf.architecture() != object::Architecture::Arm {
            return Err(wrong(ImageFault::NotArm));
        }
        let symbol = |name: &'static str| {
            let found = elf.symbols().find(|symbol| symbol.name() == Ok(name));
            found.map(|symbol| symbol.address()).ok_or_else(|| wrong(ImageFault::NoSymbol(name)))
        };
        let table =
            Table::parse(bytes).map_err(|error| wrong(ImageFault::LogUnreadable { cause: error.to_string() }))?;
        let table = table.ok_or_else(|| wrong(ImageFault::NoLog))?;
        let stack = (symbol("_stack_end")?, symbol("_stack_start")?);
        let [rtt, screen, frame] = [symbol("_SEGGER_RTT")?, symbol("QIYONG_SCREEN")?, symbol("QIYONG_FRAME")?];
        let live = Live { told: symbol("QIYONG_TOLD")?, words: symbol("QIYONG_LIVE")? };
        let region = |name: &'static str| match (symbol(name), symbol("QIYONG_STORAGE_LENGTH")) {
            (Ok(at), Ok(length)) => usize::try_from(length).ok().map(|length| (at, length)),
            _ => None,
        };
        let storage = region("QIYONG_STORAGE_RAM");
        Ok(Self {
            table,
            vectors: symbol("__vector_table")?,
            rtt,
            screen,
            frame,
            stack,
            live,
            storage,
            #[cfg(feature = "probe")]
            flash_storage: region("QIYONG_STORAGE_FLASH"),
        })
    }
}

/// The contents of the file.
///
/// # Errors
/// The file cannot be read.
pub fn contents(path: &Path) -> Result<Vec<u8>, ImageError> {
    fs::read(path).map_err(|error| ImageFault::Unreadable(error).of(path))
}

/// What the screen shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScreenText {
    /// English.
    pub english: String,
    /// Chinese.
    pub chinese: String,
    /// An amount, or tries left.
    pub detail: String,
}

/// How many bytes the screen's words have.
const SCREEN_LEN: usize = 3 * FIELD;

/// What the screen at `at` shows; `None` while it is being written, and before it is first written.
pub fn screen<P: DebugProbe>(probe: &mut P, at: u64) -> Result<Option<ScreenText>, P::Error> {
    Ok(published(probe, at, SCREEN_LEN)?.and_then(|bytes| ScreenText::from_bytes(&bytes)))
}

impl ScreenText {
    /// Chinese, English and detail in one row.
    pub fn in_one_line(&self) -> String {
        format!("{} {} {}", self.chinese, self.english, self.detail).trim().to_string()
    }

    /// From the bytes; `None` before the screen is first written.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, fields) = bytes.split_first()?;
        if *number == 0 && fields.iter().all(|byte| *byte == 0) {
            return None;
        }
        let mut texts = fields.chunks(FIELD).map(|field| {
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).into_owned()
        });
        Some(Self { english: texts.next()?, chinese: texts.next()?, detail: texts.next()? })
    }
}
