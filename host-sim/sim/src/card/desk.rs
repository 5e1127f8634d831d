//! A card with the file that keeps it ([`DeskCard`]). One program at a time has the card; and what a command has changed
//! is in the file before the first byte of its answer, or the command fails (`6581`) and has changed nothing.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::file::CardFileError;
use super::os::{Memory, VirtualCard};
use crate::{input, private_file};

/// Called with an error that no answer can carry, such as that a card's file cannot be written.
pub type Complain = fn(&str);

/// How often a file may be replaced while it is being opened.
const REPLACED_MAX: usize = 100;

/// A card on the desk: the card, its file, and whether it answers at all.
#[derive(Debug)]
pub struct DeskCard {
    /// The card. It holds its file until it is dropped.
    pub card: VirtualCard,
    /// Its file, as it was named.
    pub path: PathBuf,
    /// The card does not answer to reset.
    pub mute: bool,
}

impl DeskCard {
    /// Takes a card from its file, and keeps other programs from doing so until it is dropped. `complain` is told if the
    /// file cannot be written later.
    ///
    /// # Errors
    /// Another program has the card; or the file cannot be read, or is no card file.
    pub fn open(path: &Path, complain: Complain) -> Result<Self, CardFileError> {
        let read = |error| CardFileError::Io { doing: "read", path: path.into(), error };
        // If the name is a link, what is behind it is written.
        let place = path.canonicalize().map_err(read)?;
        let held = hold(&place, path)?;
        // By the file that is held: elsewhere than on Unix nobody can read it in another way.
        let mut card = VirtualCard::from_toml(&input::text_of(&held).map_err(read)?, path)?;
        let known = Known::of(&held).map_err(read)?;
        let (name, saved) = (path.into(), card.to_toml());
        card.set_memory(Box::new(Keeper { place, name, held: Some(held), known, saved, complain, trouble: None }));
        Ok(Self { card, path: path.into(), mute: false })
    }
}

/// The file of this name, locked.
fn hold(place: &Path, name: &Path) -> Result<File, CardFileError> {
    let read = |error| CardFileError::Io { doing: "read", path: name.into(), error };
    for _ in 0..REPLACED_MAX {
        if !place.metadata().map_err(read)?.is_file() {
            return Err(read(io::Error::new(ErrorKind::InvalidInput, "it is no plain file")));
        }
        let file = File::open(place).map_err(read)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(read(error)),
        }
        // Whoever had it before may have put another file in its place after it was opened.
        if Known::of(&file).map_err(read)?.file == Known::of(&File::open(place).map_err(read)?).map_err(read)?.file {
            return Ok(file);
        }
    }
    Err(CardFileError::InUse { path: name.into() })
}

/// Puts a card into the file `path`, new or not, unless another program has the card that is there.
///
/// # Errors
/// Another program has it, or the file cannot be written.
pub fn replace(path: &Path, card: &VirtualCard) -> Result<(), CardFileError> {
    // A file that cannot be held for another reason may still be replaced.
    let held = match path.canonicalize().ok().map(|place| hold(&place, path)) {
        Some(Err(in_use @ CardFileError::InUse { .. })) => return Err(in_use),
        held => held,
    };
    // See `Keeper::write`.
    let _held = held.filter(|_| !cfg!(windows));
    card.save(path)
}

/// How a file was when this program last had to do with it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    /// Device and number.
    file: (u64, u64),
    /// Length, and time of the last change in whatever the system counts.
    content: (u64, u64, u64),
}

impl Known {
    #[cfg(unix)]
    fn of(file: &File) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let now = file.metadata()?;
        let changed = (now.mtime().cast_unsigned(), now.mtime_nsec().cast_unsigned());
        Ok(Self { file: (now.dev(), now.ino()), content: (now.len(), changed.0, changed.1) })
    }

    #[cfg(windows)]
    fn of(file: &File) -> io::Result<Self> {
        let now = winapi_util::file::information(file)?;
        let changed = now.last_write_time().unwrap_or_default();
        Ok(Self { file: (now.volume_serial_number(), now.file_index()), content: (now.file_size(), changed, 0) })
    }
}

/// Holds a card's file, and knows what it contains.
struct Keeper {
    place: PathBuf,
    name: PathBuf,
    /// The file, locked; `None` once it was lost to another program.
    held: Option<File>,
    known: Known,
    /// The card's text as it was last read or written.
    saved: String,
    complain: Complain,
    trouble: Option<String>,
}

impl Keeper {
    /// Writes the card's text, if it is another one than before.
    fn write(&mut self, now: String) -> Result<(), CardFileError> {
        if now == self.saved {
            return Ok(());
        }
        if self.held.is_none() {
            return Err(CardFileError::InUse { path: self.name.clone() });
        }
        let name = self.name.clone();
        let failed = |error: io::Error| CardFileError::unwritten(&name, &error);
        let there = File::open(&self.place).map_err(failed)?;
        if Known::of(&there).map_err(failed)? != self.known {
            return Err(CardFileError::Changed { path: self.name.clone() });
        }
        // A new file takes the place of the old one, for which the old one need not be writable.
        if there.metadata().map_err(failed)?.permissions().readonly() {
            return Err(failed(ErrorKind::PermissionDenied.into()));
        }
        drop(there);
        let file = private_file::prepare(&self.place, now.as_bytes()).map_err(failed)?;
        // It is locked before it has the name: nobody ever finds an unlocked file there.
        file.as_file().lock().map_err(failed)?;
        // Windows puts nothing in the place of a file that somebody has open. Whoever takes it in between makes this fail.
        if cfg!(windows) {
            self.held = None;
        }
        let file = match file.persist(&self.place) {
            Ok(file) => file,
            Err(error) => {
                self.held = self.held.take().or_else(|| hold(&self.place, &self.name).ok());
                return Err(failed(error.error));
            }
        };
        self.known = Known::of(&file).map_err(failed)?;
        (self.held, self.saved) = (Some(file), now);
        Ok(())
    }
}

impl Memory for Keeper {
    fn keep(&mut self, card: &VirtualCard) -> Result<(), Option<Box<VirtualCard>>> {
        let trouble = self.write(card.to_toml()).err().map(|error| error.to_string());
        // Once is enough for a program that tries again and again.
        if let Some(trouble) = trouble.as_ref().filter(|trouble| self.trouble.as_ref() != Some(*trouble)) {
            (self.complain)(trouble);
        }
        self.trouble = trouble;
        match &self.trouble {
            None => Ok(()),
            Some(_) => Err(VirtualCard::from_toml(&self.saved, &self.name).ok().map(Box::new)),
        }
    }

    fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

/// Whether two paths name one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
