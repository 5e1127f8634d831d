//! A copy of a centre's file while others work with it: the database as it is at one moment, without the pages that it has no
//! use for, and the file with its keys beside it. Nothing is overwritten. Not here: a server's database, which its own programs
//! copy.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;
use zeroize::Zeroizing;

use super::opening::APPLICATION_ID;
use super::place::Place;
use super::vault::Vault;
use super::{Store, private};
use crate::error::CentreError;

/// How long to wait for a moment in which nobody ends a transaction.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no copy. Nothing of one is left.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The database is a server's.
    #[error("{0} is a server's database: copy it with pg_dump or pg_basebackup, and the file with its keys for itself")]
    OfAServer(Place),
    /// There is something where the copy would be.
    #[error("{} is there already, and stays as it is; name a file that does not exist yet", .0.display())]
    Exists(PathBuf),
    /// A file of the copy cannot be written.
    #[error("{} cannot be written: {source}; check that its folder exists and has room", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The centre's file cannot be read, or the copy not be written.
    #[error(transparent)]
    Centre(#[from] CentreError),
}

impl BackupError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::OfAServer(place) => {
                format!("{place} 是数据库服务器：请用 pg_dump 或 pg_basebackup 备份，并另行保存密钥文件")
            }
            Self::Exists(path) => format!("{} 已存在，未作改动；请另给一个尚不存在的文件名", path.display()),
            Self::Write { path, .. } => format!("无法写入 {}；请检查目录是否存在、空间是否足够", path.display()),
            Self::Centre(_) => "备份未完成，没有留下任何文件；请按上面的原因处理后重试".into(),
        }
    }
}

/// Copies the database at `from` to the file `to`, for its owner alone, and its keys to the same name with `.key`. Both are on
/// the disk when this returns, and the copy was opened once; the number of its bytes. Who writes meanwhile waits for it.
///
/// # Errors
/// There is something at `to`, or a file cannot be read or written.
pub fn back_up(from: &Place, to: &Path) -> Result<u64, BackupError> {
    let Place::File(file) = from else { return Err(BackupError::OfAServer(from.clone())) };
    let own = [to.to_owned(), Vault::path(to)];
    if let Some(there) = own.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(BackupError::Exists(there.clone()));
    }
    private::check(file)?;
    let failed = |source| CentreError::Open { path: file.clone(), source };
    let source = reading(file).map_err(failed)?;
    let id: i32 = source.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if id != APPLICATION_ID {
        return Err(CentreError::NotACentre { place: from.clone() }.into());
    }
    let copied = copy(&source, file, &own);
    if copied.is_err() {
        own.iter().for_each(|path| drop(fs::remove_file(path)));
    }
    copied
}

/// A connection that asks for no turn among those who write, since it could wait for ever under load.
fn reading(file: &Path) -> rusqlite::Result<Connection> {
    // What somebody left half done is taken back by whoever reads first.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(Path::new(".").join(file), flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn copy(source: &Connection, file: &Path, [to, keys]: &[PathBuf; 2]) -> Result<u64, BackupError> {
    let failed = |path: &Path, source| BackupError::Write { path: path.to_owned(), source };
    let of = Vault::path(file);
    let secret = Zeroizing::new(fs::read(&of).map_err(|source| CentreError::KeyFile { path: of, source })?);
    private::make(keys)?;
    private::keep(keys, &secret).map_err(|source| failed(keys, source))?;
    // Empty, so that SQLite fills what its owner alone may read.
    private::make(to)?;
    let name = Path::new(".").join(to);
    let copied = source.execute("VACUUM INTO ?1", [name.to_string_lossy()]);
    copied.map_err(|source| CentreError::Open { path: to.clone(), source })?;
    let length = File::open(to).and_then(|copy| copy.sync_all().and_then(|()| copy.metadata()));
    let length = length.map_err(|source| failed(to, source))?.len();
    drop(Store::open(to)?);
    Ok(length)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Centre;
    use crate::hsm::Hsm;

    #[test]
    fn a_copy_is_the_same_centre_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let from = Place::File(path("centre.db"));
        let mut centre = Centre::create_at(&from, &Hsm::test_keys()).unwrap();
        centre.stop_clock("2026-03-02T09:00:00".parse().unwrap()).unwrap();
        let length = back_up(&from, &path("copy.db")).unwrap();
        assert_eq!(length, fs::metadata(path("copy.db")).unwrap().len());
        for name in ["copy.db", "copy.db.key"] {
            assert_eq!(fs::metadata(path(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
        let copy = Centre::open(&path("copy.db")).unwrap();
        assert_eq!((copy.now(), copy.verify().unwrap()), (centre.now(), centre.verify().unwrap()));
        // It goes its own way.
        centre.stop_clock("2026-03-03T09:00:00".parse().unwrap()).unwrap();
        assert!(Centre::open(&path("copy.db")).unwrap().now() < centre.now());

        fs::write(path("other.db.key"), "mine").unwrap();
        for (to, there) in [("copy.db", "copy.db"), ("other.db", "other.db.key"), ("centre.db", "centre.db")] {
            let error = back_up(&from, &path(to)).unwrap_err();
            assert!(matches!(&error, BackupError::Exists(found) if *found == path(there)), "{to}: {error}");
            assert!(error.zh().contains("已存在"));
        }
        assert_eq!(fs::read(path("other.db.key")).unwrap(), b"mine");
        assert!(!path("other.db").exists());
        let nowhere = back_up(&from, &path("none/copy.db")).unwrap_err();
        assert!(matches!(nowhere, BackupError::Write { .. }), "{nowhere}");
    }
}
