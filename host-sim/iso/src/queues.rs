//! The queues of a server: one, or one for each region. A connection may have requests in several.

use crate::decider::Route;
use crate::queue::{Id, Job, Queue};

/// All of them.
pub(crate) struct Queues {
    all: Vec<Queue>,
    route: Box<dyn Route>,
}

impl Queues {
    /// So many, each for so many requests.
    pub(crate) fn new(count: usize, most: usize, route: Box<dyn Route>) -> Self {
        Self { all: (0..count).map(|_| Queue::new(most)).collect(), route }
    }

    /// One of them.
    pub(crate) fn of(&self, place: usize) -> Option<&Queue> {
        self.all.get(place)
    }

    /// Lets a request wait that has just come.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn put(&self, from: Id, job: Job) -> Result<(), Job> {
        self.give(self.route.route(job.errand.asked.bytes()), from, job)
    }

    /// Lets a request wait in this queue.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn give(&self, to: usize, from: Id, job: Job) -> Result<(), Job> {
        let Some(queue) = self.of(to) else { return Err(job) };
        queue.put(from, job)?;
        self.count(to);
        Ok(())
    }

    /// Counts what waits in a queue.
    pub(crate) fn count(&self, place: usize) {
        if let Some(queue) = self.of(place) {
            self.route.waiting(place, queue.len());
        }
    }

    /// Takes a request back, so that it is never decided. `None`: a decider has it.
    pub(crate) fn take_back(&self, from: Id, number: u64) -> Option<Job> {
        self.all.iter().find_map(|queue| queue.take_back(from, number))
    }

    /// A connection has ended: nobody waits for what it still has waiting.
    pub(crate) fn leave(&self, from: Id) {
        self.all.iter().for_each(|queue| queue.leave(from));
    }

    /// Lets nothing in any more; what waits is still decided.
    pub(crate) fn close(&self) {
        self.all.iter().for_each(Queue::close);
    }

    /// How many requests wait.
    pub(crate) fn len(&self) -> usize {
        self.all.iter().map(Queue::len).sum()
    }
}
