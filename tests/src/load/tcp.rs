//! A terminal's line over TCP, to whichever centre of several takes it: where they listen may change while it is in use.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::carrier::{Carrier, Heard};

/// How long a terminal waits for an answer (docs/card.md §5.5), and for somebody who takes its connection.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a frame's length.
const LENGTH: usize = 2;

/// Where centres listen now.
#[derive(Debug, Default)]
pub struct Addresses {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Now {
    all: Vec<SocketAddr>,
    /// How often it has changed.
    changes: u64,
}

impl Addresses {
    /// Centres listen at these from now on.
    #[must_use]
    pub fn new(all: Vec<SocketAddr>) -> Arc<Self> {
        let addresses = Self::default();
        addresses.set(all);
        Arc::new(addresses)
    }

    /// The same, when it has changed.
    pub fn set(&self, all: Vec<SocketAddr>) {
        let mut now = self.now();
        now.all = all;
        now.changes += 1;
        drop(now);
        self.changed.notify_all();
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to one of them, tried in turn from the `first`th on; waits for a change if none takes it.
    fn connect(&self, first: usize) -> Option<TcpStream> {
        loop {
            let (all, seen) = {
                let now = self.now();
                (now.all.clone(), now.changes)
            };
            let mut in_turn = (0..all.len()).map(|at| all[(first + at) % all.len()]);
            let connected = in_turn.find_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok());
            if let Some(stream) = connected {
                // Without it, it is only slower.
                let _ = stream.set_nodelay(true);
                stream.set_read_timeout(Some(PATIENCE)).ok()?;
                return Some(stream);
            }
            let wait = self.changed.wait_timeout_while(self.now(), PATIENCE, |now| now.changes == seen);
            let (now, waited) = wait.unwrap_or_else(PoisonError::into_inner);
            drop(now);
            if waited.timed_out() {
                return None;
            }
        }
    }
}

/// A line.
#[derive(Debug)]
pub struct Tcp {
    addresses: Arc<Addresses>,
    /// Which of the addresses is tried first.
    first: usize,
    stream: Option<TcpStream>,
}

impl Tcp {
    /// A line that tries the `first`th address first, and the next one each time that it lost its connection.
    #[must_use]
    pub const fn new(addresses: Arc<Addresses>, first: usize) -> Self {
        Self { addresses, first, stream: None }
    }
}

impl Carrier for Tcp {
    fn ask(&mut self, message: &[u8]) -> Heard {
        let Some(mut stream) = self.stream.take().or_else(|| self.addresses.connect(self.first)) else {
            return Heard::Unsent;
        };
        match exchange(&mut stream, message) {
            Ok(answer) => {
                self.stream = Some(stream);
                Heard::Answer(answer)
            }
            Err(kind) => {
                self.first = self.first.wrapping_add(1);
                if matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut) { Heard::Nothing } else { Heard::Broken }
            }
        }
    }
}

fn exchange(stream: &mut TcpStream, message: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let kind = |error: std::io::Error| error.kind();
    stream.write_all(message).map_err(kind)?;
    let mut answer = vec![0; LENGTH];
    stream.read_exact(&mut answer).map_err(kind)?;
    let length = answer.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    answer.resize(LENGTH + length, 0);
    stream.read_exact(&mut answer[LENGTH..]).map_err(kind)?;
    Ok(answer)
}
