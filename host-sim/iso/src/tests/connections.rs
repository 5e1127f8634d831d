//! One connection in virtual time, over a pipe: slow, silent, hostile and deaf clients.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::toy::{Gate, Toy, ToyRefuser, answer, number, request};
use crate::Limits;
use crate::cause::Cause;
use crate::connection::connection;
use crate::decider::Refused;
use crate::face::Face;
use crate::frame::{Decoder, FrameError};
use crate::metrics::Metrics;
use crate::worker::{self, start_refuser};

/// A connection with nobody who decides: a request is answered as late, when nothing but the time can go on.
struct Alone {
    client: DuplexStream,
    server: JoinHandle<Cause>,
    face: std::sync::Arc<Face>,
    end: watch::Sender<bool>,
}

fn alone(limits: Limits) -> Alone {
    let face = Face::new(limits, Metrics::new().0, start_refuser(ToyRefuser).unwrap());
    let (client, server) = duplex(1024);
    let (end, ends) = watch::channel(false);
    Alone { client, server: tokio::spawn(connection(server, face.clone(), 1, ends, None)), face, end }
}

impl Alone {
    /// Why and when the server closes it.
    async fn closed(self) -> (Cause, Duration) {
        let start = Instant::now();
        let cause = timeout(Duration::from_secs(365 * 86400), self.server).await.expect("it is never closed");
        (cause.unwrap(), start.elapsed())
    }
}

