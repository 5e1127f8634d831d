//! One client as the rest of the server sees it: its socket, and whether it waits for an event. Requests are handled in
//! `session`.
//!
//! A waiting client gets exactly one message: that something happened, that its wait was cancelled, or the answer to
//! its own STOP. A lock decides which one, so that a client's stream of answers is never out of step.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::lock::lock;
use super::program;
use crate::codes::Rv;
use crate::wire::Waited;

/// How long a thread stays awake for a request that will come soon: the time that a program needs between two APDUs.
const AWAKE: Duration = Duration::from_micros(50);

/// A connected program.
#[derive(Debug)]
pub(super) struct Client {
    /// Its number; never used twice.
    pub(super) id: u64,
    /// The number of its process; 0 if it is not known.
    pub(super) process: i32,
    /// What its process is called, once somebody wants to know.
    program: OnceLock<Arc<str>>,
    /// The number of its last request among those of all clients.
    pub(super) last_request: AtomicU64,
    /// Whether a request of it is being carried out.
    is_served: AtomicBool,
    /// How many connections to cards it has.
    cards: AtomicUsize,
    stream: UnixStream,
    context: AtomicU32,
    wait: Mutex<Wait>,
}

#[derive(Clone, Copy, Debug)]
enum Wait {
    /// The client does not wait.
    No,
    /// The client has asked to wait but has not got the states yet; what happens until then is told afterwards.
    Asked(Option<Rv>),
    /// The client waits.
    Yes,
}

impl Client {
    /// `request`: how many requests of all clients there have been.
    pub(super) fn new(id: u64, stream: UnixStream, request: u64) -> Self {
        Self {
            id,
            process: socket_peercred(&stream).map_or(0, |peer| peer.pid.as_raw_nonzero().get()),
            program: OnceLock::new(),
            last_request: AtomicU64::new(request),
            is_served: AtomicBool::new(false),
            cards: AtomicUsize::new(0),
            stream,
            context: AtomicU32::new(0),
            wait: Mutex::new(Wait::No),
        }
    }

    /// What its process is called.
    pub(super) fn program(&self) -> &Arc<str> {
        self.program.get_or_init(|| program::label(self.process).into())
    }

    /// Whether it waits for an event.
    pub(super) fn is_waiting(&self) -> bool {
        !matches!(*lock(&self.wait), Wait::No)
    }

    /// A request of the client begins, the one with this number among those of all clients.
    pub(super) fn begins(&self, request: u64) {
        self.is_served.store(true, Ordering::Relaxed);
        self.last_request.store(request, Ordering::Relaxed);
    }

    /// The request is answered; from now on the client has so many connections to cards.
    pub(super) fn is_answered(&self, cards: usize) {
        self.cards.store(cards, Ordering::Relaxed);
        self.is_served.store(false, Ordering::Relaxed);
    }

    /// Whether nothing is lost when the client has to go: it has no card, wants nothing, and does not wait.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_served.load(Ordering::Relaxed)
            && self.cards.load(Ordering::Relaxed) == 0
            && matches!(*lock(&self.wait), Wait::No)
    }

    /// Awaits bytes from the program; returns how many came, 0 when the program is gone.
    ///
    /// libpcsclite writes a request in three pieces. If this thread slept, each piece would wake it, and on one core
    /// the thread would then take the processor from the program between the pieces. So if more is to come `soon`, the
    /// thread stays awake for a moment and lets the program go first.
    pub(super) fn read(&self, buffer: &mut [u8], soon: bool) -> io::Result<usize> {
        if soon {
            let asleep_at = Instant::now() + AWAKE;
            while Instant::now() < asleep_at {
                thread::yield_now();
                match recv(&self.stream, &mut *buffer, RecvFlags::DONTWAIT) {
                    Ok((count, _)) => return Ok(count),
                    Err(Errno::WOULDBLOCK) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        (&self.stream).read(buffer)
    }

    /// Its context; 0 for none.
    pub(super) fn context(&self) -> u32 {
        self.context.load(Ordering::Relaxed)
    }

    pub(super) fn set_context(&self, context: u32) {
        self.context.store(context, Ordering::Relaxed);
    }

    /// Whether the program has closed its end, or died.
    pub(super) fn is_gone(&self) -> bool {
        let mut fds = [PollFd::new(&self.stream, PollFlags::HUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Ends the connection; the client's thread notices.
    pub(super) fn hang_up(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }

    pub(super) fn answer(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.stream).write_all(bytes)
    }

    /// The client asks to wait, and is about to get the states.
    pub(super) fn asks_to_wait(&self) {
        *lock(&self.wait) = Wait::Asked(None);
    }

    /// The client has got the states. If it asked to wait, it waits from now on. `missed`: something happened before it
    /// asked.
    pub(super) fn has_states(&self, missed: bool) {
        let mut wait = lock(&self.wait);
        match *wait {
            Wait::Asked(None) if !missed => *wait = Wait::Yes,
            Wait::Asked(rv) => {
                *wait = Wait::No;
                self.tell(rv.unwrap_or(Rv::SUCCESS));
            }
            Wait::No | Wait::Yes => {}
        }
    }

    /// The client no longer wants to wait. `false`: it has already been told something, and must get no answer.
    pub(super) fn stops_waiting(&self) -> bool {
        !matches!(std::mem::replace(&mut *lock(&self.wait), Wait::No), Wait::No)
    }

    /// Ends the client's wait; `false`: it did not wait.
    pub(super) fn wake(&self, rv: Rv) -> bool {
        let mut wait = lock(&self.wait);
        match &mut *wait {
            Wait::No => return false,
            Wait::Asked(pending) => *pending = pending.or(Some(rv)),
            Wait::Yes => {
                *wait = Wait::No;
                self.tell(rv);
            }
        }
        true
    }

    /// Never blocks: a program that does not read its messages must not delay the thread that has news for it.
    fn tell(&self, rv: Rv) {
        let mut message = Vec::with_capacity(Waited::LEN);
        Waited { time_out: 0, rv: rv.0 }.write(&mut message);
        if send(&self.stream, &message, SendFlags::DONTWAIT) != Ok(message.len()) {
            self.hang_up();
        }
    }
}
