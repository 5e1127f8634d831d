//! The drive that a Pico's boot ROM shows while BOOTSEL is held at power-on: finding it, and giving it a UF2 file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The file by which such a drive is known, and what stands in it for an RP2040.
const INFO: &str = "INFO_UF2.TXT";
const BOARD: &str = "RPI-RP2";
/// What the file is called there; the boot ROM takes any name.
const NAME: &str = "QIYONG.UF2";
/// Where Linux tells what is mounted, and where macOS mounts.
const MOUNTS: &str = "/proc/self/mounts";
const VOLUMES: &str = "/Volumes";

/// Why nothing was given to a drive.
#[derive(Debug, Error)]
pub enum DriveError {
    /// There is none.
    #[error(
        "no drive of a Pico is mounted: hold its BOOTSEL key while you plug it in, and mount the drive RPI-RP2 if that does not happen by \
         itself; --drive DIR names it, --out FILE writes a file"
    )]
    None,
    /// There are several.
    #[error("several Picos wait to be flashed: say which with --drive: {0}")]
    Several(String),
    /// The folder is no such drive.
    #[error(
        "{0} is no drive of a Pico's boot loader, whose INFO_UF2.TXT names the board RPI-RP2: hold BOOTSEL while you plug the board in"
    )]
    Other(String),
    /// The file is not written.
    #[error("{path} cannot be written: {error}; plug the board in again with BOOTSEL held")]
    Unwritten {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// Whether this folder is such a drive.
pub fn is_drive(folder: &Path) -> bool {
    fs::read_to_string(folder.join(INFO)).is_ok_and(|info| info.contains(BOARD))
}

/// The drive in this folder, or the only one that is mounted.
///
/// # Errors
/// There is none, or there are several.
pub fn choose(named: Option<&Path>) -> Result<PathBuf, DriveError> {
    if let Some(folder) = named {
        let other = || DriveError::Other(folder.display().to_string());
        return is_drive(folder).then(|| folder.to_owned()).ok_or_else(other);
    }
    let mut found = mounted();
    match found.len() {
        0 => Err(DriveError::None),
        1 => Ok(found.remove(0)),
        _ => {
            let names: Vec<_> = found.iter().map(|drive| drive.display().to_string()).collect();
            Err(DriveError::Several(names.join(", ")))
        }
    }
}

fn mounted() -> Vec<PathBuf> {
    let table = fs::read_to_string(MOUNTS).unwrap_or_default();
    let volumes = fs::read_dir(VOLUMES).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = folders(&table).into_iter().chain(volumes);
    all.filter(|folder| is_drive(folder)).collect()
}

/// The folders of a table of mounts whose file system a boot ROM shows; a blank in a name stands there as \040.
fn folders(table: &str) -> Vec<PathBuf> {
    let folder = |row: &str| {
        let mut fields = row.split(' ');
        let (folder, kind) = (fields.nth(1)?, fields.next()?);
        matches!(kind, "vfat" | "msdos" | "exfat" | "fuseblk").then(|| folder.replace("\\040", " ").into())
    };
    table.lines().filter_map(folder).collect()
}

/// Gives a drive a UF2 file; returns where it was written. The board starts the image as soon as it has it all, and the
/// drive is gone then.
///
/// # Errors
/// The drive does not take it.
pub fn give(drive: &Path, uf2: &[u8]) -> Result<PathBuf, DriveError> {
    let path = drive.join(NAME);
    let unwritten = |error| DriveError::Unwritten { path: path.display().to_string(), error };
    let mut file = File::create(&path).map_err(unwritten)?;
    file.write_all(uf2).map_err(unwritten)?;
    match file.sync_all() {
        // The board has all blocks, and is no drive any more.
        Err(_) if !is_drive(drive) => Ok(path),
        other => other.map(|()| path.clone()).map_err(unwritten),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_drive_is_known_by_what_stands_in_its_file() {
        let folder = TempDir::new().unwrap();
        assert!(matches!(choose(Some(folder.path())), Err(DriveError::Other(_))));
        for (info, is) in
            [("UF2 Bootloader v3.0\nModel: nRF\nBoard-ID: nRF52\n", false), ("Board-ID: RPI-RP2\r\n", true)]
        {
            fs::write(folder.path().join(INFO), info).unwrap();
            assert_eq!(choose(Some(folder.path())).is_ok(), is, "{info}");
        }
        assert_eq!(fs::read(give(folder.path(), b"UF2").unwrap()).unwrap(), b"UF2");
    }

    #[test]
    fn what_is_mounted_is_found_in_the_table() {
        let table = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/a\\040b/RPI-RP2 vfat rw,nosuid 0 0\nproc /proc proc rw 0 0\n\n/dev/x\n";
        assert_eq!(folders(table), [PathBuf::from("/media/a b/RPI-RP2")]);
    }
}
