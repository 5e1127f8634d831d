//! What the system refuses, whatever the verb: signals, threads, random numbers, a file to write. Not here: what only one verb asks of
//! it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What it refuses.
#[derive(Debug, Error)]
pub(crate) enum Refused {
    /// To tell of signals.
    #[error("cannot listen to signals: {0}; end other programs, or raise the limit of open files (`ulimit -n`)")]
    Signals(io::Error),
    /// A thread.
    #[error("the system gives no threads: {0}; end other programs, or raise their limit (`ulimit -u`)")]
    Threads(io::Error),
    /// Random numbers.
    #[error("the system gives no random numbers: {0}; let this program use getrandom or /dev/urandom")]
    Random(getrandom::Error),
    /// To write a file.
    #[error("cannot write {}: {error}; check that its folder may be written and has room", path.display())]
    Unwritten {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Refused {
    /// What becomes of an error of writing this file.
    pub(crate) fn to_write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Unwritten { path: path.into(), error }
    }
}

/// A verb tells what went wrong in words.
impl From<Refused> for String {
    fn from(refused: Refused) -> Self {
        refused.to_string()
    }
}
