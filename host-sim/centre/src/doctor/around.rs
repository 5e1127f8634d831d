//! What is around the database: the machine's clock and disk, and what whoever asks expects. Tests put others there.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

/// What the doctor goes by.
pub struct Around {
    /// The machine's clock.
    pub now: fn() -> Timestamp,
    /// The disk on which a file lies.
    pub space: fn(&Path) -> Option<Space>,
    /// How long a transaction may be open before it holds others up, and how long to wait for another program.
    pub patience: Duration,
    /// How many standbys a server must have.
    pub standbys: u32,
    /// Leave out what goes through the whole database.
    pub quick: bool,
}

/// The room of a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What is free for this user.
    pub free: u64,
    /// All of it.
    pub all: u64,
}

impl Default for Around {
    fn default() -> Self {
        Self { now: Timestamp::now, space, patience: Duration::from_secs(10), standbys: 0, quick: false }
    }
}

#[cfg(unix)]
fn space(path: &Path) -> Option<Space> {
    let about = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(about.f_frsize);
    Some(Space { free: bytes(about.f_bavail), all: bytes(about.f_blocks) })
}

/// Nobody is asked elsewhere.
#[cfg(not(unix))]
fn space(_: &Path) -> Option<Space> {
    None
}
