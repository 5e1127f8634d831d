//! One direction of the serial line: bytes in virtual time, each as long as ten bits take (8N1), and what goes wrong
//! with them.
//!
//! What is sent may hold a key, so that no byte stays in memory after it was taken.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use zeroize::Zeroize;

use crate::time::{CLOCK_HZ, VirtualTime};

/// The rate of the boards' serial line, in bits a second.
pub const BAUD: u64 = 115_200;
/// How long a byte takes, in cycles: a start bit, eight data bits, a stop bit.
const BYTE: u64 = 10 * CLOCK_HZ / BAUD;

/// What goes wrong with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteFault {
    /// These bits of it are inverted.
    Flip(u8),
    /// It never arrives.
    Lose,
    /// It arrives twice.
    Double,
    /// It never arrives, nor does what follows it in the same frame.
    Cut,
}

impl ByteFault {
    /// The kinds that scenario files name.
    pub const WORDS: [(&'static str, Self); 4] =
        [("flipped", Self::Flip(1)), ("lost", Self::Lose), ("doubled", Self::Double), ("cut", Self::Cut)];
}

/// One direction. Clones are the same.
#[derive(Clone)]
pub struct Wire {
    time: VirtualTime,
    bytes: Rc<RefCell<Bytes>>,
}

#[derive(Default)]
struct Bytes {
    coming: Queue,
    /// When the last byte that was sent has gone out.
    free_at: u64,
    /// How many bytes were sent since [`Wire::begin`].
    sent: u64,
    /// What goes wrong, by the number of the byte.
    faults: Vec<(u64, ByteFault)>,
    /// Who waits for a byte.
    reader: Option<Waker>,
}

impl Bytes {
    /// A byte of a frame goes out at `from`; returns whether the rest of the frame does.
    fn push(&mut self, from: u64, byte: u8) -> bool {
        let number = self.sent;
        self.sent += 1;
        self.free_at = self.free_at.max(from) + BYTE;
        let fault = self.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault);
        match fault {
            None => self.coming.push_back((self.free_at, byte)),
            Some(ByteFault::Flip(bits)) => self.coming.push_back((self.free_at, byte ^ bits)),
            Some(ByteFault::Double) => {
                self.coming.push_back((self.free_at, byte));
                self.free_at += BYTE;
                self.coming.push_back((self.free_at, byte));
            }
            Some(ByteFault::Lose) => {}
            Some(ByteFault::Cut) => return false,
        }
        true
    }
}

/// Bytes that are under way, with the cycle at which each has arrived.
#[derive(Default)]
struct Queue {
    /// Those before `taken` are wiped.
    bytes: Vec<(u64, u8)>,
    taken: usize,
}

impl Queue {
    fn push_back(&mut self, coming: (u64, u8)) {
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
        }
        if self.bytes.len() == self.bytes.capacity() {
            // Not by `Vec`'s own growth, which leaves the bytes where they were.
            let mut more = Vec::with_capacity(2 * self.bytes.len() + 64);
            more.extend_from_slice(&self.bytes);
            self.wipe();
            self.bytes = more;
        }
        self.bytes.push(coming);
    }

    /// When the next byte has arrived.
    fn due(&self) -> Option<u64> {
        self.bytes.get(self.taken).map(|(due, _)| *due)
    }

    fn take(&mut self) -> u8 {
        let byte = self.bytes.get_mut(self.taken).map(|(_, byte)| std::mem::take(byte));
        self.taken += usize::from(byte.is_some());
        byte.unwrap_or_default()
    }

