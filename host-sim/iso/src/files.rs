//! How many files the process may have open: each connection is one.

use std::io;

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// Files that are no terminal's: the database's, the log, the connections of other faces.
const OTHERS: u32 = 512;

/// The system allows fewer open files than terminals may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the system allows this process {may} open files, which is room for {room} terminals, not {wanted}: raise the limit \
     (`ulimit -n`, or LimitNOFILE= of its systemd unit)"
)]
pub struct TooFewFiles {
    /// How many files may be open.
    pub may: u32,
    /// How many terminals have room.
    pub room: u32,
    /// How many were wanted.
    pub wanted: u32,
}

impl TooFewFiles {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        let Self { may, room, wanted } = self;
        format!(
            "系统只允许本进程打开 {may} 个文件，可容纳 {room} 台终端，少于 {wanted} 台；请提高限制（ulimit -n 或 systemd 的 LimitNOFILE=）"
        )
    }
}

/// Lets this process have as many open files as the system allows it.
///
/// # Errors
/// Not all of the terminals have room, or the system does not say how many have.
#[cfg(unix)]
pub fn raise(connections: u32) -> io::Result<Result<(), TooFewFiles>> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some() && current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    // No bound at all is room enough.
    Ok(room(maximum, connections))
}

/// Windows bounds connections by memory alone.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn raise(connections: u32) -> io::Result<Result<(), TooFewFiles>> {
    Ok(room(None, connections))
}

fn room(maximum: Option<u64>, wanted: u32) -> Result<(), TooFewFiles> {
    let may = maximum.map_or(u32::MAX, |maximum| u32::try_from(maximum).unwrap_or(u32::MAX));
    let room = may.saturating_sub(OTHERS);
    if room < wanted { Err(TooFewFiles { may, room, wanted }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_told_with_what_has_room() {
        assert_eq!(room(None, u32::MAX - OTHERS), Ok(()));
        assert_eq!(room(Some(u64::MAX), 12_000), Ok(()));
        assert_eq!(room(Some(12_512), 12_000), Ok(()));
        let few = room(Some(1024), 12_000).unwrap_err();
        assert_eq!(few, TooFewFiles { may: 1024, room: 512, wanted: 12_000 });
        for text in [few.to_string(), few.zh()] {
            assert!(["1024", "512", "12000", "ulimit -n"].iter().all(|word| text.contains(word)), "{text}");
        }
        assert_eq!(room(Some(100), 1).unwrap_err().room, 0);
    }

    #[cfg(unix)]
    #[test]
    fn the_limit_of_this_process_is_raised_to_what_it_may_be() {
        raise(1).unwrap().unwrap();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
    }
}
