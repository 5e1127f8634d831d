//! Files that may hold keys, PINs or personal data: from their first byte on, nobody but their owner can read them.
//!
//! Not here: what is in them; and databases, which the centre makes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Writes a file completely or not at all: a power cut never leaves half of it. A file that was there is replaced, and
/// with it its mode.
///
/// # Errors
/// The system's, with what it says of the folder or of a temporary file in it.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    prepare(path, content)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes an empty file, to be written bit by bit. A file that was there is replaced.
///
/// # Errors
/// As [`write()`].
pub fn create(path: &Path) -> io::Result<File> {
    prepare(path, &[])?.persist(path).map_err(|error| error.error)
}

/// The content on disk, in a file without a name that anybody knows: it is still to be put in the place of `path`.
pub(crate) fn prepare(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    // Such a file has the mode 0600, whatever the umask says.
    prepare_by(&Builder::new(), path, content)
}

/// The same with a builder that may say another mode.
pub(crate) fn prepare_by(builder: &Builder<'_, '_>, path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = builder.tempfile_in(folder(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_even_where_one_was_that_everybody_could_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&folder.path().join("none/secret"), b"").is_err());
    }
}
