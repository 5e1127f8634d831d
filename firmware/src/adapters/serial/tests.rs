//! The port over scripted halves.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;
use std::vec::Vec;

use embassy_futures::block_on;
use embedded_io_async::{ErrorKind, ErrorType};

use super::*;

/// What the halves do, and what was written.
#[derive(Default)]
struct Rig {
    /// What a read gives, or its error.
    coming: VecDeque<Result<u8, ErrorKind>>,
    written: Vec<u8>,
    /// How many more bytes the writer takes before it waits.
    room: usize,
    fails: bool,
    waited_ms: Vec<u32>,
}

#[derive(Clone, Default)]
struct Half(Rc<RefCell<Rig>>);

impl ErrorType for Half {
    type Error = ErrorKind;
}

impl Read for Half {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        let byte = poll_fn(|_| self.0.borrow_mut().coming.pop_front().map_or(Poll::Pending, Poll::Ready)).await?;
        bytes.iter_mut().take(1).for_each(|to| *to = byte);
        Ok(1)
    }
}

impl Write for Half {
    /// Takes two bytes at a time.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            let mut rig = self.0.borrow_mut();
            if rig.fails {
                return Poll::Ready(Err(ErrorKind::Other));
            }
            let taken = bytes.len().min(2).min(rig.room);
            if taken == 0 {
                return Poll::Pending;
            }
            rig.room -= taken;
            rig.written.extend(bytes.iter().take(taken));
            Poll::Ready(Ok(taken))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl DelayNs for Half {
    async fn delay_ns(&mut self, _: u32) {}

    async fn delay_ms(&mut self, ms: u32) {
        self.0.borrow_mut().waited_ms.push(ms);
    }
}

fn port() -> (Half, SerialPort<Half, Half, Half>) {
    let half = Half::default();
    (half.clone(), SerialPort::new(half.clone(), half.clone(), half))
}

fn poll<F: Future>(future: core::pin::Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn of_two_frames_at_a_time_one_goes_out_after_the_other() {
    let (half, port) = port();
    half.0.borrow_mut().room = 3;
    let (mut first, mut second) = (pin!(port.send(b"first")), pin!(port.send(b"second")));
    assert!(!poll(first.as_mut()) && !poll(second.as_mut()));
    half.0.borrow_mut().room = 100;
    assert!(!poll(second.as_mut()), "the other's turn is not over");
    assert!(poll(first.as_mut()) && poll(second.as_mut()));
    assert_eq!(half.0.borrow().written, b"firstsecond");
}

#[test]
fn a_frame_that_is_dropped_midway_gives_the_next_its_turn() {
    let (half, port) = port();
    half.0.borrow_mut().room = 3;
    {
        let mut dropped = pin!(port.send(b"dropped"));
        assert!(!poll(dropped.as_mut()));
    }
    half.0.borrow_mut().room = 100;
    block_on(port.send(b" next"));
    assert_eq!(half.0.borrow().written, b"dro next");
}

#[test]
fn a_writer_that_fails_ends_the_frame_and_not_the_port() {
    let (half, port) = port();
    half.0.borrow_mut().fails = true;
    block_on(port.send(b"lost"));
    {
        let mut rig = half.0.borrow_mut();
        (rig.fails, rig.room) = (false, 100);
    }
    block_on(port.send(b"sent"));
    assert_eq!(half.0.borrow().written, b"sent");
}

#[test]
fn damaged_characters_are_left_out_and_a_dropped_receive_takes_none() {
    let (half, port) = port();
    {
        let mut dropped = pin!(port.receive());
        assert!(!poll(dropped.as_mut()));
    }
    half.0.borrow_mut().coming = [Err(ErrorKind::InvalidData), Ok(1), Err(ErrorKind::Other), Ok(2)].into();
    assert_eq!([block_on(port.receive()), block_on(port.receive())], [1, 2]);
}

#[test]
fn a_port_that_never_works_leaves_the_others_their_turn() {
    let (half, port) = port();
    half.0.borrow_mut().coming = [Err(ErrorKind::Other); 3].into();
    let mut receive = pin!(port.receive());
    assert!(!poll(receive.as_mut()));
    assert_eq!(half.0.borrow().coming.len(), 2, "one error a turn");
    block_on(port.wait(60_000));
    assert_eq!(half.0.borrow().waited_ms, [60_000]);
}
