//! Measures T=0: one exchange with a short reply.

use std::hint::black_box;

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{AckStyle, CardSide, CardStep, Exchange, Limits, Step};

use super::{Effort, Row, time};

const COMMAND: Command<'_> = Command::new(0x00, 0x84, 0x00, 0x00).expecting(8);
const REPLY: [u8; 8] = [0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8];
const LIMITS: Limits = Limits::new(10, 372, 1);

const CASE_1: Command<'_> = Command::new(0x00, 0x84, 0x00, 0x00);

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let answer = [&[COMMAND.ins], &REPLY[..], &[0x90, 0x00]].concat();
    vec![
        Row::ns("T=0 exchange, status word alone", terminal(effort, CASE_1, &[0x90, 0x00], false)),
        Row::ns("T=0 exchange, 8-byte reply", terminal(effort, COMMAND, &answer, false)).at_least_millions(20.0),
        Row::ns("T=0 exchange, 8-byte reply, character by character", terminal(effort, COMMAND, &answer, true)),
        Row::ns("T=0 exchange, 8-byte reply, terminal and card side", pair(effort)).at_least_millions(20.0),
    ]
}

/// The terminal's side alone, which gets prepared characters in one call or one by one.
fn terminal(effort: Effort, command: Command<'_>, answer: &[u8], one_by_one: bool) -> f64 {
    let mut buffer = [0; 256];
    time::ns(effort, || {
        let mut exchange = Exchange::new(black_box(&command), &mut buffer, LIMITS);
        let answer = black_box(answer);
        let response = loop {
            match exchange.step() {
                Step::Send(bytes) => {
                    black_box(bytes);
                    exchange.sent();
                }
                Step::Receive(_) if one_by_one => answer.iter().for_each(|byte| exchange.received(*byte, 12)),
                Step::Receive(_) => exchange.received_slice(answer, 12 * answer.len() as u32),
                Step::Done(result) => break result,
            }
        };
        assert!(response.is_ok_and(|response| response.len == answer.len().saturating_sub(3)));
        black_box(&mut buffer);
    })
}

/// Both sides: each gets what the other sends.
fn pair(effort: Effort) -> f64 {
    let mut card = CardSide::<256>::new(AckStyle::All);
    let mut buffer = [0; 256];
    time::ns(effort, || {
        let mut exchange = Exchange::new(black_box(&COMMAND), &mut buffer, LIMITS);
        let mut step = CardStep::Await;
        let response = loop {
            match exchange.step() {
                Step::Send(bytes) => {
                    bytes.iter().for_each(|byte| step = card.received(*byte, |_| false));
                    exchange.sent();
                }
                Step::Receive(_) => match step {
                    CardStep::Execute => step = card.respond(black_box(&REPLY), StatusWord::OK),
                    CardStep::Send => {
                        exchange.received_slice(card.burst(), 12 * card.burst().len() as u32);
                        step = CardStep::Await;
                    }
                    CardStep::Await => exchange.timed_out(),
                },
                Step::Done(result) => break result,
            }
        };
        assert!(response.is_ok_and(|response| response.len == REPLY.len()));
        black_box(&mut buffer);
    })
}
