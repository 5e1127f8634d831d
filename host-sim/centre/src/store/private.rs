//! A database holds master keys: nobody but its owner may read it (docs/centre.md §12).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::error::CentreError;

/// Refuses a file that others may read or write. What may have been read before is not undone by mending its mode, so that
/// whoever owns it decides.
///
/// # Errors
/// Others may, or there is no such file.
pub(super) fn check(path: &Path) -> Result<(), CentreError> {
    match fs::metadata(path) {
        Ok(about) if about.is_file() && is_open_to_others(&about) => Err(CentreError::Exposed { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(CentreError::Missing { place: path.into() }),
        // SQLite says what is wrong with others.
        _ => Ok(()),
    }
}

/// Makes the file if it is missing, for its owner alone, whatever the umask says. An empty one becomes so; one with anything
/// in it is left as it is.
pub(super) fn make(path: &Path) -> Result<(), CentreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            #[cfg(unix)]
            if fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0 && is_open_to_others(&about)) {
                let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                // If that fails, the file is another's, and SQLite cannot write it either.
                let _ = fs::set_permissions(path, own);
            }
            Ok(())
        }
        // SQLite says what is wrong.
        _ => Ok(()),
    }
}

/// Writes the whole file, which [`make`] made, and comes back when it is on the disk, and its name in the folder.
///
/// # Errors
/// The disk is full, or the file cannot be written.
pub(super) fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Whether others than its owner may read or write a file, by its mode.
#[cfg(unix)]
pub fn is_open_to_others(about: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0
}

/// Where files have no modes, their folder decides who reads them.
#[cfg(not(unix))]
pub fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}
