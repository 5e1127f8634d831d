//! A queue between those who must not wait and a thread that writes, and may have to. It holds so many bytes. What does not fit is
//! counted, and whoever writes is told how much is missing, and where. Not here: what is written, and where to.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The queue.
pub(super) struct Queue<T> {
    /// The most bytes in it.
    room: usize,
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

struct Inner<T> {
    /// With their sizes in bytes.
    items: VecDeque<(Next<T>, usize)>,
    bytes: usize,
    /// How many did not fit since the last one that did.
    missing: u64,
    /// How many whoever writes is about to write, or to say that they are missing.
    in_hand: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing comes any more.
    Ended,
    /// Nobody wants it any more.
    Unread,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    /// This.
    Item(T),
    /// So many that did not fit.
    Missing(u64),
}

impl<T> Next<T> {
    const fn count(&self) -> u64 {
        match self {
            Self::Item(_) => 1,
            Self::Missing(count) => *count,
        }
    }
}

impl<T> Queue<T> {
    pub(super) const fn new(room: usize) -> Self {
        let inner = Inner { items: VecDeque::new(), bytes: 0, missing: 0, in_hand: 0, state: State::Open };
        Self { room, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something of so many bytes in, or counts it. Never waits for whoever writes.
    pub(super) fn push(&self, item: T, bytes: usize) {
        // What it takes besides.
        let bytes = bytes + size_of::<(Next<T>, usize)>();
        let mut inner = self.lock();
        if inner.state != State::Open {
            return;
        }
        if inner.bytes + bytes > self.room {
            inner.missing += 1;
            return;
        }
        let missing = std::mem::take(&mut inner.missing);
        if missing > 0 {
            inner.items.push_back((Next::Missing(missing), 0));
        }
        inner.items.push_back((Next::Item(item), bytes));
        inner.bytes += bytes;
        self.changed.notify_one();
    }

    /// Waits for what comes next; `None` at the end.
    pub(super) fn next(&self) -> Option<Next<T>> {
        let mut inner = self.lock();
        loop {
            if let Some((next, bytes)) = inner.items.pop_front() {
                inner.bytes -= bytes;
                inner.in_hand = next.count();
                return Some(next);
            }
            inner.in_hand = std::mem::take(&mut inner.missing);
            if inner.in_hand > 0 {
                return Some(Next::Missing(inner.in_hand));
            }
            if inner.state != State::Open {
                return None;
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing comes any more; what is in the queue is still to be had.
    pub(super) fn end(&self) {
        self.lock().state = State::Ended;
        self.changed.notify_one();
    }

    /// Nobody wants it any more: what is in the queue is left out, and so is what comes.
    pub(super) fn leave(&self) {
        let mut inner = self.lock();
        (inner.state, inner.missing, inner.in_hand, inner.bytes) = (State::Unread, 0, 0, 0);
        inner.items.clear();
    }

    /// How much is not written yet, with what did not fit and what is being written.
    pub(super) fn left(&self) -> u64 {
        let inner = self.lock();
        inner.items.iter().map(|(next, _)| next.count()).sum::<u64>() + inner.missing + inner.in_hand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three of these fit.
    const BYTES: usize = 1000;

    fn rest(queue: &Queue<u32>) -> Vec<Next<u32>> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn what_does_not_fit_is_counted_where_it_is_missing() {
        let queue = Queue::new(3 * BYTES + 3 * size_of::<(Next<u32>, usize)>());
        (0..5).for_each(|number| queue.push(number, BYTES));
        assert_eq!(queue.left(), 5);
        assert_eq!(queue.next(), Some(Next::Item(0)));
        (5..7).for_each(|number| queue.push(number, BYTES));
        // One of these is in hand.
        assert_eq!(queue.left(), 7);
        queue.end();
        // Too late.
        queue.push(7, BYTES);
        let expected = [Next::Item(1), Next::Item(2), Next::Missing(2), Next::Item(5), Next::Missing(1)];
        assert_eq!(rest(&queue), expected);
        assert_eq!(queue.left(), 0);
    }

    #[test]
    fn what_is_larger_than_all_the_room_is_missing_alone() {
        let queue = Queue::new(BYTES);
        queue.push(0, 2 * BYTES);
        queue.push(1, 1);
        queue.end();
        assert_eq!(rest(&queue), [Next::Missing(1), Next::Item(1)]);
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_kept() {
        let queue = Queue::new(10 * BYTES);
        (0..3).for_each(|number| queue.push(number, BYTES));
        queue.leave();
        queue.push(3, BYTES);
        assert_eq!((queue.left(), rest(&queue)), (0, Vec::new()));
    }
}
