//! The server's socket in the file system: made only for its owner, and removed when the server ends.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use thiserror::Error;

/// The longest path a socket can have on Linux, without its terminating zero.
const PATH_MAX: usize = 107;

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
    /// The system does not allow it.
    #[error("cannot open the socket {path}: {error}", path = path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
}

/// The file; removed when dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Which file it is: later the path may name another server's socket.
    identity: Option<(u64, u64)>,
}

impl SocketFile {
    /// Makes the socket. A socket left behind by a server that was killed is replaced.
    pub(super) fn open(path: &Path) -> Result<(Self, UnixListener), SocketError> {
        let io = |error| SocketError::Io { path: path.into(), error };
        if path.as_os_str().len() > PATH_MAX {
            return Err(SocketError::TooLong(path.into()));
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
            Ok(there) if !there.file_type().is_socket() => return Err(SocketError::NotASocket(path.into())),
            Ok(_) => match UnixStream::connect(path) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(io)?,
                Err(error) => return Err(io(error)),
                Ok(_) => return Err(SocketError::InUse(path.into())),
            },
        }
        // From the first moment on, nobody else may use it.
        let before = rustix::process::umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
        let listener = UnixListener::bind(path);
        rustix::process::umask(before);
        let listener = listener.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => SocketError::InUse(path.into()),
            _ => io(error),
        })?;
        Ok((Self { path: path.into(), identity: identity(path) }, listener))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(&mut self) {
        if self.identity.take().is_some_and(|own| identity(&self.path) == Some(own)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|there| (there.dev(), there.ino()))
}
