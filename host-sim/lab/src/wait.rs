//! Waiting for an emulator to say something, no longer than it may be silent.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};

/// Waits until something happens on one of `fds`, or the time is over; returns whether something has. A signal is no end of waiting: it
/// would be taken for silence.
pub(crate) fn wait_for(fds: &mut [PollFd<'_>], time: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        let left = Timespec::try_from(time.saturating_sub(begun.elapsed())).ok();
        match poll(fds, left.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
