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
/// How long the service may make a connection, which it does while the card answers, beyond what a caller has time for.
const CONNECTING_MAX: Duration = Duration::from_secs(30);
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

/// How long a caller goes on waiting. A card may need long for its answer to reset: only another program is a hindrance, and else the
/// service is waited for, up to a bound.
struct Patience {
    /// When to look next, and at first when the caller's time is over.
    end: Instant,
    /// When the service has had time enough.
    last: Instant,
    was_hindered: bool,
}

impl Patience {
    fn new(now: Instant, patience: Duration) -> Self {
        let end = now + patience.max(LEAST);
        Self { end, last: end + CONNECTING_MAX, was_hindered: false }
    }

    fn left(&self, now: Instant) -> Duration {
        self.end.saturating_duration_since(now)
    }

    /// At the end of the time: why the caller goes without the card; `None`: a little longer. It takes two looks to see a hindrance,
    /// since at the first one the connection may just have been made, and be the one that is seen.
    fn over(&mut self, now: Instant, is_hindered: bool) -> Option<Error> {
        if is_hindered && self.was_hindered {
            return Some(Error::SharingViolation);
        }
        if now >= self.last && !is_hindered {
            return Some(Error::Timeout);
        }
        (self.was_hindered, self.end) = (is_hindered, now + LEAST);
        None
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A card with a transaction on it, from which nothing was reset.
///
/// After a sharing violation the context may be busy with the wait: look for the reader with another one.
///
/// # Errors
/// A sharing violation: another program had the card for all this time. A time-out: nobody has it, and the service has made no
/// connection for [`CONNECTING_MAX`] more. Else what the service says.
pub(crate) fn take(context: &Context, reader: &CStr, patience: Duration) -> Result<Card, Error> {
    let mut patience = Patience::new(Instant::now(), patience);
    loop {
        if let Ended::With(outcome) = join(context, reader)?.outcome(reader, &mut patience) {
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
    fn outcome(&self, reader: &CStr, patience: &mut Patience) -> Ended {
        let mut inner = lock(&self.inner);
        loop {
            if let Stage::Over(outcome) = &mut inner.stage {
                let outcome = outcome.take();
                inner.callers -= 1;
                return outcome.map_or(Ended::Elsewhere, Ended::With);
            }
            let left = patience.left(Instant::now());
            if !left.is_zero() {
                inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let connecting = matches!(inner.stage, Stage::Connecting);
            drop(inner);
            let is_hindered = if connecting { is_used(reader) } else { Ok(true) };
            inner = lock(&self.inner);
            if matches!(inner.stage, Stage::Over(_)) {
                continue;
            }
            let over = is_hindered.map_or_else(Some, |is_hindered| patience.over(Instant::now(), is_hindered));
            if let Some(error) = over {
                inner.callers -= 1;
                return Ended::With(Err(error));
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

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// How a caller ends, and when, who sees at each look whether another program is there; no time passes but in here.
    fn ends(is_hindered: impl Fn(usize) -> bool) -> Option<(Error, Duration)> {
        let begin = Instant::now();
        let (mut now, mut patience) = (begin, Patience::new(begin, PATIENCE));
        (0..10_000).find_map(|look| {
            now += patience.left(now);
            patience.over(now, is_hindered(look)).map(|error| (error, now - begin))
        })
    }

    #[test]
    fn a_service_that_makes_no_connection_is_waited_for_up_to_a_bound() {
        assert_eq!(ends(|_| false), Some((Error::Timeout, PATIENCE + CONNECTING_MAX)));
        // Somebody who comes and goes at each look.
        assert_eq!(ends(|look| look % 2 == 0).map(|(error, _)| error), Some(Error::Timeout));
    }

    #[test]
    fn another_program_is_seen_at_two_looks_and_not_waited_for_any_longer() {
        assert_eq!(ends(|_| true), Some((Error::SharingViolation, PATIENCE + LEAST)));
        assert_eq!(ends(|look| look > 9), Some((Error::SharingViolation, PATIENCE + 11 * LEAST)));
    }
}
