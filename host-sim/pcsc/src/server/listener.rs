//! Lets clients in, and decides who has to go when there is no room.
//!
//! At most [`CLIENTS_MAX`] clients are served at a time. When one more comes, it takes the place of the one without a
//! context that has said nothing for the longest time. If all have contexts, the program with the most connections makes
//! room, unless that is the newcomer's own: with its connection that has said nothing for the longest time, has no card
//! and does not wait for events. If there is none, the newcomer is hung up on.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use super::client::Client;
use super::complaints::Kind;
use super::lock::lock;
use super::session::Session;
use super::shared::Shared;

/// The most clients at a time, as in pcscd.
pub const CLIENTS_MAX: usize = 200;
/// How long a client may leave an answer unread before its connection is closed.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How long the listener pauses when the system gives it no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Lets clients in until the other end of `stop` is dropped.
pub(super) fn accept(shared: &Arc<Shared>, listener: &UnixListener, stop: &UnixStream) {
    let mut id = 0;
    loop {
        let mut fds = [PollFd::new(listener, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
        // An interrupted wait is repeated.
        let _ = poll(&mut fds, None);
        if !fds[1].revents().is_empty() {
            return;
        }
        match listener.accept() {
            Ok((stream, _)) => {
                id += 1;
                if let Err(error) = admit(shared, id, stream) {
                    shared.complaints.tell(Kind::System, &format!("client {id}: {error}"));
                }
            }
            // It has gone away in the meantime.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                // Probably out of file descriptors: the next try may succeed.
                shared.complaints.tell(Kind::System, &format!("cannot accept a client: {error}"));
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Gives a client a thread, if there is room.
fn admit(shared: &Arc<Shared>, id: u64, stream: UnixStream) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    let client = Arc::new(Client::new(id, stream, shared.requests.load(Ordering::Relaxed)));
    {
        let mut clients = lock(&shared.clients);
        if clients.len() >= CLIENTS_MAX {
            let Some(leaves) = makes_room(&clients, &client) else {
                let why = format!("client {id}: {CLIENTS_MAX} clients are the most at a time; it is hung up on");
                shared.complaints.tell(Kind::Admission, &why);
                return Ok(());
            };
            // Its thread notices.
            leaves.hang_up();
            clients.remove(&leaves.id);
            let why = format!("client {} has been idle and makes room for client {id}", leaves.id);
            shared.complaints.tell(Kind::Admission, &why);
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

/// Who goes, so that `newcomer` can be served.
fn makes_room(clients: &HashMap<u64, Arc<Client>>, newcomer: &Client) -> Option<Arc<Client>> {
    let longest = |clients: &mut dyn Iterator<Item = &Arc<Client>>| {
        clients.min_by_key(|client| (client.last_request.load(Ordering::Relaxed), client.id)).cloned()
    };
    if let Some(idle) = longest(&mut clients.values().filter(|client| client.is_idle() && client.context() == 0)) {
        return Some(idle);
    }
    let mut counts: HashMap<_, usize> = HashMap::new();
    clients.values().for_each(|client| *counts.entry(client.process).or_default() += 1);
    let (most, count) = counts.iter().max_by_key(|(_, count)| **count)?;
    // The newcomer counts, too.
    let own = counts.get(&newcomer.process).map_or(1, |count| count + 1);
    let mut theirs = clients.values().filter(|client| client.process == *most && client.is_idle());
    if own < *count { longest(&mut theirs) } else { None }
}

/// Takes a client off the list.
struct Leaving(Arc<Shared>, u64);

impl Drop for Leaving {
    fn drop(&mut self) {
        lock(&self.0.clients).remove(&self.1);
    }
}
