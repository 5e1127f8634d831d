//! The signals that tell a server to end.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is told to end: SIGTERM, SIGINT or SIGHUP, from now on.
pub(crate) fn until_told() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
