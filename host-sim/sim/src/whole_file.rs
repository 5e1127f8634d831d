//! Files that are there completely or not at all, for everybody whom the umask lets read them: reports and settings.
//!
//! Not here: what nobody else may read, which is for [`crate::private_file`].

use std::io;
use std::path::Path;

use tempfile::Builder;

use crate::private_file::prepare_by;

/// Writes a file completely or not at all. A file that was there is replaced, and with it its mode.
///
/// # Errors
/// The system's, with what it says of the folder or of a temporary file in it.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has a mode to set"))]
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    prepare_by(&builder, path, content)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_written_whole_or_the_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
        assert!(write(&folder.path().join("none/report"), b"").is_err());
        assert!(write(folder.path(), b"").is_err());
    }
}
