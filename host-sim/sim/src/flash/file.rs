//! A NOR flash in a file: what a terminal on a PC keeps when its program ends, however it ends.
//!
//! Everything that was written is on the disk when the call returns, since the terminal may send only then what it has
//! noted. One program at a time has the file: two with one memory would give the same numbers. The crates for a flash
//! in a file map it into memory, and neither lock it nor wait for the disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use qiyong_firmware::storage::{PAGES, REGION};
use thiserror::Error;

/// A page, in bytes: that of the boards.
const PAGE: usize = 2048;
/// The whole file, in bytes.
const SIZE: usize = REGION as usize * PAGE;
/// How much of it was there before the journal: the records alone.
const BEFORE_JOURNAL: usize = PAGES as usize * PAGE;

/// Why a file is no flash for a terminal.
#[derive(Debug, Error)]
pub enum FlashFileError {
    /// Another program has it.
    #[error(
        "{path}: another program runs a terminal with this memory: end it, or give this terminal a memory of its own"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{path} has {length} bytes and is no terminal's memory, which has {SIZE}: name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How long it is.
        length: u64,
    },
    /// The system refuses.
    #[error("{path}: {error}")]
    System {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// The flash. The file is locked until this is dropped.
#[derive(Debug)]
pub struct FileFlash(File);

impl FileFlash {
    /// The flash in the file `path`; a missing or empty one becomes an erased flash, which only its owner may read.
    ///
    /// # Errors
    /// The file cannot be had, or has other contents.
    pub fn open(path: &Path) -> Result<Self, FlashFileError> {
        let failed = |error| FlashFileError::System { path: path.into(), error };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FlashFileError::InUse { path: path.into() },
            TryLockError::Error(error) => failed(error),
        })?;
        let length = file.metadata().map_err(failed)?.len();
        let mut flash = Self(file);
        match length {
            0 => {
                flash.put(0, &[0xFF; SIZE]).map_err(failed)?;
                // The name must be on the disk, too.
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
                }
                Ok(flash)
            }
            length if length == SIZE as u64 => Ok(flash),
            // The pages that it had lie where they lay. One that was cut while it grew has more of them, which are erased.
            length if (BEFORE_JOURNAL as u64..SIZE as u64).contains(&length) && length.is_multiple_of(PAGE as u64) => {
                for at in (length..SIZE as u64).step_by(PAGE) {
                    flash.put(at as u32, &[0xFF; PAGE]).map_err(failed)?;
                }
                Ok(flash)
            }
            length => Err(FlashFileError::Foreign { path: path.into(), length }),
        }
    }

    fn get(&mut self, at: u32, room: &mut [u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(at.into()))?;
        self.0.read_exact(room)
    }

    /// Returns when the bytes are on the disk.
    fn put(&mut self, at: u32, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(at.into()))?;
        self.0.write_all(bytes)?;
        self.0.sync_data()
    }
}

fn failed(_: io::Error) -> NorFlashErrorKind {
    NorFlashErrorKind::Other
}

impl ErrorType for FileFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, at: u32, room: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, at, room.len())?;
        self.get(at, room).map_err(failed)
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        (from..to).step_by(PAGE).try_for_each(|at| self.put(at, &[0xFF; PAGE])).map_err(failed)
    }

    /// Zeros only: a bit that is 0 stays 0 until its page is erased, as in a chip.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, at, bytes.len())?;
        let mut there = vec![0; bytes.len()];
        self.get(at, &mut there).map_err(failed)?;
        there.iter_mut().zip(bytes).for_each(|(to, from)| *to &= from);
        self.put(at, &there).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_was_written_and_has_one_owner_and_no_readers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.memory");
        let mut flash = FileFlash::open(&path).unwrap();
        flash.write(8, b"12345678").unwrap();
        assert!(matches!(FileFlash::open(&path), Err(FlashFileError::InUse { .. })));
        drop(flash);

        let mut flash = FileFlash::open(&path).unwrap();
        let mut room = [0; 8];
        flash.read(8, &mut room).unwrap();
        assert_eq!(&room, b"12345678");
        // What is not erased loses bits only.
        flash.write(8, &[0x0F; 8]).unwrap();
        flash.read(8, &mut room).unwrap();
        assert_eq!(room, [1, 2, 3, 4, 5, 6, 7, 8]);
        flash.erase(0, PAGE as u32).unwrap();
        flash.read(8, &mut room).unwrap();
        assert_eq!(room, [0xFF; 8]);
        assert_eq!(flash.write(SIZE as u32, &[0; 8]), Err(NorFlashErrorKind::OutOfBounds));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    /// That of a program from before the journal, and one whose growth was cut short.
    #[test]
    fn a_file_with_records_alone_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.memory");
        for pages in [PAGES as usize, PAGES as usize + 1, REGION as usize - 1] {
            std::fs::write(&path, vec![7; pages * PAGE]).unwrap();
            drop(FileFlash::open(&path).unwrap());
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(bytes.len(), SIZE);
            let (old, new) = bytes.split_at(pages * PAGE);
            assert!(old.iter().all(|byte| *byte == 7) && new.iter().all(|byte| *byte == 0xFF));
        }
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        std::fs::write(&path, "Dear terminal,").unwrap();
        let error = FileFlash::open(&path).unwrap_err();
        assert!(matches!(error, FlashFileError::Foreign { length: 14, .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"Dear terminal,");
    }
}
