//! Threads that may block. A decider's takes all that waits, lets the decider decide about it at once, and gives out the answers;
//! nothing waits for a fuller batch: the longer a batch takes, the more has come meanwhile. Another one refuses.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::decider::{Decider, Refuse};
use crate::face::{Face, Refusal};
use crate::queue::Job;

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

/// Starts a decider's thread. It ends when the queue is closed and empty.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start<D: Decider>(decider: D, face: Arc<Face>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("decider".into()).spawn(move || work(decider, &face))
}

fn work<D: Decider>(mut decider: D, face: &Face) {
    while let Some(batch) = face.queue.take(face.limits.batch) {
        face.metrics.waiting.set(i64::try_from(face.queue.len()).unwrap_or(i64::MAX));
        let begin = Instant::now();
        let (mut of, mut messages, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for (from, Job { message, answer, .. }) in batch {
            of.push(from);
            messages.push(message);
            waiting.push(answer);
        }
        let mut answers = decide(&mut decider, &messages).into_iter();
        face.metrics.decided(messages.len(), begin.elapsed());
        for answer in waiting {
            // Whoever has gone needs none.
            let _ = answer.send(answers.next().flatten());
        }
        face.queue.done(of);
    }
}

/// Lets the decider decide. If it panics, which is a fault of this program, the others of the batch are not to suffer for
/// the message that did it: each is decided alone. That does nothing twice, since a request that comes again changes nothing.
fn decide<D: Decider>(decider: &mut D, messages: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    if let Ok(answers) = catch_unwind(AssertUnwindSafe(|| decider.decide(messages))) {
        return answers;
    }
    tracing::error!(messages = messages.len(), "a decision has panicked");
    let alone = |message: &Vec<u8>| {
        let answer = catch_unwind(AssertUnwindSafe(|| decider.decide(std::slice::from_ref(message))));
        answer.ok()?.into_iter().next().flatten()
    };
    if messages.len() > 1 { messages.iter().map(alone).collect() } else { Vec::new() }
}
