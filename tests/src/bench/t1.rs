//! Measures T=1: one exchange of the terminal's side with a reply that fills a block.

use std::hint::black_box;

use qiyong_protocol::iso7816::atr::Edc;
use qiyong_protocol::iso7816::t1::{
    CardSide, CardStep, Check, Connection, Exchange, IFS_MAX, Limits, Parameters, Pcb, Step,
};

use super::{Effort, Row, time};

const COMMAND: [u8; 5] = [0x00, 0xB0, 0x00, 0x00, 0xFC];

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let reply = reply();
    let bound = "xor and copy of a 254-byte block";
    let blocks = exchange(effort, &reply, |exchange, block| exchange.received_slice(block, 12));
    let characters =
        exchange(effort, &reply, |exchange, block| block.iter().for_each(|byte| exchange.received(*byte, 12)));
    vec![
        Row::ns("T=1 exchange, 254-byte reply", blocks).at_least_millions(7.0).compared_with(bound),
        Row::ns("T=1 exchange, 254-byte reply, character by character", characters).compared_with(bound),
        Row::ns("T=1 exchange, 254-byte reply, terminal and card side", pair(effort, &reply)).compared_with(bound),
        Row::ns(bound, bytes_alone(effort, &reply)),
    ]
}

fn reply() -> [u8; IFS_MAX as usize] {
    let mut reply = std::array::from_fn(|at| at as u8);
    reply[252..].copy_from_slice(&[0x90, 0x00]);
    reply
}

/// The least work of any receiver of a block: each byte is read once for the LRC, and stored once.
fn bytes_alone(effort: Effort, reply: &[u8]) -> f64 {
    let block = block(false, reply);
    let mut buffer = vec![0; reply.len()];
    time::ns(effort, || {
        let block = black_box(&block[..]);
        let lrc = block.iter().fold(0, |xor, byte| xor ^ byte);
        buffer.copy_from_slice(&block[3..block.len() - 1]);
        black_box((lrc, &mut buffer));
    })
}

/// An I-block of the card with `inf`.
fn block(ns: bool, inf: &[u8]) -> Vec<u8> {
    let mut block = vec![0, Pcb::I { ns, more: false }.encode(), inf.len() as u8];
    block.extend_from_slice(inf);
    let mut check = Check::new(Edc::Lrc);
    check.update(&block);
    block.push(check.epilogue()[0]);
    block
}

/// A connection whose card may send 254 bytes in one block.
fn connection() -> Connection {
    let mut connection = Connection::new(Parameters { ifsc: IFS_MAX, ..Parameters::default() });
    let limits = Limits::new(&connection, 0, 0);
    let mut exchange = connection.negotiate_ifsd(IFS_MAX, limits);
    exchange.sent();
    exchange.received_slice(&[0x00, 0xE1, 0x01, IFS_MAX, 0xE0 ^ IFS_MAX], 12);
    exchange.timed_out();
    assert_eq!(exchange.step(), Step::Done(Ok(IFS_MAX.into())));
    connection
}

/// The terminal's side alone; `receive` gives it prepared blocks.
fn exchange(effort: Effort, reply: &[u8], receive: impl Fn(&mut Exchange<'_>, &[u8])) -> f64 {
    let blocks = [block(false, reply), block(true, reply)];
    let mut connection = connection();
    let mut buffer = vec![0; 258];
    let mut ns = false;
    time::ns(effort, || {
        let limits = Limits::new(&connection, COMMAND.len(), buffer.len());
        let mut exchange = connection.exchange(black_box(&COMMAND), &mut buffer, limits);
        let mut heard = false;
        let result = loop {
            match exchange.step() {
                Step::Send(bytes) => {
                    black_box(bytes);
                    exchange.sent();
                }
                Step::Receive(_) if heard => exchange.timed_out(),
                Step::Receive(_) => {
                    receive(&mut exchange, black_box(&blocks[usize::from(ns)]));
                    heard = true;
                }
                Step::Done(result) => break result,
            }
        };
        assert_eq!(result, Ok(reply.len()));
        black_box(&mut buffer);
        ns = !ns;
    })
}

/// Both sides: the terminal's gets a block at a time, the card's a character at a time.
fn pair(effort: Effort, reply: &[u8]) -> f64 {
    let mut connection = connection();
    let mut card = CardSide::<256>::new(IFS_MAX, Edc::Lrc);
    [0x00, 0xC1, 0x01, IFS_MAX, 0xC0 ^ IFS_MAX].into_iter().for_each(|byte| drop(card.received(byte)));
    let mut buffer = vec![0; 258];
    time::ns(effort, || {
        let limits = Limits::new(&connection, COMMAND.len(), buffer.len());
        let mut exchange = connection.exchange(black_box(&COMMAND), &mut buffer, limits);
        let mut step = CardStep::Await;
        let result = loop {
            match exchange.step() {
                Step::Send(bytes) => {
                    bytes.iter().for_each(|byte| step = card.received(*byte));
                    exchange.sent();
                }
                Step::Receive(_) => match &step {
                    CardStep::Execute => step = card.respond(reply),
                    CardStep::Send(block) => {
                        exchange.received_slice(block, 12);
                        step = CardStep::Await;
                    }
                    CardStep::Await => exchange.timed_out(),
                },
                Step::Done(result) => break result,
            }
        };
        assert_eq!(result, Ok(reply.len()));
        black_box(&mut buffer);
    })
}
