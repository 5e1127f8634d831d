//! For whom a board's time waits, and for how long.

use qiyong_protocol::frame::encode;

use super::*;

/// A frame of the till's.
fn frame(peer: Peer, payload: &[u8]) -> Vec<u8> {
    let mut buffer = [0; encoded_len(MESSAGE_MAX)];
    encode(peer, payload, &mut buffer).unwrap().to_vec()
}

const NOW: Duration = Duration::from_secs(100);
const HELD: Duration = Duration::from_secs(102);

fn in_a_visit() -> Waits {
    Waits { visit: true, ..Waits::new(NOW) }
}

#[test]
fn time_stands_still_but_for_an_answer_until_a_visit_begins() {
    let mut waits = Waits::new(NOW);
    assert_eq!((waits.limit(false), waits.limit(true)), (HELD, HELD));
    waits.hear(2 * NOW, &frame(Peer::Till, &Command::Status.encode()));
    assert_eq!(waits.limit(true), 2 * NOW + GRACE);
    assert_eq!((in_a_visit().limit(true), in_a_visit().limit(false)), (Duration::MAX, Duration::MAX));
}

/// Only what comes from the centre is an answer, if an empty one: what the till itself says while it asks the centre is none.
#[test]
fn time_waits_for_the_centres_answer_or_until_the_till_has_gone() {
    for (said, goes_on) in [
        (frame(Peer::Centre, b"an answer"), true),
        (frame(Peer::Centre, b""), true),
        (frame(Peer::Till, &Command::Status.encode()), false),
        (frame(Peer::Till, b""), false),
        (b"\0nonsense\0".to_vec(), false),
    ] {
        let mut waits = Waits { till: Some(Instant::now()), ..in_a_visit() };
        assert_eq!(waits.limit(true), HELD);
        let (first, last) = said.split_at(said.len() - 1);
        waits.hear(NOW, first);
        assert_eq!(waits.limit(true), HELD, "half a frame");
        waits.hear(NOW, last);
        assert_eq!(waits.limit(true), if goes_on { Duration::MAX } else { HELD }, "{said:?}");
        assert_eq!(waits.limit(false), Duration::MAX);
    }
}

/// A till that comes in the middle of a message does not have it, and will not answer it.
#[test]
fn time_waits_for_a_till_that_has_all_of_a_message() {
    let message = frame(Peer::Centre, b"a message");
    let (first, last) = message.split_at(message.len() / 2);
    let mut waits = in_a_visit();
    waits.said(first);
    assert_eq!(waits.limit(true), Duration::MAX, "it is being said");
    waits.said(last);
    assert_eq!(waits.limit(true), HELD);
    let mut waits = in_a_visit();
    waits.said(first);
    waits.changes();
    waits.said(last);
    assert_eq!(waits.limit(true), Duration::MAX, "half a message");
    waits.said(&frame(Peer::Till, &Command::Status.encode()));
    assert_eq!(waits.limit(true), Duration::MAX, "it is for the till itself");
    waits.said(&message);
    assert_eq!(waits.limit(true), HELD, "the next one is whole");
}

#[test]
fn time_waits_for_the_holder_whoever_is_at_the_line_until_the_till_cancels() {
    let asked = || Waits { holder: Some((Asked::Present, Instant::now(), true)), ..in_a_visit() };
    assert_eq!((asked().limit(true), asked().limit(false)), (HELD, HELD));
    let mut waits = asked();
    waits.hear(NOW, &frame(Peer::Till, &Command::Cancel.encode()));
    assert_eq!(waits.limit(true), Duration::MAX);
}

/// Who keeps silent for too long is not waited for.
#[test]
fn time_waits_for_nobody_for_ever() {
    let Some(long_ago) = Instant::now().checked_sub(PATIENCE) else { return };
    let mut waits = Waits { till: Some(long_ago), holder: Some((Asked::New, long_ago, true)), ..in_a_visit() };
    assert_eq!(waits.limit(true), Duration::MAX);
}
