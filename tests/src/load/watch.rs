//! Who watches the terminals of a load: how much they have asked, and whether they are to end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What all terminals of a load have done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Moments: each message that is sent and each answer is one.
    pub moment: u64,
    /// Messages that were sent.
    pub sent: u64,
    /// Sales of which the terminal knows what became.
    pub settled: u64,
    over: bool,
    /// What somebody waits for: messages that were sent, and sales that are settled.
    wanted: (u64, u64),
}

impl Count {
    const fn is_reached(&self) -> bool {
        self.over || self.sent >= self.wanted.0 && self.settled >= self.wanted.1
    }
}

/// Who watches them.
#[derive(Debug, Default)]
pub struct Watch {
    count: Mutex<Count>,
    changed: Condvar,
}

impl Watch {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Count)) -> u64 {
        let mut count = self.count();
        change(&mut count);
        count.moment += 1;
        let (moment, reached) = (count.moment, count.is_reached());
        drop(count);
        // Whoever waits is woken once, and not with each message.
        if reached {
            self.changed.notify_all();
        }
        moment
    }

    /// A message is sent now; the number of this moment.
    pub fn sent(&self) -> u64 {
        self.change(|count| count.sent += 1)
    }

    /// An answer came, or none comes; the number of this moment.
    pub fn heard(&self) -> u64 {
        self.change(|_| ())
    }

    /// A sale is settled.
    pub fn settled(&self) {
        self.change(|count| count.settled += 1);
    }

    /// Nobody is to begin another visit.
    pub fn end(&self) {
        self.change(|count| count.over = true);
    }

    /// Whether the load ends.
    pub fn is_over(&self) -> bool {
        self.count().over
    }

    /// How far it is.
    pub fn now(&self) -> Count {
        *self.count()
    }

    /// Waits until so many more messages are sent and so many more sales settled, or the load is over. One at a time may wait.
    pub fn more(&self, sent: u64, settled: u64) {
        let mut count = self.count();
        count.wanted = (count.sent + sent, count.settled + settled);
        let waiting = self.changed.wait_while(count, |count| !count.is_reached());
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }
}
