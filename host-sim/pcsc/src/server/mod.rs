//! A private PC/SC server: speaks pcsc-lite's protocol on a socket of its own, with virtual readers behind it.
//!
//! Each client has a thread (`session`), which itself carries out the client's requests. Readers (`reader`) are shared,
//! each under a lock. Only the cards' files outlive the server.

mod attributes;
mod client;
mod keypad;
mod reader;
mod session;
mod socket;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::codes::Rv;
use crate::ctl::{Action, Deed, Done, Refusal};
use crate::slot::Slot;
use crate::wire::Ctl;
use client::Client;
use keypad::{Keyed, Keypad};
use qiyong_sim::card::desk::{Complain, DeskCard, same_file};
use reader::Reader;
use session::Session;
pub use socket::SocketError;
use socket::SocketFile;

/// The most clients at a time, as in pcscd. The connection of a further client is closed.
pub const CLIENTS_MAX: usize = 200;
/// How long a client may leave an answer unread before its connection is closed.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// How long the listener pauses when the system gives it no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    socket: SocketFile,
}

/// What all sessions share.
struct Shared {
    readers: Vec<Arc<Reader>>,
    /// One for each reader; empty for a server without keypads.
    keypads: Vec<Keypad>,
    clients: Mutex<HashMap<u64, Arc<Client>>>,
    /// How many events there have been that waiting clients are told.
    events: AtomicU64,
    /// How many contexts and connections there have been.
    count: AtomicU32,
    /// Makes the names of contexts and connections hard to guess, and different from those of other servers.
    names: RandomState,
    stopping: AtomicBool,
    complain: Complain,
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
        let keypads = ready.iter().filter(|_| keypads).map(|_| Keypad::default()).collect();
        let shared = Arc::new(Shared {
            readers: ready,
            keypads,
            clients: Mutex::default(),
            events: AtomicU64::new(0),
            count: AtomicU32::new(0),
            names: RandomState::new(),
            stopping: AtomicBool::new(false),
            complain,
        });
        let (socket, listener) = SocketFile::open(path)?;
        let accepting = shared.clone();
        let listener = thread::Builder::new()
            .name("pcsc listener".into())
            .spawn(move || accept(&accepting, &listener))
            .map_err(|error| SocketError::Io { path: path.into(), error })?;
        Ok(Self { shared, listener: Some(listener), socket })
    }

    /// The readers' names.
    pub fn readers(&self) -> impl Iterator<Item = &str> {
        self.shared.readers.iter().map(|reader| reader.name.as_str())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // This wakes the listener, which then sees that it must stop.
        let woken = UnixStream::connect(self.socket.path()).is_ok();
        self.socket.remove();
        if let Some(listener) = self.listener.take().filter(|_| woken) {
            let _ = listener.join();
        }
        lock(&self.shared.clients).values().for_each(|client| client.hang_up());
        for reader in &self.shared.readers {
            reader.remove();
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &UnixListener) {
    for (id, stream) in (1..).zip(listener.incoming()) {
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        match stream {
            Ok(stream) => {
                if let Err(error) = admit(shared, id, stream) {
                    shared.complain(&format!("client {id}: {error}"));
                }
            }
            Err(error) => {
                // Probably out of file descriptors: the next try may succeed.
                shared.complain(&format!("cannot accept a client: {error}"));
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Gives a client a thread, if there is room.
fn admit(shared: &Arc<Shared>, id: u64, stream: UnixStream) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    let client = Arc::new(Client::new(id, stream));
    {
        let mut clients = lock(&shared.clients);
        if clients.len() >= CLIENTS_MAX {
            return Err(io::Error::other(format!("{CLIENTS_MAX} clients are the most at a time; it is hung up on")));
        }
        clients.insert(id, client.clone());
    }
    let own = shared.clone();
    let serve = move || {
        // Runs when the session ends, also by a panic.
        let _leaving = Leaving(own.clone(), id);
        Session::new(own, client).run();
    };
    let spawned = thread::Builder::new().name(format!("pcsc client {id}")).spawn(serve);
    spawned.map(drop).inspect_err(|_| drop(lock(&shared.clients).remove(&id)))
}

/// Takes a client off the list.
struct Leaving(Arc<Shared>, u64);

impl Drop for Leaving {
    fn drop(&mut self) {
        lock(&self.0.clients).remove(&self.1);
    }
}

impl Shared {
    /// A name for a context or connection, not in use: 31 bits, since some programs keep it as a signed number.
    fn fresh(&self) -> u32 {
        loop {
            // 21 bits of count do not repeat soon enough to matter; 10 random bits make servers differ.
            let count = self.count.fetch_add(1, Ordering::Relaxed) & 0x1F_FFFF;
            let name = (self.names.hash_one(0) as u32 & 0x3FF) << 21 | count;
            if name != 0 {
                return name;
            }
        }
    }

    fn reader(&self, name: &[u8]) -> Option<Arc<Reader>> {
        self.readers.iter().find(|reader| reader.name.as_bytes() == name).cloned()
    }

    fn events(&self) -> u64 {
        self.events.load(Ordering::Acquire)
    }

    /// Tells waiting clients that something happened.
    fn happened(&self) {
        self.events.fetch_add(1, Ordering::AcqRel);
        let clients: Vec<_> = lock(&self.clients).values().cloned().collect();
        for client in clients {
            client.wake(Rv::SUCCESS);
        }
    }

    fn cancel(&self, context: u32) -> Result<(), Rv> {
        let client = lock(&self.clients).values().find(|client| client.context() == context && context != 0).cloned();
        match client {
            Some(client) if client.wake(Rv::CANCELLED) => Ok(()),
            _ => Err(Rv::INVALID_HANDLE),
        }
    }

    fn complain(&self, what: &str) {
        (self.complain)(what);
    }

    /// Does what `qiyong pcscd ctl` asks for.
    fn carry_out(&self, request: &Ctl<'_>) -> Result<Done, Refusal> {
        let action = Action::read(request)?;
        let reader = match request.reader.bytes() {
            [] => match self.readers.as_slice() {
                [only] => only,
                _ => return Err(Refusal::SeveralReaders { there: self.names() }),
            },
            name => {
                let number = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
                let found =
                    self.readers.iter().find(|reader| reader.name.as_bytes() == name || number == Some(reader.number));
                found.ok_or_else(|| Refusal::NoReader {
                    wanted: String::from_utf8_lossy(name).into_owned(),
                    there: self.names(),
                })?
            }
        };
        let what = self.act(reader, action)?;
        self.happened();
        Ok(Done { reader: reader.name.clone(), what })
    }

    fn act(&self, reader: &Reader, action: Action) -> Result<Deed, Refusal> {
        let name = || reader.name.clone();
        let last = || reader.card_file().ok_or_else(|| Refusal::NoCardBefore { reader: name() });
        match action {
            Action::Insert(_) if reader.has_card() => Err(Refusal::Occupied { reader: name() }),
            Action::Insert(path) => {
                let path = path.map_or_else(last, Ok)?;
                reader.insert(self.open(&path, reader)?);
                Ok(Deed::Inserted)
            }
            Action::Remove if reader.remove() => Ok(Deed::Removed),
            Action::Remove => Err(Refusal::Empty { reader: name() }),
            Action::Swap(path) => {
                // The reader holds the file of the card in it; another card is only taken out when there is a new one.
                if reader.card_file().is_some_and(|own| same_file(&own, &path)) {
                    reader.remove();
                }
                let card = self.open(&path, reader)?;
                reader.insert(card);
                Ok(Deed::Swapped)
            }
            Action::Mute => {
                let path = last()?;
                reader.remove();
                reader.insert(DeskCard { mute: true, ..self.open(&path, reader)? });
                Ok(Deed::Muted)
            }
            Action::Key(pin) => self.key(reader, Keyed::Pin(pin)),
            Action::CancelKey => self.key(reader, Keyed::Cancel),
        }
    }

    /// A card for `reader`, unless it is in another one.
    fn open(&self, path: &Path, reader: &Reader) -> Result<DeskCard, Refusal> {
        let has_it = |other: &&Arc<Reader>| {
            other.number != reader.number
                && other.has_card()
                && other.card_file().is_some_and(|file| same_file(&file, path))
        };
        match self.readers.iter().find(has_it) {
            Some(other) => Err(Refusal::CardElsewhere { card: path.into(), other: other.name.clone() }),
            None => Ok(DeskCard::open(path, self.complain)?),
        }
    }

    fn key(&self, reader: &Reader, keyed: Keyed) -> Result<Deed, Refusal> {
        let keypad = self.keypads.get(reader.number as usize);
        let keypad = keypad.ok_or(Refusal::NoKeypad)?;
        if !keypad.key(keyed) {
            return Err(Refusal::NothingAwaited { reader: reader.name.clone() });
        }
        Ok(Deed::Keyed)
    }

    fn names(&self) -> Vec<String> {
        self.readers.iter().map(|reader| reader.name.clone()).collect()
    }
}

/// Locks. A thread that panicked while it held the lock has ended only its own client.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
