//! One connection, from its first byte to its cause of ending.
//!
//! Frames are read while fewer than [`Limits::outstanding`](crate::Limits) requests of it wait for their answers, so that a
//! client that sends more waits in its own system. A frame that has begun must end in time; where none has begun, the
//! connection may stay for long. It costs no buffer then: bytes are read into the stack, and kept only while a frame is
//! incomplete.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::MESSAGE_MAX;

use crate::cause::Cause;
use crate::decider::{Errand, Refused};
use crate::face::Face;
use crate::frame::Decoder;
use crate::queue::{Id, Job};
use crate::tap::Tapped;

/// A request that came, in the order of the answers.
struct Asked {
    number: u64,
    at: Instant,
    /// It waits for a decider, and may be refused in the end.
    waits: bool,
    answer: oneshot::Receiver<Option<Vec<u8>>>,
}

/// What a connection has asked.
struct Talk {
    id: Id,
    face: Arc<Face>,
    asked: VecDeque<Asked>,
    next: u64,
    tap: Option<Tapped>,
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.face.queue.leave(self.id);
    }
}

/// Serves a connection to its end, and says why it ended. When `end` is true nothing more is read; what has come is
/// answered.
pub(crate) async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    face: Arc<Face>,
    id: Id,
    mut end: watch::Receiver<bool>,
    tap: Option<Tapped>,
) -> Cause {
    let limits = face.limits;
    let mut talk = Talk { id, face, asked: VecDeque::new(), next: 0, tap };
    let mut decoder = Decoder::new();
    // Why nothing more is read.
    let mut last: Option<Cause> = None;
    let mut since = Instant::now();
    loop {
        match talk.take_in(&mut decoder) {
            Ok(false) => {}
            // The next frame has its own time.
            Ok(true) => since = Instant::now(),
            Err(cause) => return cause,
        }
        if let Some(cause) = last
            && talk.asked.is_empty()
        {
            farewell(&mut stream).await;
            return cause;
        }
        let patience = if decoder.has_begun() { limits.frame_within } else { limits.idle_for };
        let reads = last.is_none() && talk.asked.len() < limits.outstanding;
        let asked = !talk.asked.is_empty();
        tokio::select! {
            biased;
            answer = talk.answer(), if asked => {
                let Some(answer) = answer else { return Cause::Unanswered };
                talk.tap.iter().for_each(|tap| tap.heard(false, &answer));
                match timeout(limits.write_within, stream.write_all(&answer)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Cause::Broken,
                    Err(_) => return Cause::DoesNotRead,
                }
                // While it was not read, or written to, it could not go on.
                since = Instant::now();
            }
            read = poll_fn(|cx| read(&mut stream, &mut decoder, cx)), if reads => match read {
                Ok(0) if decoder.has_begun() => last = Some(Cause::HalfFrame),
                Ok(0) => last = Some(Cause::Left),
                Ok(count) => {
                    // A frame begins with its first byte.
                    if decoder.len() == count {
                        since = Instant::now();
                    }
                }
                Err(_) => return Cause::Broken,
            },
            () = sleep_until(since + patience), if reads && !asked => {
                return if decoder.has_begun() { Cause::SlowFrame } else { Cause::Idle };
            }
            () = until(&mut end), if last.is_none() => last = Some(Cause::End),
        }
    }
}

/// Waits for the server's end. If nobody is left who could tell it, it has come.
async fn until(end: &mut watch::Receiver<bool>) {
    let _ = end.wait_for(|end| *end).await;
}

/// Says that no more comes, and drops what was not read: a system that closes a connection with unread bytes may drop answers
/// that are still on their way.
async fn farewell<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let _ = stream.shutdown().await;
    let mut unread = Decoder::new();
    // As much as is there, and no more than the system keeps.
    for _ in 0..FAREWELL_READS {
        let now = poll_fn(|cx| Poll::Ready(read(stream, &mut unread, cx))).await;
        if !matches!(now, Poll::Ready(Ok(1..))) {
            break;
        }
        unread = Decoder::new();
    }
}

/// How often unread bytes are dropped at the end.
const FAREWELL_READS: usize = 32;

/// Reads what there is, at most as much as the longest frame.
fn read<S: AsyncRead + Unpin>(stream: &mut S, decoder: &mut Decoder, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut bytes = [0; MESSAGE_MAX];
    let mut buffer = ReadBuf::new(&mut bytes);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    decoder.push(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}

impl Talk {
    /// Lets the requests that have come wait for their turn, as many as it may have; says whether there were any.
    fn take_in(&mut self, decoder: &mut Decoder) -> Result<bool, Cause> {
        let mut any = false;
        while self.asked.len() < self.face.limits.outstanding
            && let Some(frame) = decoder.take().map_err(Cause::NoFrame)?
        {
            any = true;
            self.face.metrics.frames.inc();
            self.tap.iter().for_each(|tap| tap.heard(true, &frame));
            let message = Message::read(&frame).map_err(|_| Cause::NoMessage)?;
            if message.mti().answer() == message.mti() {
                return Err(Cause::AnAnswer);
            }
            self.ask(frame);
        }
        Ok(any)
    }

    fn ask(&mut self, message: Vec<u8>) {
        let number = self.next;
        self.next += 1;
        let (answer, comes) = oneshot::channel();
        let errand = Errand::new(qiyong_centre::Asked::Message(message));
        let (waits, answer) = match self.face.queue.put(self.id, Job { number, errand, answer }) {
            Ok(()) => (true, comes),
            Err(job) => (false, self.face.refuse(job.errand, Refused::Full)),
        };
        self.face.metrics.waiting.set(i64::try_from(self.face.queue.len()).unwrap_or(i64::MAX));
        self.asked.push_back(Asked { number, at: Instant::now(), waits, answer });
    }

    /// The answer to the first request, which is no longer asked then. Cancel-safe.
    async fn answer(&mut self) -> Option<Vec<u8>> {
        let Self { id, face, asked, .. } = self;
        let first = asked.front_mut()?;
        if first.waits {
            let in_time = timeout_at(first.at + face.limits.turn_within, &mut first.answer).await;
            if let Ok(answer) = in_time {
                return self.answered(answer.ok().flatten());
            }
            first.waits = false;
            // What a decider has by now is being decided: whatever comes of it, it comes soon, or the terminal gives up.
            if let Some(job) = face.queue.take_back(*id, first.number) {
                first.answer = face.refuse(job.errand, Refused::Late);
            }
        }
        let answer = (&mut first.answer).await;
        // Whoever was to answer may be gone.
        self.answered(answer.ok().flatten())
    }

    /// The first request is asked no longer.
    fn answered(&mut self, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let first = self.asked.pop_front()?;
        match &answer {
            Some(answer) => self.face.metrics.answered(answer, first.at.elapsed()),
            None => self.face.metrics.unanswered(),
        }
        answer
    }
}
