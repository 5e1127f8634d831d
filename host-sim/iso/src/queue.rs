//! The requests that wait for a decider. Connections take turns, however many requests each has waiting; those of one
//! connection are decided one after the other, in the order in which they came, also where several deciders work.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::decider::Errand;

/// A connection's number.
pub(crate) type Id = u64;

/// A request.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its number on its connection.
    pub(crate) number: u64,
    pub(crate) errand: Errand,
    /// Who waits for its answer.
    pub(crate) answer: oneshot::Sender<Option<Vec<u8>>>,
}

/// How long a decider waits for company for the first request that waits, so that one transaction serves them all: until so many
/// wait, or for so long. The default is not at all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gather {
    pub(crate) until: usize,
    pub(crate) within: Duration,
}

/// What a connection has here.
#[derive(Default)]
struct Own {
    waiting: VecDeque<Job>,
    /// A decider has requests of it. The others wait until that has answered.
    held: bool,
}

#[derive(Default)]
struct State {
    of: HashMap<Id, Own>,
    /// Whose turn it is: the connections of which something waits and nothing is held, each once.
    turns: VecDeque<Id>,
    /// How many requests wait.
    length: usize,
    /// How many must wait before a decider is woken that gathers.
    wanted: usize,
    closed: bool,
}

/// The queue.
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    most: usize,
}

impl Queue {
    /// A queue for so many requests.
    pub(crate) fn new(most: usize) -> Self {
        Self { state: Mutex::default(), work: Condvar::new(), most }
    }

    /// Lets a request wait.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn put(&self, from: Id, job: Job) -> Result<(), Job> {
        let mut state = self.state();
        let has_some = state.of.get(&from).is_some_and(|own| !own.waiting.is_empty());
        // Those who send many at a time leave room for those who send one.
        let most = if has_some { self.most / 2 } else { self.most };
        if state.closed || state.length >= most {
            return Err(job);
        }
        state.length += 1;
        let own = state.of.entry(from).or_default();
        own.waiting.push_back(job);
        if !own.held && !has_some {
            state.turns.push_back(from);
        }
        let is_enough = state.length >= state.wanted;
        drop(state);
        if is_enough {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Takes a request back, so that it is never decided. `None`: a decider has it.
    pub(crate) fn take_back(&self, from: Id, number: u64) -> Option<Job> {
        let mut state = self.state();
        let own = state.of.get_mut(&from)?;
        let at = own.waiting.iter().position(|job| job.number == number)?;
        let job = own.waiting.remove(at)?;
        state.length -= 1;
        state.forget_if_idle(from);
        Some(job)
    }

    /// A connection has ended: nobody waits for what it still has waiting.
    pub(crate) fn leave(&self, from: Id) {
        let mut state = self.state();
        let Some(own) = state.of.get_mut(&from) else { return };
        let gone = std::mem::take(&mut own.waiting).len();
        state.length -= gone;
        state.forget_if_idle(from);
    }

    /// Waits until something waits, gathers more, and takes as much as that is, up to `most`. `None`: the queue was closed, and
    /// nothing waits any more. The decider says [`Queue::done`] afterwards.
    pub(crate) fn take(&self, most: usize, gather: Gather) -> Option<Vec<(Id, Job)>> {
        let wanted = gather.until.min(most);
        let mut state = self.state();
        let mut gathered = false;
        loop {
            if state.turns.is_empty() {
                if state.closed && state.length == 0 {
                    return None;
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if gathered || state.closed || state.length >= wanted {
                return Some(state.take(most));
            } else {
                state.wanted = wanted;
                let lacks = |state: &mut State| !state.closed && state.length < wanted;
                let waited = self.work.wait_timeout_while(state, gather.within, lacks);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                state.wanted = 0;
                // Another decider may have taken everything meanwhile.
                gathered = true;
            }
        }
    }

    /// These were decided, and answered.
    pub(crate) fn done(&self, of: impl IntoIterator<Item = Id>) {
        let mut state = self.state();
        for from in of {
            let Some(own) = state.of.get_mut(&from) else { continue };
            if std::mem::replace(&mut own.held, false) && !own.waiting.is_empty() {
                state.turns.push_back(from);
            }
            state.forget_if_idle(from);
        }
        drop(state);
        self.work.notify_all();
    }

    /// Lets nothing in any more; what waits is still decided.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
    }

    /// How many requests wait.
    pub(crate) fn len(&self) -> usize {
        self.state().length
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, most: usize) -> Vec<(Id, Job)> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(from) = self.turns.pop_front()
        {
            let Some(own) = self.of.get_mut(&from) else { continue };
            if let Some(job) = own.waiting.pop_front() {
                own.held = true;
                taken.push((from, job));
            }
            if !own.waiting.is_empty() {
                self.turns.push_back(from);
            }
        }
        self.length -= taken.len();
        let of = &self.of;
        self.turns.retain(|from| of.get(from).is_some_and(|own| !own.held));
        taken
    }

    /// Forgets a connection that has nothing here, and its turn if it has nothing waiting.
    fn forget_if_idle(&mut self, from: Id) {
        let Some(own) = self.of.get(&from).filter(|own| own.waiting.is_empty()) else { return };
        let held = own.held;
        self.turns.retain(|turn| *turn != from);
        if !held {
            self.of.remove(&from);
        }
    }
}

#[cfg(test)]
mod tests {
    use qiyong_centre::Asked;

