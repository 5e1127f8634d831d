//! Two lines that say and take what a test says, and a clock that stands until it is told to go.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::*;

/// A place for packets, one at a time in each direction, as a controller has; and what went over the serial line.
#[derive(Default)]
struct World {
    to_usb: VecDeque<Vec<u8>>,
    to_serial: VecDeque<u8>,
    /// The packet that the host has not taken yet.
    waits: Option<Vec<u8>>,
    /// The host takes packets.
    reads: bool,
    taken: Vec<Vec<u8>>,
    serial: Vec<u8>,
    time_is_up: bool,
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<World>>);

impl ErrorType for Shared {
    type Error = Infallible;
}

impl Read for Shared {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| match self.0.borrow_mut().to_serial.pop_front() {
            None => Poll::Pending,
            Some(byte) => {
                bytes[0] = byte;
                Poll::Ready(Ok(1))
            }
        })
        .await
    }
}

impl Write for Shared {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().serial.extend(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl PacketsIn for Shared {
    async fn take(&mut self, room: &mut [u8; PACKET]) -> usize {
        poll_fn(|_| match self.0.borrow_mut().to_usb.pop_front() {
            None => Poll::Pending,
            Some(packet) => {
                room[..packet.len()].copy_from_slice(&packet);
                Poll::Ready(packet.len())
            }
        })
        .await
    }
}

impl PacketsOut for Shared {
    async fn give(&mut self, packet: &[u8]) {
        poll_fn(|_| {
            let World { waits, reads, taken, .. } = &mut *self.0.borrow_mut();
            if *reads {
                taken.extend(waits.take());
            }
            if waits.is_some() {
                return Poll::Pending;
            }
            *waits = Some(packet.to_vec());
            Poll::Ready(())
        })
        .await;
        let World { waits, reads, taken, .. } = &mut *self.0.borrow_mut();
        if *reads {
            taken.extend(waits.take());
        }
    }
}

impl DelayNs for Shared {
    async fn delay_ns(&mut self, _: u32) {
        poll_fn(|_| if self.0.borrow().time_is_up { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

type Both<'a> = (Hears<'a, Shared, Shared>, Says<'a, Shared, Shared, Shared>);

fn both<'a>(lines: &'a Lines, world: &Shared) -> Both<'a> {
    let one = || world.clone();
    (Hears::new(lines, one(), one()), Says::new(lines, one(), one(), one()))
}

/// What comes of one look at it.
fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(it) => Some(it),
        Poll::Pending => None,
    }
}

fn hear(hears: &mut Hears<'_, Shared, Shared>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut room = [0; 1];
    while let Some(Ok(count)) = once(hears.read(&mut room)) {
        all.extend(&room[..count]);
    }
    all
}

/// Says a frame as the link's port does; `Some(false)`: it is lost from some byte on.
fn say(says: &mut Says<'_, Shared, Shared, Shared>, frame: &[u8]) -> Option<bool> {
    let all = async {
        let mut rest = frame;
        while !rest.is_empty() {
            match says.write(rest).await {
                Ok(taken @ 1..) => rest = &rest[taken..],
                Ok(0) | Err(_) => return false,
            }
        }
        says.flush().await.is_ok()
    };
    once(all)
}

#[test]
fn the_line_that_spoke_last_is_answered() {
    let (lines, world) = (Lines::new(), Shared::default());
    let (mut hears, mut says) = both(&lines, &world);
    world.0.borrow_mut().reads = true;
    assert_eq!(say(&mut says, b"a"), Some(true));
    lines.sees_dtr(true);
    assert_eq!(say(&mut says, b"b"), Some(true));
    assert_eq!(world.0.borrow().serial, b"ab", "that a port is open is not speech");
    world.0.borrow_mut().to_usb.push_back(b"hello".to_vec());
    assert_eq!(hear(&mut hears), b"hello");
    assert_eq!(say(&mut says, b"c"), Some(true));
    world.0.borrow_mut().to_serial.extend(b"xy");
    assert_eq!(hear(&mut hears), b"xy");
    assert_eq!(say(&mut says, b"d"), Some(true));
    assert_eq!(
        (world.0.borrow().serial.as_slice(), world.0.borrow().taken.as_slice()),
        (&b"abd"[..], &[b"c".to_vec()][..])
    );
}

#[test]
fn a_packet_is_taken_byte_by_byte_or_in_pieces_and_the_next_one_waits() {
    let (lines, world) = (Lines::new(), Shared::default());
    let (mut hears, _) = both(&lines, &world);
    world.0.borrow_mut().to_usb.extend([vec![1, 2, 3, 4], (0..64).collect()]);
    let mut room = [0; 3];
    assert_eq!((once(hears.read(&mut room)), room), (Some(Ok(3)), [1, 2, 3]));
    assert_eq!((once(hears.read(&mut room)), room[0]), (Some(Ok(1)), 4));
    assert_eq!(hear(&mut hears), (0..64).collect::<Vec<_>>());
    assert_eq!(once(hears.read(&mut [])), Some(Ok(0)), "no room waits for nothing");
}

#[test]
fn a_full_packet_is_followed_by_an_empty_one_at_the_end_of_a_frame() {
    let (lines, world) = (Lines::new(), Shared::default());
    let (_, mut says) = both(&lines, &world);
    world.0.borrow_mut().reads = true;
    lines.speaks(true);
    for (len, packets) in [(63, vec![63]), (64, vec![64, 0]), (65, vec![64, 1]), (128, vec![64, 64, 0]), (1, vec![1])] {
        world.0.borrow_mut().taken.clear();
        assert_eq!(say(&mut says, &vec![7; len]), Some(true), "{len}");
        let taken: Vec<_> = world.0.borrow().taken.iter().map(Vec::len).collect();
        assert_eq!(taken, packets, "{len}");
    }
}

/// Whatever a host does, the terminal goes on.
#[test]
fn nobody_is_waited_for_who_does_not_listen() {
    let (lines, world) = (Lines::new(), Shared::default());
    let (_, mut says) = both(&lines, &world);
    lines.speaks(true);
    // One packet finds room in the controller, and the next waits.
    assert_eq!(say(&mut says, &[7; 10]), Some(true));
    assert_eq!(say(&mut says, &[8; 70]), None, "a host may take its time");
    for leaves in [Lines::is_reset as fn(&Lines), |lines| lines.sees_dtr(false), |lines| lines.sleeps(true)] {
        world.0.borrow_mut().reads = true;
        lines.sleeps(false);
        lines.sees_dtr(true);
        lines.speaks(true);
        assert_eq!(say(&mut says, &[7; 10]), Some(true));
        world.0.borrow_mut().reads = false;
        world.0.borrow_mut().waits = Some(vec![9]);
        // It goes in the middle of a frame.
        {
            let mut frame = pin!(says.write(&[8; 70]));
            let mut look = || frame.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(look(), Poll::Pending);
            leaves(&lines);
            assert_eq!(look(), Poll::Ready(Err(ErrorKind::TimedOut)));
        }
        assert_eq!(say(&mut says, &[8; 70]), Some(false), "and what follows is lost at once");
    }
    // A host that sleeps has still the port, once it is awake.
    lines.sleeps(false);
    world.0.borrow_mut().reads = true;
    assert_eq!(say(&mut says, &[8; 70]), Some(true));
    // One that does not read is given up.
    world.0.borrow_mut().reads = false;
    world.0.borrow_mut().waits = Some(vec![9]);
    world.0.borrow_mut().time_is_up = true;
    assert_eq!(say(&mut says, &[8; 70]), Some(false));
    world.0.borrow_mut().reads = true;
    assert_eq!(say(&mut says, &[8; 70]), Some(true), "and heard again when it does");
}

#[test]
fn dtr_counts_when_it_changes() {
    let (lines, world) = (Lines::new(), Shared::default());
    let (_, mut says) = both(&lines, &world);
    world.0.borrow_mut().reads = true;
    // This host sets its line's rate after its first word, and never sets DTR.
    lines.speaks(true);
    lines.sees_dtr(false);
    assert_eq!(say(&mut says, b"a"), Some(true));
    lines.sees_dtr(true);
    lines.sees_dtr(false);
    assert_eq!(say(&mut says, b"b"), Some(false));
    lines.sees_dtr(true);
    assert_eq!(say(&mut says, b"c"), Some(true));
    lines.is_reset();
    lines.sees_dtr(false);
    assert_eq!(say(&mut says, b"d"), Some(false));
}
