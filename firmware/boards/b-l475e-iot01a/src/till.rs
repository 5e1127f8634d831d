//! Till and centre on the ST-LINK's virtual COM port, in the provisional frames of `qiyong_firmware::link`.

use core::cell::Cell;

use critical_section::Mutex;
use qiyong_firmware::link::{self, Command, Receiver};
use qiyong_firmware::terminal::{CentreLink, Clock};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::host::{Answer, LinkError, Request};

use crate::board;
use crate::serial::TILL;

/// How long the centre may take to answer (domain.md §5.5), in µs.
const ANSWER_US: u64 = 60_000_000;

/// The link.
pub(crate) struct Till {
    receiver: Receiver,
}

impl Till {
    pub(crate) fn new() -> Self {
        Self { receiver: Receiver::default() }
    }

    /// A frame that `read` makes something of; others are dropped.
    async fn frame<T>(&mut self, deadline_us: u64, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        board::until(deadline_us, || {
            while let Some(character) = TILL.take() {
                if let Some(value) = self.receiver.received(character.byte).and_then(&read) {
                    return Some(value);
                }
            }
            None
        })
        .await
    }

    /// The till's next command, however long it takes.
    pub(crate) async fn command(&mut self) -> Command {
        loop {
            if let Some(command) = self.frame(u64::MAX, Command::decode).await {
                return command;
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: &[u8]) {
        TILL.send(link::framed(frame)).await;
    }
}

impl CentreLink for Till {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        self.send(&link::encode_body(&request.body)).await;
        self.frame(board::now_us() + ANSWER_US, link::decode_answer).await.ok_or(LinkError::NoAnswer)
    }
}

/// What the clock says before any visit, when nobody asks.
const UNSET: Timestamp = match Date::new(2026, 1, 1) {
    Some(date) => Timestamp { date, hour: 0, minute: 0, second: 0 },
    None => unreachable!(),
};
/// The time of the visit, as the till gave it.
static TIME: Mutex<Cell<Timestamp>> = Mutex::new(Cell::new(UNSET));

/// The clock, until the board's own is set by the centre: stands still during a visit.
#[derive(Clone, Copy)]
pub(crate) struct VisitClock;

impl VisitClock {
    pub(crate) fn set(self, time: Timestamp) {
        critical_section::with(|cs| TIME.borrow(cs).set(time));
    }
}

impl Clock for VisitClock {
    fn now(&mut self) -> Timestamp {
        critical_section::with(|cs| TIME.borrow(cs).get())
    }
}
