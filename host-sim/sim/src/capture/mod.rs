//! Captures, for other people's viewers. Of a played scenario: the card line as VCD, and as pcapng the card's ATRs and APDUs, the
//! frames between till and terminal, and the messages between terminal and centre. Of an emulated board: the pins of its slot as VCD
//! (`pins`). Of a real centre, a real terminal, or a card in the PC/SC server: messages, frames or APDUs as pcapng, while they come
//! (`live`).
//!
//! For examining a run, and for comparing it with what others record from real cards. Both files are made from the
//! events that a run writes down in any case, so capturing changes nothing in the run, and two runs give the same
//! bytes. A capture cannot be replayed as a visit, since secrets are missing: a PIN and the middle of an ID number are
//! `x` on the VCD's `IO` and `*` (2A) in the pcapng, as is a key on its way. `mask` knows which characters these are; the code that makes a
//! [`crate::world::event::Apdu`] knows which bytes; which ones of a message [`crate::decode`] knows.
//!
//! | File | Opens in | Shows |
//! |---|---|---|
//! | `NAME.vcd` | GTKWave | `VCC`, `RST`, `CLK_ON` and `IO`, in ns since the beginning of the run (`waveform`) |
//! | `NAME.pcapng` | Wireshark | every ATR and APDU, frame and message, at the time of the scenario's clock (`packets`, `pcapng`) |

mod gsmtap;
mod live;
mod packets;
mod pcapng;
mod pins;
mod waveform;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::civil::DateTime;
use thiserror::Error;

use crate::private_file;
use crate::world::event::Event;

pub use live::LiveCapture;
pub use pcapng::Whereto;
pub use pins::vcd_of_pins;

/// Why there is no capture.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The folder could not be made.
    #[error("cannot make the folder {}: {error}; choose another place, or let this user write there", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A file could not be made or written.
    #[error("cannot write the capture {}: {error}; check that its folder may be written and has room, or leave --capture out", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error, or what the file's format cannot express.
        error: io::Error,
    },
    /// Two scenario files would give captures of the same name.
    #[error("the captures of {} and {} would have the same name: give one of these files another name", first.display(), second.display())]
    SameName {
        /// The first of the two scenario files.
        first: PathBuf,
        /// The second one.
        second: PathBuf,
    },
}

/// The card line among `events`, as a VCD.
///
/// # Errors
/// None in practice, since it is written to memory.
pub fn vcd<'a>(events: impl Iterator<Item = &'a (u64, Event)>) -> io::Result<Vec<u8>> {
    waveform::capture(events)
}

/// A folder for captures: a pair of files for each scenario, named after the scenario file.
#[derive(Debug)]
pub struct CaptureFolder {
    path: PathBuf,
}

impl CaptureFolder {
    /// Makes the folder `path`, unless it exists, for captures of these scenario `files`.
    ///
    /// # Errors
    /// The folder cannot be made, or the names of two `files` differ only in folder and extension.
    pub fn new(path: &Path, files: &[PathBuf]) -> Result<Self, CaptureError> {
        let mut taken = BTreeMap::new();
        for file in files {
            if let Some(first) = file.file_stem().and_then(|name| taken.insert(name, file)) {
                return Err(CaptureError::SameName { first: first.clone(), second: file.clone() });
            }
        }
        fs::create_dir_all(path).map_err(|error| CaptureError::Folder { path: path.to_path_buf(), error })?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// Writes the events of the scenario in `file`, which began at `clock`. This replaces the captures of an earlier
    /// run.
    ///
    /// # Errors
    /// A capture cannot be written, or its format cannot express the scenario's clock.
    pub fn write<'a>(
        &self,
        file: &Path,
        clock: DateTime,
        events: impl Iterator<Item = &'a (u64, Event)> + Clone,
    ) -> Result<(), CaptureError> {
        self.save(file, ".vcd", vcd(events.clone()))?;
        self.save(file, ".pcapng", packets::capture(clock, events))
    }

    /// Where the packets of this scenario are.
    pub fn packets(&self, scenario: &Path) -> PathBuf {
        self.place(scenario, ".pcapng")
    }

    fn place(&self, scenario: &Path, extension: &str) -> PathBuf {
        let mut name = scenario.file_stem().unwrap_or_default().to_os_string();
        name.push(extension);
        self.path.join(name)
    }

    fn save(&self, scenario: &Path, extension: &str, content: io::Result<Vec<u8>>) -> Result<(), CaptureError> {
        let path = self.place(scenario, extension);
        content
            .and_then(|content| private_file::write(&path, &content))
            .map_err(|error| CaptureError::File { path, error })
    }
}
