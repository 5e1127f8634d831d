//! A private PC/SC server: speaks pcsc-lite's protocol on a socket of its own, with virtual readers behind it.
//!
//! Each client has a thread (`session`), which itself carries out the client's requests. Readers (`reader`) are shared,
//! each under a lock. Only the cards' files outlive the server.

mod attributes;
mod client;
mod complaints;
mod features;
mod keypad;
mod listener;
mod lock;
mod pin;
mod program;
mod reader;
mod session;
mod shared;
mod socket;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use thiserror::Error;

use qiyong_sim::card::desk::{Complain, DeskCard};

use crate::ctl::Refusal;
use crate::name::{NameProblem, ReaderName};
use crate::slot::{Observer, Slot, Way};
pub use listener::CLIENTS_MAX;
use lock::lock;
pub use shared::READERS_MAX;
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

/// How a server serves.
pub struct Setup {
    /// The readers' names, in the order of the readers; those that are left get one by their number.
    pub names: Vec<ReaderName>,
    /// Readers have keypads.
    pub keypads: bool,
    /// The way to the cards of readers that come while the server runs.
    pub way: Way,
    /// Is told what passes between programs and cards.
    pub observer: Option<Arc<dyn Observer>>,
    /// Is called about clients that violate the protocol, and about card files that cannot be written.
    pub complain: Complain,
}

/// Why a server cannot begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// Its socket cannot be made, or another server uses it.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// Two readers would have one name.
    #[error(transparent)]
    Name(NameProblem),
    /// There are more readers than programs see.
    #[error("{count} readers: {READERS_MAX} are the most that programs see; leave the others out")]
    TooManyReaders {
        /// How many there would be.
        count: usize,
    },
    /// There are more names than readers.
    #[error("{names} names for {readers} readers: every name is for a reader; leave the others out")]
    TooManyNames {
        /// How many names there are.
        names: usize,
        /// How many readers.
        readers: usize,
    },
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
    pub fn start(path: &Path, readers: Vec<NewReader>, keypads: bool, complain: Complain) -> Result<Self, StartError> {
        Self::with(path, readers, Setup { names: Vec::new(), keypads, way: Way::default(), observer: None, complain })
    }

    /// The same, as `setup` says.
    ///
    /// # Errors
    /// The socket cannot be made, or another server uses it; or names and readers do not fit.
    pub fn with(path: &Path, readers: Vec<NewReader>, setup: Setup) -> Result<Self, StartError> {
        let Setup { names, keypads, way, observer, complain } = setup;
        if names.len() > readers.len() {
            return Err(StartError::TooManyNames { names: names.len(), readers: readers.len() });
        }
        let count = readers.len();
        let shared = Arc::new(Shared::new(keypads, way, observer, complain));
        let mut names = names.into_iter();
        for NewReader { slot, card } in readers {
            shared.plug(names.next(), slot, |_| Ok(card)).map_err(|refusal| match refusal {
                Refusal::Name(problem) => StartError::Name(problem),
                _ => StartError::TooManyReaders { count },
            })?;
        }
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
    pub fn readers(&self) -> Vec<String> {
        self.shared.readers().iter().map(|reader| reader.name.clone()).collect()
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
        for reader in self.shared.readers() {
            reader.remove();
        }
    }
}