    fn wipe(&mut self) {
        self.bytes.iter_mut().for_each(|(_, byte)| byte.zeroize());
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Wire {
    /// A wire over which nothing has gone.
    pub fn new(time: VirtualTime) -> Self {
        Self { time, bytes: Rc::default() }
    }

    /// From now on this goes wrong with the bytes that are sent, by their number from 0; what was planned before and
    /// has not happened is off.
    pub fn begin(&self, faults: Vec<(u64, ByteFault)>) {
        let mut bytes = self.bytes.borrow_mut();
        (bytes.sent, bytes.faults) = (0, faults);
    }

    /// How many bytes were sent since [`Wire::begin`].
    pub fn sent(&self) -> u64 {
        self.bytes.borrow().sent
    }

    /// The first byte with which something was to go wrong and that was not sent, if there is one, and how many were.
    pub fn left(&self) -> Option<(u64, u64)> {
        let bytes = self.bytes.borrow();
        let left = bytes.faults.iter().map(|(at, _)| *at).filter(|at| *at >= bytes.sent).min();
        left.map(|at| (at, bytes.sent))
    }

    /// Nobody takes what is under way.
    pub fn drop_all(&self) {
        self.bytes.borrow_mut().coming = Queue::default();
    }

    /// Sends a frame or a part of one, after whatever was sent before.
    pub fn send(&self, frame: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let now = self.time.cycles();
        for byte in frame {
            if !bytes.push(now, *byte) {
                break;
            }
        }
        if let Some(reader) = bytes.reader.take() {
            reader.wake();
        }
    }

    /// Waits until everything that was sent has gone out.
    pub async fn flushed(&self) {
        let free_at = self.bytes.borrow().free_at;
        self.time.until(free_at).await;
    }

    /// When the next byte arrives, or has arrived, in cycles: as soon as one is under way.
    ///
    /// Cancel-safety: cancel-safe.
    pub async fn due(&self) -> u64 {
        poll_fn(|context| {
            let mut bytes = self.bytes.borrow_mut();
            let due = bytes.coming.due();
            if due.is_none() {
                bytes.reader = Some(context.waker().clone());
            }
            due.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// The next byte that arrives.
    ///
    /// Cancel-safety: cancel-safe.
    pub async fn receive(&self) -> u8 {
        poll_fn(|context| {
            let mut bytes = self.bytes.borrow_mut();
            match bytes.coming.due() {
                Some(due) if due <= self.time.cycles() => return Poll::Ready(bytes.coming.take()),
                Some(due) => self.time.note(due),
                None => bytes.reader = Some(context.waker().clone()),
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives of `frame` with these faults, and after how many byte times.
    fn arrives(frame: &[u8], faults: &[(u64, ByteFault)]) -> Vec<(u64, u8)> {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let wire = Wire::new(time.clone());
        wire.begin(faults.to_vec());
        wire.send(frame);
        let mut arrived = Vec::new();
        let reading = async {
            loop {
                let byte = wire.receive().await;
                arrived.push((time.cycles() / BYTE, byte));
            }
        };
        let _: Result<(), _> = time.run_while(|| true, reading);
        arrived
    }

    #[test]
    fn a_byte_takes_ten_bits_and_its_fault_comes_with_it() {
        assert_eq!(BYTE, 347);
        assert_eq!(arrives(b"abc", &[]), [(1, b'a'), (2, b'b'), (3, b'c')]);
        assert_eq!(arrives(b"abc", &[(1, ByteFault::Flip(1))]), [(1, b'a'), (2, b'c'), (3, b'c')]);
        assert_eq!(arrives(b"abc", &[(1, ByteFault::Lose)]), [(1, b'a'), (3, b'c')]);
        assert_eq!(arrives(b"abc", &[(0, ByteFault::Double)]), [(1, b'a'), (2, b'a'), (3, b'b'), (4, b'c')]);
        assert_eq!(arrives(b"abc", &[(1, ByteFault::Cut)]), [(1, b'a')]);
    }

    #[test]
    fn what_was_taken_is_wiped() {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let wire = Wire::new(time.clone());
        let secret = *b"a key of sixteen";
        wire.send(&secret);
        let taken = time.run_while(|| true, async {
            let mut taken = [0; 16];
            for byte in &mut taken {
                *byte = wire.receive().await;
            }
            taken
        });
        assert_eq!(taken, Ok(secret));
        let bytes = wire.bytes.borrow();
        assert_eq!((bytes.coming.bytes.len(), bytes.coming.taken), (16, 16));
        assert!(bytes.coming.bytes.iter().all(|(_, byte)| *byte == 0));
    }
}