/// The next frames that come.
async fn hear(client: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<Vec<u8>> {
    let (mut decoder, mut frames) = (Decoder::new(), Vec::new());
    while frames.len() < count {
        let mut bytes = [0; 1024];
        let got = client.read(&mut bytes).await.unwrap();
        assert!(got > 0, "closed after {} answers", frames.len());
        decoder.push(&bytes[..got]);
        while let Some(frame) = decoder.take().unwrap() {
            frames.push(frame);
        }
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_drips_is_cut_off_in_time_and_an_idle_connection_stays_for_long() {
    let limits = Limits::default();
    let Alone { mut client, server, end: _end, .. } = alone(limits);
    let start = Instant::now();
    // A byte a second: each is in time, the frame is not.
    for byte in request(1) {
        if client.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(server.await.unwrap(), Cause::SlowFrame);
    assert!(start.elapsed() <= limits.frame_within + Duration::from_secs(1), "{:?}", start.elapsed());

    let (cause, took) = alone(limits).closed().await;
    assert_eq!((cause, took), (Cause::Idle, limits.idle_for));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_frame_begins_with_its_first_byte() {
    let limits = Limits::default();
    let mut alone = alone(limits);
    sleep(limits.idle_for - Duration::from_secs(1)).await;
    alone.client.write_all(&request(1)[..1]).await.unwrap();
    let (cause, took) = alone.closed().await;
    assert_eq!((cause, took), (Cause::SlowFrame, limits.frame_within));
}

#[tokio::test(start_paused = true)]
async fn garbage_foreign_protocols_and_answers_are_closed_at_once() {
    let mut message_without_type = request(1);
    message_without_type[13] = 0xAB;
    let cases: [(&[u8], Cause); 7] = [
        (b"GET / HTTP/1.1\r\n\r\n", Cause::NoFrame(FrameError::TooLong { announced: 0x4745 })),
        (b"SSH-2.0-x\r\n", Cause::NoFrame(FrameError::TooLong { announced: 0x5353 })),
        (&[0x16, 0x03, 0x01, 0x02, 0x00], Cause::NoFrame(FrameError::TooLong { announced: 0x1603 })),
        (&[0; 64], Cause::NoFrame(FrameError::TooShort { announced: 0 })),
        (&[0, 30, 0x61], Cause::NoFrame(FrameError::Tpdu { id: 0x61 })),
        (&message_without_type, Cause::NoMessage),
        (&answer(1, b"00"), Cause::AnAnswer),
    ];
    for (bytes, expected) in cases {
        let mut alone = alone(Limits::default());
        alone.client.write_all(bytes).await.unwrap();
        let (cause, took) = alone.closed().await;
        assert_eq!((cause, took), (expected, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_is_forgotten_with_what_it_asked() {
    // Within a frame.
    let Alone { mut client, server, end: _end, .. } = alone(Limits::default());
    client.write_all(&request(1)[..9]).await.unwrap();
    drop(client);
    assert_eq!(server.await.unwrap(), Cause::HalfFrame);
    // Between two.
    let Alone { client, server, end: _end, .. } = alone(Limits::default());
    drop(client);
    assert_eq!(server.await.unwrap(), Cause::Left);
    // Its requests are taken out of the queue when the connection is broken.
    let Alone { mut client, server, face, end: _end, .. } = alone(Limits::default());
    client.write_all(&[request(1), request(2)].concat()).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(face.queue.len(), 2);
    client.write_all(b"GET").await.unwrap();
    assert!(matches!(server.await.unwrap(), Cause::NoFrame(_)));
    assert_eq!(face.queue.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_too_long_is_answered_as_late_and_never_decided() {
    let limits = Limits::default();
    let Alone { mut client, face, end: _end, .. } = alone(limits);
    let start = Instant::now();
    client.write_all(&[request(1), request(2)].concat()).await.unwrap();
    assert_eq!(hear(&mut client, 2).await, [answer(1, b"06"), answer(2, b"06")]);
    assert_eq!(start.elapsed(), limits.turn_within);
    assert_eq!((face.queue.len(), face.metrics.refused_for(Refused::Late)), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_is_answered_as_busy_in_its_turn() {
    let limits = Limits { waiting: 2, ..Limits::default() };
    let Alone { mut client, face, end: _end, .. } = alone(limits);
    // One waits; the next finds half of the places taken.
    client.write_all(&[request(1), request(2), request(3)].concat()).await.unwrap();
    let start = Instant::now();
    let answers = hear(&mut client, 3).await;
    assert_eq!(answers, [answer(1, b"06"), answer(2, b"05"), answer(3, b"05")]);
    assert_eq!(start.elapsed(), limits.turn_within, "none overtakes another");
    assert_eq!(face.metrics.refused_for(Refused::Full), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_few_requests_of_a_connection_are_read() {
    let limits = Limits { outstanding: 3, ..Limits::default() };
    let Alone { mut client, face, server, end: _end } = alone(limits);
    let many: Vec<u8> = (0..100).flat_map(request).collect();
    // What the server does not read stays in the pipe; more than that the client cannot write.
    let more = timeout(Duration::from_secs(1), client.write_all(&many)).await;
    assert!(more.is_err(), "the pipe is full");
    assert_eq!(face.queue.len(), 3);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_its_answers_is_cut_off() {
    let limits = Limits { turn_within: Duration::ZERO, ..Limits::default() };
    let Alone { client, server, end: _end, .. } = alone(limits);
    let (read, mut write) = tokio::io::split(client);
    let feeder = tokio::spawn(async move {
        // Every request is answered at once as late, until the answers fill the pipe.
        while write.write_all(&request(1)).await.is_ok() {}
    });
    let start = Instant::now();
    assert_eq!(server.await.unwrap(), Cause::DoesNotRead);
    assert_eq!(start.elapsed(), limits.write_within);
    feeder.await.unwrap();
    drop(read);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_an_idle_connection_and_a_half_frame_are_closed_at_once() {
    for bytes in [0, 9] {
        let mut alone = alone(Limits::default());
        alone.client.write_all(&request(1)[..bytes]).await.unwrap();
        alone.end.send(true).unwrap();
        assert_eq!(alone.closed().await, (Cause::End, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_was_asked_is_still_answered() {
    let Alone { mut client, server, end, .. } = alone(Limits::default());
    client.write_all(&[request(1), request(2)].concat()).await.unwrap();
    tokio::task::yield_now().await;
    end.send(true).unwrap();
    assert_eq!(hear(&mut client, 2).await, [answer(1, b"06"), answer(2, b"06")]);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "and then it is closed");
    assert_eq!(server.await.unwrap(), Cause::End);
}

#[tokio::test(start_paused = true)]
async fn a_half_closed_connection_gets_its_answers() {
    let Alone { mut client, server, end: _end, .. } = alone(Limits::default());
    client.write_all(&request(1)).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(hear(&mut client, 1).await, [answer(1, b"06")]);
    assert_eq!(server.await.unwrap(), Cause::Left);
}

/// With somebody who decides, in real time.
#[tokio::test]
async fn one_byte_at_a_time_is_as_good_as_all_at_once_and_answers_keep_their_order() {
    let (toy, gate) = Toy::gated();
    drop::<Gate>(gate);
    let seen = toy.seen.clone();
    let face = Face::new(Limits::default(), Metrics::new().0, start_refuser(ToyRefuser).unwrap());
    let worker = worker::start(toy, face.clone()).unwrap();
    let (client, server) = duplex(1);
    let (_end, ends) = watch::channel(false);
    let server = tokio::spawn(connection(server, face.clone(), 1, ends, None));
    // It reads while it writes: one byte is all that has room in the pipe.
    let (mut read, mut write) = tokio::io::split(client);
    let writer = tokio::spawn(async move {
        for byte in [request(1), request(2), request(3)].concat() {
            write.write_all(&[byte]).await.unwrap();
        }
        write
    });
    let answers: Vec<u32> = hear(&mut read, 3).await.iter().map(|answer| number(answer)).collect();
    assert_eq!(answers, [1, 2, 3]);
    drop((read, writer.await.unwrap()));
    assert_eq!(server.await.unwrap(), Cause::Left);
    face.queue.close();
    worker.join().unwrap();
    assert_eq!(seen.lock().unwrap().concat(), [1, 2, 3]);
}
