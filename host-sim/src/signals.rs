//! The signals that tell a server to end.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is told to end: SIGTERM, SIGINT or SIGHUP, from now on.
#[cfg(unix)]
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

/// Waits until the process is told to end: Ctrl-C, Ctrl-Break, the closed window or the end of Windows, from now on.
#[cfg(windows)]
pub(crate) fn until_told() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows;

    let (mut c, mut broken) = (windows::ctrl_c()?, windows::ctrl_break()?);
    let (mut closed, mut down) = (windows::ctrl_close()?, windows::ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => {}
            _ = broken.recv() => {}
            _ = closed.recv() => {}
            _ = down.recv() => {}
        }
    })
}
