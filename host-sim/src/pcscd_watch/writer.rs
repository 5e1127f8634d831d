//! A thread that writes what is in a queue: others go on whether it can write or not. Not here: what it writes, and where to.

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::queue::Queue;

/// How much may wait, in bytes.
const ROOM: usize = 4 << 20;
/// How long the end waits for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(2);

/// A queue of `T`, and the thread that writes it and has `W` in the end.
pub(super) struct Writer<T, W> {
    queue: Arc<Queue<T>>,
    written: Mutex<Option<Receiver<W>>>,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended<W> {
    /// Nothing was to be written.
    NotBegun,
    /// All is written, or nobody wants it.
    Written(W),
    /// So much is left, and is not written.
    Left(u64),
}

impl<T, W> Default for Writer<T, W> {
    fn default() -> Self {
        Self { queue: Arc::new(Queue::new(ROOM)), written: Mutex::default() }
    }
}

impl<T: Send + 'static, W: Send + 'static> Writer<T, W> {
    /// Puts something of so many bytes into the queue. Never waits.
    pub(super) fn push(&self, item: T, bytes: usize) {
        self.queue.push(item, bytes);
    }

    /// From now on what is in the queue is written.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn begin(&self, write: impl FnOnce(&Queue<T>) -> W + Send + 'static) -> io::Result<()> {
        let (tell, written) = channel();
        let queue = Arc::clone(&self.queue);
        // Whoever ended may not have waited.
        thread::Builder::new().name("writer".into()).spawn(move || drop(tell.send(write(&queue))))?;
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        Ok(())
    }

    /// Nothing comes any more: waits a moment for what is still to be written.
    pub(super) fn end(&self) -> Ended<W> {
        self.end_within(PATIENCE)
    }

    fn end_within(&self, patience: Duration) -> Ended<W> {
        self.queue.end();
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).take();
        match written.map(|written| written.recv_timeout(patience)) {
            None => Ended::NotBegun,
            Some(Ok(written)) => Ended::Written(written),
            Some(Err(_)) => Ended::Left(self.queue.left()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::Next;
    use super::*;

    #[test]
    fn what_came_before_the_beginning_is_written_too_and_the_end_waits_for_it() {
        let writer = Writer::<u32, Vec<u32>>::default();
        (0..3).for_each(|number| writer.push(number, 1));
        writer
            .begin(|queue| {
                let item = |next| if let Next::Item(number) = next { Some(number) } else { None };
                std::iter::from_fn(|| queue.next()).filter_map(item).collect()
            })
            .unwrap();
        writer.push(3, 1);
        assert_eq!(writer.end(), Ended::Written(vec![0, 1, 2, 3]));
        assert_eq!(Writer::<u32, ()>::default().end(), Ended::NotBegun);
    }

    #[test]
    fn a_writer_that_cannot_write_stops_nobody_and_what_is_left_is_counted() {
        // Somebody who reads nothing until this is dropped.
        let (reads, unread) = channel::<()>();
        let (tell_stuck, stuck) = channel();
        let writer = Writer::<u32, ()>::default();
        writer
            .begin(move |queue| {
                let _ = queue.next();
                let _ = tell_stuck.send(());
                let _ = unread.recv();
            })
            .unwrap();
        writer.push(0, 1);
        stuck.recv().unwrap();
        // More than there is room for.
        (0..=ROOM as u32 / 1000).for_each(|number| writer.push(number, 1000));
        assert_eq!(writer.end_within(Duration::ZERO), Ended::Left(u64::from(ROOM as u32 / 1000) + 2));
        drop(reads);
    }
}
