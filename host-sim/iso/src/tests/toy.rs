//! A decider that answers each request with its own number, and messages for it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qiyong_protocol::centre::iso8583::{HEADER, Message, Mti, TPDU, Writer, swapped};
use qiyong_protocol::centre::message::MESSAGE_MAX;

use crate::decider::{Decider, Refuse, Refused};

/// After so long nothing comes any more: a test fails instead of hanging.
pub(super) const WATCHDOG: Duration = Duration::from_secs(120);
/// The number of a request at which the toy panics.
pub(super) const PANICS: u32 = 666_666;
/// The number of a request that it does not answer.
pub(super) const SILENT: u32 = 404_404;

/// A request with this number in F11.
pub(super) fn request(number: u32) -> Vec<u8> {
    message(TPDU, Mti(0x0800), number, None)
}

/// Its answer, with this response code.
pub(super) fn answer(number: u32, code: &[u8; 2]) -> Vec<u8> {
    message(swapped(TPDU), Mti(0x0810), number, Some(code))
}

fn message(tpdu: [u8; 5], mti: Mti, number: u32, code: Option<&[u8; 2]>) -> Vec<u8> {
    let digits: Vec<u8> = format!("{number:06}").bytes().map(|digit| digit - b'0').collect();
    let mut buffer = [0; MESSAGE_MAX];
    let mut writer = Writer::new(&mut buffer, tpdu, HEADER, mti);
    writer.digits(11, &digits);
    if let Some(code) = code {
        writer.text(39, code);
    }
    writer.text(41, b"00000001");
    writer.finish().unwrap().to_vec()
}

/// The number in F11.
pub(super) fn number(message: &[u8]) -> u32 {
    let message = Message::read(message).unwrap();
    message.field(11).unwrap().digits().fold(0, |number, digit| number * 10 + u32::from(digit))
}

/// What the toy was asked, batch by batch.
pub(super) type Seen = Arc<Mutex<Vec<Vec<u32>>>>;

/// The decider.
#[derive(Default)]
pub(super) struct Toy {
    pub(super) seen: Seen,
    gate: Option<(Sender<usize>, Receiver<()>)>,
}

/// Holds a toy before each batch.
pub(super) struct Gate {
    begun: Receiver<usize>,
    go_on: Sender<()>,
}

impl Gate {
    /// Waits until a batch has begun; returns how many requests it has.
    pub(super) fn begun(&self) -> usize {
        self.begun.recv_timeout(WATCHDOG).expect("a batch begins")
    }

    /// Whether no batch has begun that has not been seen.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.begun.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout))
    }

    /// Lets it be decided.
    pub(super) fn go_on(&self) {
        self.go_on.send(()).expect("the toy is there");
    }
}

impl Toy {
    /// One that waits at a gate before each batch; without the gate it goes on.
    pub(super) fn gated() -> (Self, Gate) {
        let ((tell, begun), (go_on, wait)) = (channel(), channel());
        (Self { seen: Seen::default(), gate: Some((tell, wait)) }, Gate { begun, go_on })
    }
}

impl Decider for Toy {
    fn decide(&mut self, batch: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        if let Some((begun, wait)) = &self.gate {
            let _ = begun.send(batch.len());
            let _ = wait.recv();
        }
        let numbers: Vec<u32> = batch.iter().map(|message| number(message)).collect();
        self.seen.lock().unwrap().push(numbers.clone());
        assert!(!numbers.contains(&PANICS), "the toy was told to panic");
        numbers.into_iter().map(|number| (number != SILENT).then(|| answer(number, b"00"))).collect()
    }
}

/// 05 full, 06 late.
pub(super) struct ToyRefuser;

impl Refuse for ToyRefuser {
    fn refuse(&mut self, message: &[u8], why: Refused) -> Option<Vec<u8>> {
        let code = match why {
            Refused::Full => b"05",
            Refused::Late => b"06",
        };
        Some(answer(number(message), code))
    }
}
