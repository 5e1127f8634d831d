//! Batches: what waits while a decider is held becomes one batch; a message that makes it panic harms no other.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use qiyong_centre::Asked;

use super::toy::{Gate, PANICS, SILENT, Seen, Toy, ToyRefuser, answer, number, request};
use crate::Limits;
use crate::decider::Errand;
use crate::face::Face;
use crate::metrics::Metrics;
use crate::queue::Job;
use crate::worker;

/// Deciders at work, without connections.
struct Work {
    face: Arc<Face>,
    workers: Vec<JoinHandle<()>>,
    next: u64,
}

impl Work {
    fn new(limits: Limits, toys: Vec<Toy>) -> Self {
        let face = Face::new(limits, Metrics::new().0, worker::start_refuser(ToyRefuser).unwrap());
        let workers = toys.into_iter().map(|toy| worker::start(toy, face.clone()).unwrap()).collect();
        Self { face, workers, next: 0 }
    }

    /// Connection `from` asks.
    fn ask(&mut self, from: u64, asked: u32) -> oneshot::Receiver<Option<Vec<u8>>> {
        let (answer, comes) = oneshot::channel();
        self.next += 1;
        self.face
            .queue
            .put(from, Job { number: self.next, errand: Errand::new(Asked::Message(request(asked))), answer })
            .unwrap();
        comes
    }

    fn end(self) {
        self.face.queue.close();
        self.workers.into_iter().for_each(|worker| worker.join().unwrap());
    }
}

fn got(answer: oneshot::Receiver<Option<Vec<u8>>>) -> Option<u32> {
    answer.blocking_recv().unwrap().map(|answer| number(&answer))
}

fn gated(count: usize) -> (Vec<Toy>, Vec<Gate>, Vec<Seen>) {
    let (toys, gates): (Vec<Toy>, Vec<Gate>) = (0..count).map(|_| Toy::gated()).unzip();
    let seen = toys.iter().map(|toy| toy.seen.clone()).collect();
    (toys, gates, seen)
}

#[test]
fn what_waits_while_a_batch_is_decided_becomes_the_next_batch() {
    let (toys, gates, seen) = gated(1);
    let limits = Limits { batch: 5, ..Limits::default() };
    let mut work = Work::new(limits, toys);
    let first = work.ask(1, 1);
    assert_eq!(gates[0].begun(), 1, "it does not wait for a fuller batch");
    let others: Vec<_> = (2..=8).map(|number| work.ask(number.into(), number)).collect();
    assert!(gates[0].is_quiet());
    gates[0].go_on();
    assert_eq!(got(first), Some(1));
    assert_eq!(gates[0].begun(), 5, "at most so many");
    gates[0].go_on();
    assert_eq!(gates[0].begun(), 2);
    gates[0].go_on();
    assert_eq!(others.into_iter().map(got).collect::<Vec<_>>(), (2..=8).map(Some).collect::<Vec<_>>());
    work.end();
    assert_eq!(*seen[0].lock().unwrap(), [vec![1], vec![2, 3, 4, 5, 6], vec![7, 8]]);
}

#[test]
fn a_connection_with_many_requests_does_not_keep_another_waiting() {
    let (toys, gates, seen) = gated(1);
    let mut work = Work::new(Limits { batch: 3, ..Limits::default() }, toys);
    let first = work.ask(9, 0);
    gates[0].begun();
    let _many: Vec<_> = (10..20).map(|number| work.ask(1, number)).collect();
    let two = [work.ask(2, 100), work.ask(3, 101)];
    gates[0].go_on();
    got(first);
    gates[0].begun();
    gates[0].go_on();
    assert_eq!(two.map(got), [Some(100), Some(101)]);
    drop(gates);
    work.end();
    assert_eq!(seen[0].lock().unwrap()[1], [10, 100, 101]);
}

#[test]
fn two_deciders_work_at_a_time_and_a_connections_order_is_kept() {
    let (toys, gates, seen) = gated(2);
    let mut work = Work::new(Limits { batch: 1, ..Limits::default() }, toys);
    let mut answers = vec![work.ask(1, 1)];
    // Whichever has it; the other has the other's.
    answers.push(work.ask(2, 2));
    assert_eq!(gates.iter().map(Gate::begun).collect::<Vec<_>>(), [1, 1], "both are at work");
    answers.push(work.ask(1, 3));
    answers.push(work.ask(1, 4));
    drop(gates);
    answers.into_iter().for_each(|answer| assert!(got(answer).is_some()));
    work.end();
    let seen: Vec<u32> = seen.iter().flat_map(|seen| seen.lock().unwrap().concat()).collect();
    let at = |number| seen.iter().position(|one| *one == number).unwrap();
    assert_eq!(seen.len(), 4, "each once");
    // Within a decider in order; across two, the queue's own test shows it.
    assert!(at(3) != at(4));
}

#[test]
fn a_message_that_makes_the_decider_panic_harms_no_other() {
    let (toys, gates, _) = gated(1);
    let mut work = Work::new(Limits::default(), toys);
    let first = work.ask(9, 0);
    gates[0].begun();
    let answers = [1, PANICS, 2, SILENT, 3].map(|number| work.ask(number.into(), number));
    drop(gates);
    got(first);
    assert_eq!(answers.map(got), [Some(1), None, Some(2), None, Some(3)]);
    // The decider goes on.
    let after = work.ask(1, 7);
    assert_eq!(after.blocking_recv().unwrap(), Some(answer(7, b"00")));
    work.end();
}
