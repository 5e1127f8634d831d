//! Threads that may block. A decider's takes all that waits, lets the decider decide about it at once, and gives out the answers.
//! Another one refuses.
//!
//! A batch costs the disk the same, however many are in it. Where many terminals work without a pause, those that were just answered
//! ask again at once: a decider that began with the others alone would have two half batches in turn for ever. So it waits for as
//! many as were there lately, for a small part of the time that a batch takes ([`SHARE`]), and never long ([`LONGEST`]). A terminal that is alone waits for nobody.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::decider::{Alone, Decider, Errand, Refuse, Refused, Said, Stationed};
use crate::face::{Face, Refusal};
use crate::queue::{Gather, Job};

/// A batch waits for company for one part in so many of the time that the one before took.
const SHARE: u32 = 8;
/// And never longer: a batch that a silent database held up says nothing of when the others come.
const LONGEST: Duration = Duration::from_millis(5);

/// Starts the thread that refuses. It ends when nobody is left who could send it anything.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start_refuser<R: Refuse>(mut refuser: R) -> io::Result<Sender<Refusal>> {
    let (send, come) = channel();
    let work = move || {
        for Refusal { message, why, answer } in come {
            let refused = catch_unwind(AssertUnwindSafe(|| refuser.refuse(&message, why)));
            // Whoever has gone needs none.
            let _ = answer.send(refused.ok().flatten());
        }
    };
    thread::Builder::new().name("refuser".into()).spawn(work)?;
    Ok(send)
}

/// Starts a decider's thread, at the only queue. It ends when the queue is closed and empty.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start<D: Decider>(decider: D, face: Arc<Face>) -> io::Result<JoinHandle<()>> {
    start_at(0, Alone(decider), face)
}

/// Starts a decider's thread, at this queue.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start_at<S: Stationed>(place: usize, station: S, face: Arc<Face>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("decider".into()).spawn(move || work(place, station, &face))
}

fn work<S: Stationed>(place: usize, mut station: S, face: &Face) {
    let Some(queue) = face.queue.of(place) else { return };
    let mut gather = Gather::default();
    while let Some(batch) = queue.take(face.limits.batch, gather) {
        face.metrics.waiting.set(i64::try_from(face.queue.len()).unwrap_or(i64::MAX));
        face.queue.count(place);
        let begin = Instant::now();
        let (mut of, mut errands, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for (from, Job { number, errand, answer }) in batch {
            of.push(from);
            errands.push(errand);
            waiting.push((from, number, answer));
        }
        let mut said = decide(&mut station, &errands).into_iter();
        let took = begin.elapsed();
        face.metrics.decided(errands.len(), took);
        gather = Gather { until: errands.len() + queue.len(), within: (took / SHARE).min(LONGEST) };
        for (from, number, answer) in waiting {
            match said.next().unwrap_or(Said::Answer(None)) {
                // Whoever has gone needs none.
                Said::Answer(bytes) => drop(answer.send(bytes)),
                Said::Give { .. } if answer.is_closed() => {}
                Said::Give { to, errand } => {
                    if let Err(job) = face.queue.give(to, from, Job { number, errand, answer }) {
                        face.refuse_to(job.errand, Refused::Full, job.answer);
                    }
                }
            }
        }
        queue.done(of);
    }
}

/// Lets the decider decide. If it panics, which is a fault of this program, the others of the batch are not to suffer for
/// the message that did it: each is decided alone. That does nothing twice, since a request that comes again changes nothing.
fn decide<S: Stationed>(station: &mut S, errands: &[Errand]) -> Vec<Said> {
    if let Ok(said) = catch_unwind(AssertUnwindSafe(|| station.decide(errands))) {
        return said;
    }
    tracing::error!(messages = errands.len(), "a decision has panicked");
    let alone = |errand: &Errand| {
        let said = catch_unwind(AssertUnwindSafe(|| station.decide(std::slice::from_ref(errand))));
        said.ok().and_then(|said| said.into_iter().next()).unwrap_or(Said::Answer(None))
    };
    if errands.len() > 1 { errands.iter().map(alone).collect() } else { Vec::new() }
}
