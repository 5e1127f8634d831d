//! Where another program finds a board's till line: a TCP port of this machine alone, or a pseudo-terminal, which to that
//! program is a serial port. One program at a time has the line.
//!
//! As on a wire, what the board says while nobody listens is lost.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::wait::wait_for;

/// What an address over TCP begins with, as everywhere in this program.
const SCHEME: &str = "tcp://";
/// How long the other program may leave bytes untaken before they are lost.
const UNTAKEN: Duration = Duration::from_secs(5);

/// Which kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A pseudo-terminal.
    Pty,
    /// A port of this machine; 0: a free one.
    Tcp(SocketAddr),
}

impl At {
    /// `pty`, or `tcp://ADDRESS:PORT` of this machine.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "pty" {
            return Ok(Self::Pty);
        }
        let address = text.strip_prefix(SCHEME).and_then(|address| address.parse::<SocketAddr>().ok());
        let address = address.ok_or_else(|| format!("write it as pty, or as {SCHEME}127.0.0.1:0 for a free port"))?;
        if address.ip().is_loopback() {
            Ok(Self::Tcp(address))
        } else {
            Err(format!("{address} is open to other machines, and the line knows no secret: take 127.0.0.1"))
        }
    }
}

/// The line's end.
#[derive(Debug)]
pub struct Door {
    way: Way,
    is_open: bool,
}

#[derive(Debug)]
enum Way {
    Tcp { listener: TcpListener, stream: Option<TcpStream> },
    Pty { master: File, name: PathBuf },
}

impl Door {
    /// Opens it; nobody is there yet.
    ///
    /// # Errors
    /// The system has no such port, or no pseudo-terminal.
    pub fn open(at: At) -> io::Result<Self> {
        let way = match at {
            At::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Way::Tcp { listener, stream: None }
            }
            At::Pty => {
                let (master, name) = pty()?;
                Way::Pty { master: master.into(), name }
            }
        };
        Ok(Self { way, is_open: false })
    }

    /// What the other program calls it: `tcp://ADDRESS:PORT`, or the path of a device.
    ///
    /// # Errors
    /// The system does not say.
    pub fn name(&self) -> io::Result<String> {
        match &self.way {
            Way::Tcp { listener, .. } => Ok(format!("{SCHEME}{}", listener.local_addr()?)),
            Way::Pty { name, .. } => Ok(name.display().to_string()),
        }
    }

    /// Whether a program has the line, as far as was seen at the last look.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Looks who is there; returns what came.
    ///
    /// # Errors
    /// The system fails; that the other program has gone is no error.
    pub fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match &mut self.way {
            Way::Tcp { listener, stream } => {
                // Who has gone is seen before who comes next, who is not the second then.
                if let Some(open) = stream
                    && !take(open, &mut bytes)
                {
                    *stream = None;
                    self.is_open = false;
                    return Ok(bytes);
                }
                match listener.accept() {
                    // The line has one end: who comes second is sent away.
                    Ok((new, _)) if stream.is_none() => {
                        new.set_nonblocking(true)?;
                        new.set_nodelay(true)?;
                        *stream = Some(new);
                    }
                    Ok(_) => {}
                    Err(error) if may_go_on(&error) => {}
                    Err(error) => return Err(error),
                }
                self.is_open = stream.is_some();
            }
            Way::Pty { master, .. } => {
                let hung_up = {
                    let mut look = [PollFd::new(&*master, PollFlags::IN)];
                    wait_for(&mut look, Duration::ZERO)?;
                    look.iter().any(|look| look.revents().contains(PollFlags::HUP))
                };
                // What a program that has gone had said comes still; then there is an error in place of an end.
                self.is_open = take(master, &mut bytes) && !hung_up;
            }
        }
        Ok(bytes)
    }

    /// Says something; what nobody takes is lost.
    pub fn say(&mut self, bytes: &[u8]) {
        if !self.is_open {
            return;
        }
        match &mut self.way {
            Way::Tcp { stream: Some(stream), .. } => put(stream, bytes),
            Way::Tcp { stream: None, .. } => {}
            Way::Pty { master, .. } => put(master, bytes),
        }
    }

    /// Waits until something comes, no longer than so long.
    ///
    /// # Errors
    /// The system fails.
    pub fn wait(&self, time: Duration) -> io::Result<()> {
        let (fd, is_gone) = match &self.way {
            Way::Tcp { stream: Some(stream), .. } => (stream.as_fd(), false),
            Way::Tcp { listener, .. } => (listener.as_fd(), false),
            Way::Pty { master, .. } => (master.as_fd(), !self.is_open),
        };
        if is_gone {
            // A poll of a pseudo-terminal that nobody has returns at once.
            std::thread::sleep(time);
            return Ok(());
        }
        wait_for(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], time).map(drop)
    }
}

