//! The line to a terminal as the system has it: a serial port, or a connection to an emulated board. One program at a time has a port:
//! it is locked, for two tills would each take half of what the terminal says.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use serial2::SerialPort;

/// What a connection's name begins with.
const SCHEME: &str = "tcp://";
/// The rate of every board's till line, in bits a second.
const BAUD: u32 = 115_200;
/// How long a connection, or the other end's taking of bytes, is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The line. It is locked until it is dropped.
#[derive(Debug)]
pub(super) enum Port {
    Serial { port: Box<SerialPort>, _lock: Option<File> },
    Tcp(TcpStream),
}

impl Port {
    /// Opens the line of this name. What a serial port has kept from before is dropped.
    ///
    /// # Errors
    /// There is no such port, it is none, or somebody else has it; with the way out.
    pub(super) fn open(name: &str) -> Result<Self, String> {
        match name.strip_prefix(SCHEME) {
            Some(address) => connect(address),
            None => serial(name),
        }
    }

    /// Takes what has come, into `room`; waits no longer than so long. 0: nothing has come.
    ///
    /// # Errors
    /// The line is gone.
    pub(super) fn read(&mut self, room: &mut [u8], wait: Duration) -> io::Result<usize> {
        // 0 would be for ever.
        let wait = wait.max(Duration::from_millis(1));
        let read = match self {
            Self::Serial { port, .. } => port.set_read_timeout(wait).and_then(|()| port.read(room)),
            Self::Tcp(stream) => stream.set_read_timeout(Some(wait)).and_then(|()| stream.read(room)),
        };
        match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                Ok(0)
            }
            other => other,
        }
    }

    /// Says bytes.
    ///
    /// # Errors
    /// The line is gone, or takes none.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Serial { port, .. } => port.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }
}

fn connect(address: &str) -> Result<Port, String> {
    let wrong = |error: &io::Error| {
        format!(
            "no terminal's line can be reached at {SCHEME}{address}: {error}; is `qiyong emulate --till-line` running, and is this \
             the address that it shows?"
        )
    };
    let all = address.to_socket_addrs().map_err(|error| {
        format!("--port {SCHEME}{address} leads nowhere: {error}; write it as {SCHEME}HOST:PORT, or give a device")
    })?;
    let mut last = io::Error::from(ErrorKind::NotFound);
    for one in all {
        match TcpStream::connect_timeout(&one, PATIENCE) {
            Ok(stream) => {
                stream
                    .set_nodelay(true)
                    .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
                    .map_err(|error| wrong(&error))?;
                return Ok(Port::Tcp(stream));
            }
            Err(error) => last = error,
        }
    }
    Err(wrong(&last))
}

fn serial(name: &str) -> Result<Port, String> {
    let mut port = SerialPort::open(name, BAUD).map_err(|error| not_opened(name, &error))?;
    let lock = lock(&port).map_err(|error| match error {
        TryLockError::WouldBlock => held(name),
        TryLockError::Error(error) => not_opened(name, &error),
    })?;
    port.set_write_timeout(PATIENCE).map_err(|error| not_opened(name, &error))?;
    // What came before is no answer to anything here. A port that cannot drop it is none the worse.
    let _ = port.discard_buffers();
    Ok(Port::Serial { port: Box::new(port), _lock: lock })
}

#[cfg(unix)]
fn lock(port: &SerialPort) -> Result<Option<File>, TryLockError> {
    let file = File::from(port.as_fd().try_clone_to_owned().map_err(TryLockError::Error)?);
    file.try_lock()?;
    Ok(Some(file))
}

/// The system itself lets nobody else open it.
#[cfg(not(unix))]
fn lock(_: &SerialPort) -> Result<Option<File>, TryLockError> {
    Ok(None)
}

fn held(name: &str) -> String {
    format!(
        "{name}: another program has this port: end that one first (another `qiyong till`, a modem manager, a monitor)"
    )
}

/// Why a port is not open, and what to do.
fn not_opened(name: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            let others: Vec<PathBuf> = SerialPort::available_ports().unwrap_or_default();
            let others: Vec<String> = others.iter().map(|port| port.display().to_string()).collect();
            let others = if others.is_empty() { "there is none".to_owned() } else { others.join(", ") };
            format!("{name}: there is no such port; is the board plugged in? Ports here: {others}")
        }
        ErrorKind::PermissionDenied => {
            format!(
                "{name}: this user may not open it: join its group (`sudo usermod -aG dialout $USER`) and log in again"
            )
        }
        ErrorKind::ResourceBusy => held(name),
        // What a file that is no terminal device answers to a question for its settings.
        _ if is_no_port(error) => {
            format!("{name}: this is no serial port; give a device such as /dev/ttyACM0, or {SCHEME}HOST:PORT")
        }
        _ => format!("{name}: the port cannot be opened: {error}"),
    }
}

/// `ENOTTY`, `EINVAL`, `EISDIR`.
fn is_no_port(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(25 | 22 | 21))
}
