//! Stands between a centre and its server, and falls silent when it is told to: connections are taken and stay, and nothing goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What it does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    Open,
    Silent,
    /// It passes everything on until the centre says this, and then nothing, this included.
    SilentAt(&'static [u8]),
    Over,
}

/// The proxy. What stands in its way is let through when it ends.
pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<(Stance, usize)>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Stance, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until these bytes may go on; `false`: they may not any more.
    fn pass(&self, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        if let Stance::SilentAt(word) = state.0
            && bytes.windows(word.len()).any(|window| window == word)
        {
            state.0 = Stance::Silent;
        }
        while state.0 == Stance::Silent {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.0 != Stance::Over
    }
}

impl Proxy {
    /// Before the server at this socket.
    pub(super) fn new(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { state: Mutex::new((Stance::Open, 0)), changed: Condvar::new() });
        let here = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut state = here.lock();
                if state.0 == Stance::Over {
                    return;
                }
                state.1 += 1;
                here.changed.notify_all();
                let (here, socket) = (here.clone(), socket.clone());
                thread::spawn(move || carry(&here, stream.unwrap(), &socket));
            }
        });
        Self { port, shared }
    }

    pub(super) fn set(&self, stance: Stance) {
        self.shared.lock().0 = stance;
        self.shared.changed.notify_all();
    }

    /// Waits until so many connections have come.
    pub(super) fn wait_for(&self, connections: usize) {
        let state = self.shared.lock();
        drop(self.shared.changed.wait_while(state, |state| state.1 < connections));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Stance::Over);
        // Wakes whoever waits for a connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn carry(shared: &Arc<Shared>, mut client: TcpStream, socket: &PathBuf) {
    if !shared.pass(&[]) {
        return;
    }
    let Ok(mut server) = UnixStream::connect(socket) else { return };
    let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let back = shared.clone();
    thread::spawn(move || {
        pump(&back, &mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    pump(shared, &mut client, &mut server);
    let _ = server.shutdown(Shutdown::Both);
}

fn pump(shared: &Shared, from: &mut impl Read, to: &mut impl Write) {
    let mut bytes = [0; 65_536];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || !shared.pass(&bytes[..count]) || to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}