    use super::*;

    fn job(number: u64) -> Job {
        Job { number, errand: Errand::new(Asked::Message(Vec::new())), answer: oneshot::channel().0 }
    }

    fn fill(queue: &Queue, jobs: &[(Id, u64)]) {
        for (from, number) in jobs {
            queue.put(*from, job(*number)).unwrap();
        }
    }

    fn take(queue: &Queue, most: usize) -> Vec<(Id, u64)> {
        queue.take(most, Gather::default()).unwrap().into_iter().map(|(from, job)| (from, job.number)).collect()
    }

    #[test]
    fn connections_take_turns_and_each_keeps_its_order() {
        let queue = Queue::new(100);
        fill(&queue, &[(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (3, 1)]);
        assert_eq!(take(&queue, 4), [(1, 0), (2, 0), (3, 0), (1, 1)]);
        assert_eq!(queue.len(), 2);
        queue.done([1, 2, 3]);
        assert_eq!(take(&queue, 4), [(1, 2), (3, 1)], "everything that waits");
        queue.done([1, 3]);
        assert!(queue.state().of.is_empty() && queue.state().turns.is_empty(), "nobody is kept");
    }

    #[test]
    fn a_second_decider_gets_nothing_of_a_connection_of_which_the_first_has_something() {
        let queue = Queue::new(100);
        fill(&queue, &[(1, 0), (1, 1), (2, 0)]);
        assert_eq!(take(&queue, 1), [(1, 0)]);
        fill(&queue, &[(1, 2)]);
        assert_eq!(take(&queue, 9), [(2, 0)]);
        queue.done([1]);
        assert_eq!(take(&queue, 9), [(1, 1), (1, 2)]);
    }

    #[test]
    fn when_half_of_it_is_full_only_those_get_in_who_have_nothing_waiting() {
        let queue = Queue::new(4);
        fill(&queue, &[(1, 0), (1, 1)]);
        assert!(queue.put(1, job(2)).is_err());
        fill(&queue, &[(2, 0), (3, 0)]);
        assert_eq!(queue.put(4, job(7)).unwrap_err().number, 7, "full");
        assert_eq!(take(&queue, 9).len(), 4);
        fill(&queue, &[(1, 2)]);
    }

    #[test]
    fn what_is_taken_back_or_left_is_never_decided() {
        let queue = Queue::new(100);
        fill(&queue, &[(1, 0), (1, 1), (2, 0), (3, 0), (3, 1)]);
        let back = |from, number| queue.take_back(from, number).is_some();
        assert_eq!([back(1, 0), back(1, 0), back(2, 0)], [true, false, true]);
        queue.leave(3);
        queue.leave(9);
        assert_eq!(queue.len(), 1);
        assert_eq!(take(&queue, 9), [(1, 1)]);
        assert!(queue.take_back(1, 1).is_none(), "a decider has it");
        fill(&queue, &[(1, 2)]);
        queue.leave(1);
        queue.done([1]);
        queue.close();
        assert!(queue.take(9, Gather::default()).is_none());
        assert!(queue.state().of.is_empty());
    }

    #[test]
    fn a_closed_queue_gives_out_what_it_has_and_then_ends() {
        let queue = Queue::new(100);
        fill(&queue, &[(1, 0), (1, 1)]);
        assert_eq!(take(&queue, 1), [(1, 0)]);
        queue.close();
        assert!(queue.put(2, job(0)).is_err());
        std::thread::scope(|scope| {
            // It waits for the request that the other has held up.
            let other = scope.spawn(|| take(&queue, 9));
            queue.done([1]);
            assert_eq!(other.join().unwrap(), [(1, 1)]);
        });
        queue.done([1]);
        assert!(queue.take(1, Gather::default()).is_none());
    }

    #[test]
    fn a_decider_gathers_until_enough_wait_or_the_queue_is_closed_and_a_bound_ends_it() {
        let long = |until| Gather { until, within: Duration::from_secs(3600) };
        let numbers = |taken: Option<Vec<(Id, Job)>>| taken.unwrap().iter().map(|(from, _)| *from).collect::<Vec<_>>();
        let queue = Queue::new(100);
        fill(&queue, &[(1, 0)]);
        std::thread::scope(|scope| {
            let gathers = scope.spawn(|| queue.take(9, long(3)));
            fill(&queue, &[(2, 0), (3, 0)]);
            assert_eq!(numbers(gathers.join().unwrap()), [1, 2, 3]);
        });
        fill(&queue, &[(4, 0), (5, 0)]);
        assert_eq!(numbers(queue.take(2, long(7))), [4, 5], "as many as it may take are enough");
        fill(&queue, &[(6, 0)]);
        let short = Gather { until: 2, within: Duration::ZERO };
        assert_eq!(numbers(queue.take(9, short)), [6], "no company comes");
        fill(&queue, &[(7, 0)]);
        std::thread::scope(|scope| {
            let gathers = scope.spawn(|| queue.take(9, long(2)));
            queue.close();
            assert_eq!(numbers(gathers.join().unwrap()), [7], "nobody comes any more");
        });
    }
}
