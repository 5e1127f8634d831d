//! The server's socket in the file system: made only for its owner, and removed when the server ends.
//!
//! A name in a folder is looked at, removed and made in three steps, and another server may do the same between them. So
//! the folder is locked meanwhile; servers of other makers know nothing of it, and get what they would have got.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use thiserror::Error;

use crate::call::connect;

/// The longest path a socket can have on Linux, without its terminating zero.
const PATH_MAX: usize = 107;
/// How many callers may wait to be taken.
const BACKLOG: i32 = 128;
/// How often, and at which distance, a locked folder is tried: five seconds in all. A server needs it for less than one
/// millisecond.
const TRIES: (u32, Duration) = (500, Duration::from_millis(10));

/// Why a server cannot open its socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Another server answers there.
    #[error("another server listens at {path}: stop it, or choose another --socket", path = .0.display())]
    InUse(PathBuf),
    /// There is something else in this place.
    #[error("{path} exists and is no socket: choose another --socket", path = .0.display())]
    NotASocket(PathBuf),
    /// The path is too long.
    #[error("the path {path} has more than {PATH_MAX} bytes, which no socket can: choose a shorter --socket", path = .0.display())]
    TooLong(PathBuf),
    /// Another program keeps the folder locked.
    #[error("another program keeps the folder of {path} locked: end it, or choose another --socket", path = .0.display())]
    Locked(PathBuf),
    /// The system does not allow it.
    #[error("cannot open the socket {path}: {error}; choose another --socket, where this user may write", path = path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
}

/// The file; removed when dropped, unless the path names another one by then.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// The socket's file. While it is held, no other file gets its number.
    own: Option<OwnedFd>,
}

impl SocketFile {
    /// Makes the socket. A socket left behind by a server that was killed is replaced.
    pub(super) fn open(path: &Path) -> Result<(Self, UnixListener), SocketError> {
        let io = |error| SocketError::Io { path: path.into(), error };
        if path.as_os_str().len() > PATH_MAX {
            return Err(SocketError::TooLong(path.into()));
        }
        let _folder = lock_folder(path)?;
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
            Ok(there) if !there.file_type().is_socket() => return Err(SocketError::NotASocket(path.into())),
            Ok(_) => match connect(path) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(io)?,
                // Somebody listens, and has more callers than it takes.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(SocketError::InUse(path.into())),
                Err(error) => return Err(io(error)),
                Ok(_) => return Err(SocketError::InUse(path.into())),
            },
        }
        let listener = listen(path).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => SocketError::InUse(path.into()),
            _ => io(error),
        })?;
        Ok((Self { path: path.into(), own: file(path) }, listener))
    }

    pub(super) fn remove(&mut self) {
        let Some(own) = self.own.take() else { return };
        // If the folder cannot be had, the file stays: the next server replaces it.
        let Ok(_folder) = lock_folder(&self.path) else { return };
        if file(&self.path).is_some_and(|there| same(&there, &own)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A socket at `path` that from the first moment on nobody else may use. Linux gives the file the mode that the socket has
/// before: the process's umask, which belongs to all its threads, stays as it is.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// The folder of `path`, locked until it is dropped; nothing where folders cannot be locked.
fn lock_folder(path: &Path) -> Result<Option<File>, SocketError> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let folder = File::open(folder).map_err(|error| SocketError::Io { path: path.into(), error })?;
    let (count, distance) = TRIES;
    for _ in 0..count {
        match folder.try_lock() {
            Ok(()) => return Ok(Some(folder)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(distance),
        }
    }
    Err(SocketError::Locked(path.into()))
}

/// What the path names, whatever it is.
fn file(path: &Path) -> Option<OwnedFd> {
    rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).ok()
}

fn same(a: &impl AsFd, b: &impl AsFd) -> bool {
    match (rustix::fs::fstat(a), rustix::fs::fstat(b)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_many_servers_that_start_at_once_over_a_socket_left_behind_one_gets_it() {
        const SERVERS: usize = 8;
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("s");
            drop(UnixListener::bind(&path).unwrap());
            let start = Barrier::new(SERVERS);
            let opened: Vec<_> = thread::scope(|scope| {
                let servers: Vec<_> = (0..SERVERS)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            SocketFile::open(&path)
                        })
                    })
                    .collect();
                servers.into_iter().map(|server| server.join().unwrap()).collect()
            });
            let (have_it, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
            assert_eq!(have_it.len(), 1);
            assert!(refused.iter().all(|result| matches!(result, Err(SocketError::InUse(_)))), "{refused:?}");
            assert!(connect(&path).is_ok(), "the one that has it is reached");
            drop(have_it);
            assert!(!path.exists());
        }
    }

    /// The umask of this process, which is all its threads'.
    fn umask() -> u32 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let row = status.lines().find_map(|row| row.strip_prefix("Umask:")).unwrap();
        u32::from_str_radix(row.trim(), 8).unwrap()
    }

    #[test]
    fn servers_that_start_at_once_leave_the_umask_alone_and_sockets_for_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let before = umask();
        for _ in 0..50 {
            let start = Barrier::new(8);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let folder = tempfile::tempdir().unwrap();
                        let path = folder.path().join("s");
                        start.wait();
                        let (_own, _listener) = SocketFile::open(&path).unwrap();
                        assert_eq!(umask(), before, "not even for a moment");
                        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
                    });
                }
            });
            assert_eq!(umask(), before);
        }
    }

    #[test]
    fn a_path_that_is_anothers_by_now_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (own, _listener) = SocketFile::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        // File systems give a number again as soon as they may.
        let _others = UnixListener::bind(&path).unwrap();
        drop(own);
        assert!(path.exists());
    }

    #[test]
    fn a_server_that_takes_no_callers_is_one_nevertheless_and_nobody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _busy = UnixListener::bind(&path).unwrap();
        let mut callers = Vec::new();
        let full = loop {
            match connect(&path) {
                Ok(caller) => callers.push(caller),
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        assert!(matches!(SocketFile::open(&path), Err(SocketError::InUse(_))));
    }
}