/// A pseudo-terminal that passes on bytes as they are, and its name.
fn pty() -> io::Result<(OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = PathBuf::from(ptsname(&master, Vec::new())?.to_string_lossy().into_owned());
    fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
    // Nothing is echoed to the board before the other program has made its settings; and from then on it shows that nobody is there.
    let other = open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(&other)?;
    settings.make_raw();
    tcsetattr(&other, OptionalActions::Now, &settings)?;
    Ok((master, name))
}

/// Takes what has come; returns whether the other end is there.
fn take(from: &mut impl Read, all: &mut Vec<u8>) -> bool {
    let mut bytes = [0; 1024];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => return false,
            Ok(count) => all.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) => return may_go_on(&error),
        }
    }
}

/// Gives bytes, as far as they are taken in time. That the other end has gone shows when it is heard next.
fn put(to: &mut (impl Write + AsFd), mut bytes: &[u8]) {
    let end = Instant::now() + UNTAKEN;
    while !bytes.is_empty() && Instant::now() < end {
        match to.write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if may_go_on(&error) => {
                let _ = wait_for(&mut [PollFd::from_borrowed_fd(to.as_fd(), PollFlags::OUT)], UNTAKEN);
            }
            Err(_) => return,
        }
    }
}

fn may_go_on(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(door: &mut Door) -> Vec<u8> {
        for _ in 0..1000 {
            let bytes = door.hear().unwrap();
            if !bytes.is_empty() {
                return bytes;
            }
            door.wait(Duration::from_millis(20)).unwrap();
        }
        panic!("nothing came");
    }

    #[test]
    fn only_this_machine_reaches_a_line() {
        assert_eq!(At::parse("pty"), Ok(At::Pty));
        assert_eq!(At::parse("tcp://127.0.0.1:0"), Ok(At::Tcp(([127, 0, 0, 1], 0).into())));
        assert!(At::parse("tcp://[::1]:7").is_ok());
        assert!(At::parse("tcp://0.0.0.0:7").unwrap_err().contains("other machines"));
        for wrong in ["", "tcp://", "tcp://127.0.0.1", "tcp://localhost:7", "127.0.0.1:7", "PTY", "/dev/pts/1"] {
            assert!(At::parse(wrong).unwrap_err().contains("write it as pty"), "{wrong}");
        }
    }

    /// One after the other; the second at a time is sent away, and nothing is kept for who comes later.
    #[test]
    fn one_program_at_a_time_has_a_port() {
        let mut door = Door::open(At::Tcp(([127, 0, 0, 1], 0).into())).unwrap();
        let name = door.name().unwrap();
        let address = name.strip_prefix("tcp://").unwrap();
        assert_eq!(door.hear().unwrap(), b"");
        assert!(!door.is_open());
        door.say(b"lost");
        let mut first = TcpStream::connect(address).unwrap();
        first.write_all(b"one").unwrap();
        assert_eq!(heard(&mut door), b"one");
        let mut second = TcpStream::connect(address).unwrap();
        while door.hear().is_ok_and(|bytes| bytes.is_empty()) && second.peek(&mut [0]).is_err() {}
        assert_eq!(second.read(&mut [0]).unwrap(), 0, "it was closed");
        door.say(b"to the first");
        let mut bytes = [0; 12];
        first.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"to the first");
        drop(first);
        // It comes before anybody has seen that the first one is gone, and is not sent away.
        let mut third = TcpStream::connect(address).unwrap();
        third.write_all(b"three").unwrap();
        assert_eq!(heard(&mut door), b"three");
    }

    #[test]
    fn a_pseudo_terminal_passes_on_every_byte_and_shows_who_is_there() {
        let mut door = Door::open(At::Pty).unwrap();
        assert_eq!(door.hear().unwrap(), b"");
        assert!(!door.is_open());
        door.say(b"lost");
        let all: Vec<u8> = (0..=255).collect();
        for _ in 0..2 {
            let mut port = File::options().read(true).write(true).open(door.name().unwrap()).unwrap();
            port.write_all(&all).unwrap();
            let mut came = Vec::new();
            while came.len() < all.len() {
                came.extend(heard(&mut door));
            }
            assert_eq!(came, all);
            assert!(door.is_open());
            door.say(&all);
            let mut back = vec![0; all.len()];
            port.read_exact(&mut back).unwrap();
            assert_eq!(back, all);
            drop(port);
            while door.is_open() {
                assert_eq!(door.hear().unwrap(), b"");
            }
        }
    }
}
