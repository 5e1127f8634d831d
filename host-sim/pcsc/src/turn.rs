//! A transaction on the card in a reader, awaited no longer than a caller has time. What is done in it is `reader_slot`'s.
//!
//! The PC/SC service lets a program wait for another one's transaction without a bound, and nothing ends that wait. So a thread
//! waits, and a caller whose time is over goes without it. One thread waits for a reader: whoever comes meanwhile gets what it
//! brings. What nobody awaits any more, it gives back at once, and leaves the card as it is.

use std::ffi::{CStr, CString};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, process, thread};

use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, ShareMode, State};

use crate::service;

/// The least time for a transaction that nobody hinders, and the time between two looks at who hinders it.
const LEAST: Duration = Duration::from_millis(100);
/// How often another program may reset the card before the transaction comes.
const RESETS: usize = 16;

/// The threads that wait now.
static WAITS: Mutex<Vec<Named>> = Mutex::new(Vec::new());

/// A wait, and what for.
struct Named {
    reader: CString,
    /// A process that was forked has the connection, too, but not the thread.
    process: u32,
    wait: Arc<Wait>,
}

/// What a thread and its callers share.
struct Wait {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    callers: usize,
    stage: Stage,
}

/// How far a thread is.
enum Stage {
    /// The service makes the connection: it powers the card, or already waits for another program.
    Connecting,
    /// It waits for another program.
    Connected,
    /// It has ended; `None`: a caller has taken the card.
    Over(Option<Result<Card, Error>>),
}

/// How a caller's wait ended.
enum Ended {
    With(Result<Card, Error>),
    /// Another caller has the card.
    Elsewhere,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A card with a transaction on it, from which nothing was reset.
///
/// After a sharing violation the context may be busy with the wait: look for the reader with another one.
///
/// # Errors
/// A sharing violation: another program had the card for all this time. Else what the service says.
pub(crate) fn take(context: &Context, reader: &CStr, patience: Duration) -> Result<Card, Error> {
    let end = Instant::now() + patience.max(LEAST);
    loop {
        if let Ended::With(outcome) = join(context, reader)?.outcome(reader, end) {
            return outcome;
        }
    }
}

/// The thread that waits for this reader; one more caller counts on it.
fn join(context: &Context, reader: &CStr) -> Result<Arc<Wait>, Error> {
    let mut waits = lock(&WAITS);
    // Another process's connection cannot be closed: libpcsclite would say so to the service.
    let (ours, others) = mem::take(&mut *waits).into_iter().partition(|named| named.process == process::id());
    mem::forget::<Vec<Named>>(others);
    *waits = ours;
    if let Some(Named { wait, .. }) = waits.iter().find(|named| named.reader.as_c_str() == reader) {
        lock(&wait.inner).callers += 1;
        return Ok(Arc::clone(wait));
    }
    let inner = Mutex::new(Inner { callers: 1, stage: Stage::Connecting });
    let wait = Arc::new(Wait { inner, changed: Condvar::new() });
    let (own, context, name) = (Arc::clone(&wait), context.clone(), reader.to_owned());
    thread::Builder::new().spawn(move || own.run(&context, &name)).map_err(|_| Error::NoMemory)?;
    waits.push(Named { reader: reader.to_owned(), process: process::id(), wait: Arc::clone(&wait) });
    Ok(wait)
}

impl Wait {
    /// The thread's work.
    fn run(&self, context: &Context, reader: &CStr) {
        let outcome = begin(context, reader, || lock(&self.inner).stage = Stage::Connected);
        // Nobody joins from here on.
        let mut waits = lock(&WAITS);
        waits.retain(|named| !std::ptr::eq(&*named.wait, self));
        let mut inner = lock(&self.inner);
        if inner.callers > 0 {
            inner.stage = Stage::Over(Some(outcome));
            self.changed.notify_all();
        } else if let Ok(card) = outcome {
            drop((inner, waits));
            give_back(card);
        }
    }

    /// What the thread brings, if it does by then, or soon after.
    fn outcome(&self, reader: &CStr, mut end: Instant) -> Ended {
        let mut inner = lock(&self.inner);
        // Two looks, since at the first one the connection may just have been made, and be the one that is seen.
        let mut was_hindered = false;
        loop {
            if let Stage::Over(outcome) = &mut inner.stage {
                let outcome = outcome.take();
                inner.callers -= 1;
                return outcome.map_or(Ended::Elsewhere, Ended::With);
            }
            let left = end.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let connecting = matches!(inner.stage, Stage::Connecting);
            drop(inner);
            // A card may need long for its answer to reset. Only another program is a hindrance.
            let hindered = if connecting { is_used(reader) } else { Ok(true) };
            inner = lock(&self.inner);
            if matches!(inner.stage, Stage::Over(_)) {
                continue;
            }
            match hindered {
                Ok(now) if !(now && was_hindered) => (was_hindered, end) = (now, Instant::now() + LEAST),
                outcome => {
                    inner.callers -= 1;
                    return Ended::With(Err(outcome.err().unwrap_or(Error::SharingViolation)));
                }
            }
        }
    }
}

/// Connects, says so, and begins a transaction.
fn begin(context: &Context, reader: &CStr, connected: impl FnOnce()) -> Result<Card, Error> {
    let mut card = context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
    connected();
    for _ in 0..RESETS {
        // Never ended here: SCardDisconnect ends it, and so does the end of this program.
        let again = match card.transaction().map(mem::forget) {
            Ok(()) => return Ok(card),
            // The other program has reset the card before it let go.
            Err(Error::ResetCard | Error::UnpoweredCard) => {
                card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = again {
            give_back(card);
            return Err(error);
        }
    }
    give_back(card);
    Err(Error::SharingViolation)
}

/// Ends connection and transaction, and leaves the card to the others as it is.
fn give_back(card: Card) {
    // If this fails, the card is out or the service is gone.
    let _ = card.disconnect(Disposition::LeaveCard);
}

/// Whether a program uses the card in this reader; the connection that is being made does not count yet.
fn is_used(reader: &CStr) -> Result<bool, Error> {
    let context = service::context().map_err(|_| Error::NoService)?;
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    context.get_status_change(Duration::ZERO, &mut states)?;
    Ok(states.iter().any(|state| state.event_state().intersects(State::INUSE | State::EXCLUSIVE)))
}
