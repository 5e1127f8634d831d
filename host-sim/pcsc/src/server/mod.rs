//! A private PC/SC server: speaks pcsc-lite's protocol on a socket of its own, with virtual readers behind it.
//!
//! Each client has a thread (`session`), which itself carries out the client's requests. Readers (`reader`) are shared,
//! each under a lock. Only the cards' files outlive the server.

mod attributes;
mod client;
mod complaints;
mod keypad;
mod listener;
mod lock;
mod reader;
mod session;
mod shared;
mod socket;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use qiyong_sim::card::desk::{Complain, DeskCard};

use crate::slot::Slot;
pub use listener::CLIENTS_MAX;
use lock::lock;
use reader::Reader;
use shared::Shared;
pub use socket::SocketError;
use socket::SocketFile;

/// A reader for a new server: its slot, and the card in it.
pub struct NewReader {
    /// The slot.
    pub slot: Box<dyn Slot>,
    /// The card that is in it at the beginning.
    pub card: Option<DeskCard>,
}

/// A running server. It ends when dropped: connections are closed and the socket is removed.
pub struct Server {
    shared: Arc<Shared>,
    listener: Option<thread::JoinHandle<()>>,
    /// The listener ends when this is dropped.
    stop: Option<UnixStream>,
    socket: SocketFile,
}

impl Server {
    /// Opens `path` and serves every program that connects to it; `complain` is called about clients that violate the
    /// protocol.
    ///
    /// # Errors
    /// The socket cannot be made, or another server uses it.
    pub fn start(path: &Path, readers: Vec<NewReader>, keypads: bool, complain: Complain) -> Result<Self, SocketError> {
        let mut ready = Vec::new();
        for (number, NewReader { slot, card }) in (0..).zip(readers) {
            let reader = Reader::new(number, slot);
            if let Some(card) = card {
                reader.insert(card);
            }
            ready.push(Arc::new(reader));
        }
        let shared = Arc::new(Shared::new(ready, keypads, complain));
        let io = |error| SocketError::Io { path: path.into(), error };
        let (socket, listener) = SocketFile::open(path)?;
        listener.set_nonblocking(true).map_err(io)?;
        let (stop, stopped) = UnixStream::pair().map_err(io)?;
        let accepting = shared.clone();
        let listener = thread::Builder::new()
            .name("pcsc listener".into())
            .spawn(move || listener::accept(&accepting, &listener, &stopped))
            .map_err(io)?;
        Ok(Self { shared, listener: Some(listener), stop: Some(stop), socket })
    }

    /// The readers' names.
    pub fn readers(&self) -> impl Iterator<Item = &str> {
        self.shared.readers.iter().map(|reader| reader.name.as_str())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whoever the path belongs to by now: the listener is woken without it.
        drop(self.stop.take());
        self.socket.remove();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        lock(&self.shared.clients).values().for_each(|client| client.hang_up());
        for reader in &self.shared.readers {
            reader.remove();
        }
    }
}
