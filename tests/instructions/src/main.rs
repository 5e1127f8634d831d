//! What the engines do for one exchange, for counting instructions: `cargo xtask bench` and `cargo xtask test` run this
//! under valgrind's callgrind. Nothing is measured or judged here.
//!
//! Each function whose name begins with `row_` is called once for each row of that name; the counter takes all that
//! happens in it. It plays the terminal's side alone, against characters that were prepared outside of it.

use std::hint::black_box;

use hex_literal::hex;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::{Atr, Edc, Parameters};
use qiyong_protocol::iso7816::t0;
use qiyong_protocol::iso7816::t1::{self, Connection, IFS_MAX, Pcb};
use qiyong_protocol::iso7816::{Etu, Turn};

/// Etu from one character to the next.
const CHARACTER: Etu = 12;

/// A social security card of the third generation, with T=0 alone.
const ATR_T0: [u8; 18] = hex!("3B7D9600000090543100866026030237 79BC");
/// A UICC with T=0, T=1, T=15 and TCK: an example of ETSI TS 102 221.
const ATR_T1: [u8; 17] = hex!("3B979580B1FE001F428031A073BE21177A");

const SELECT: Command<'_> = Command::new(0x00, 0xA4, 0x00, 0x00).with_data(&[0xDF, 0x01]);
const READ_BINARY: Command<'_> = Command::new(0x00, 0xB0, 0x96, 0x00).expecting(255);

/// Buffers begin on a line of the cache, so that copying takes the same number of instructions each time.
#[repr(align(64))]
struct Aligned<const N: usize>([u8; N]);

fn main() {
    let mut buffer = Aligned([0; 258]);
    let reply: [u8; IFS_MAX as usize] = std::array::from_fn(|at| at as u8);
    let blocks = [i_block(false, &reply), i_block(true, &reply)];
    let mut connection = connection();
    // Both values of N(S).
    for block in &blocks {
        row_t1(
            black_box(&mut connection),
            black_box(&hex!("00B00000FE")),
            black_box(&mut buffer.0),
            black_box(&block.0[..258]),
        );
    }
    for block in &blocks {
        row_t1_by_character(&mut connection, &mut buffer.0, &block.0[..258]);
    }

    let limits = t0::Limits::new(10, 372, 1);
    let mut binary = Aligned([0xA5; 258]);
    binary.0[0] = READ_BINARY.ins;
    binary.0[256..].copy_from_slice(&[0x90, 0x00]);
    let select = Case { command: SELECT, answers: &[&[SELECT.ins], &[0x90, 0x00]] };
    let read_binary = Case { command: READ_BINARY, answers: &[&binary.0] };
    row_t0(black_box(&mut buffer.0), black_box(&select), black_box(&read_binary), black_box(limits));
    row_t0_by_character(&mut buffer.0, &binary.0, limits);

    row_atr_of_t0(black_box(&ATR_T0));
    row_atr_of_t1(black_box(&ATR_T1));
    row_atr_check_alone(black_box(&ATR_T1));
}

/// An APDU of 5 bytes, and a response of 254 bytes in one block, which comes in one go.
#[inline(never)]
fn row_t1(connection: &mut Connection, command: &[u8], buffer: &mut [u8], block: &[u8]) {
    let limits = t1::Limits::new(connection, command.len(), buffer.len());
    let mut exchange = connection.exchange(command, buffer, limits);
    let result = loop {
        match exchange.turn() {
            Turn::Send(bytes, within) => {
                black_box((bytes, within));
                exchange.answered(block, CHARACTER * block.len() as Etu);
            }
            Turn::Part(_) => exchange.sent(),
            Turn::Receive(within) => {
                black_box(within);
                exchange.timed_out();
            }
            Turn::Done(result) => break result,
        }
    };
    assert!(result == Ok(254));
}

/// The same with one call for each character, and the question what to do next after each.
#[inline(never)]
fn row_t1_by_character(connection: &mut Connection, buffer: &mut [u8], block: &[u8]) {
    let mut characters = black_box(block).iter();
    let limits = t1::Limits::new(connection, 5, buffer.len());
    let mut exchange = connection.exchange(black_box(&hex!("00B00000FE")), buffer, limits);
    let result = loop {
        match exchange.step() {
            t1::Step::Send(bytes) => {
                black_box(bytes);
                exchange.sent();
            }
            t1::Step::Receive(within) => {
                black_box(within);
                match characters.next() {
                    Some(byte) => exchange.received(*byte, CHARACTER),
                    None => exchange.timed_out(),
                }
            }
            t1::Step::Done(result) => break result,
        }
    };
    assert!(result == Ok(254));
}

/// A command, and what a card answers to each that the terminal sends.
struct Case<'a> {
    command: Command<'a>,
    answers: &'a [&'a [u8]],
}

/// SELECT with two bytes, then READ BINARY with a response of 255 bytes; what the card sends comes in one go.
#[inline(never)]
fn row_t0(buffer: &mut [u8], select: &Case<'_>, read_binary: &Case<'_>, limits: t0::Limits) {
    whole_over_t0(select, buffer, limits);
    whole_over_t0(read_binary, buffer, limits);
}

/// One command, by a driver that hears the whole answer to what it sends.
#[inline(always)]
fn whole_over_t0(Case { command, answers }: &Case<'_>, buffer: &mut [u8], limits: t0::Limits) {
    let mut answers = answers.iter();
    let mut exchange = t0::Exchange::new(command, buffer, limits);
    let done = loop {
        match exchange.turn() {
            Turn::Send(bytes, within) => {
                black_box((bytes, within));
                let Some(answer) = answers.next() else { panic!("nothing more is to be sent") };
                exchange.answered(answer, CHARACTER * answer.len() as Etu);
            }
            Turn::Part(_) => exchange.sent(),
            Turn::Receive(_) => exchange.timed_out(),
            Turn::Done(result) => break result,
        }
    };
    assert!(done.is_ok_and(|done| done.len == command.ne));
}

/// READ BINARY with one call for each character, and the question what to do next after each.
#[inline(never)]
fn row_t0_by_character(buffer: &mut [u8], binary: &[u8], limits: t0::Limits) {
    let mut characters = black_box(binary).iter();
    over_t0(black_box(&READ_BINARY), buffer, limits, |exchange| match characters.next() {
        Some(byte) => exchange.received(*byte, CHARACTER),
        None => exchange.timed_out(),
    });
}

#[inline(always)]
fn over_t0(
    command: &Command<'_>,
    buffer: &mut [u8],
    limits: t0::Limits,
    mut receive: impl FnMut(&mut t0::Exchange<'_>),
) {
    let mut exchange = t0::Exchange::new(command, buffer, limits);
    let done = loop {
        match exchange.step() {
            t0::Step::Send(bytes) => {
                black_box(bytes);
                exchange.sent();
            }
            t0::Step::Receive(within) => {
                black_box(within);
                receive(&mut exchange);
            }
            t0::Step::Done(result) => break result,
        }
    };
    assert!(done.is_ok_and(|done| done.len == command.ne));
}

#[inline(never)]
fn row_atr_of_t0(bytes: &[u8]) {
    assert!(!everything(bytes).offers(1));
}

#[inline(never)]
fn row_atr_of_t1(bytes: &[u8]) {
    assert!(everything(bytes).offers(1));
}

#[inline(never)]
fn row_atr_check_alone(bytes: &[u8]) {
    assert!(black_box(Atr::new(bytes).check()).is_ok());
}

/// The check, and all that the ATR says; the sum of it, so that nothing is left out.
#[inline(always)]
fn everything(bytes: &[u8]) -> Parameters {
    let Ok(card) = Atr::new(bytes).check() else { panic!("an ATR") };
    let mode = card.specific_mode().map_or(0, |mode| u32::from(mode.protocol) + u32::from(mode.implicit));
    let protocols =
        u32::from(card.preferred_protocol().unwrap_or(15)) + u32::from(card.offers(0)) + u32::from(card.offers(1));
    let rate =
        u32::from(card.fi().unwrap_or(0)) + u32::from(card.di().unwrap_or(0)) + u32::from(card.ta1().unwrap_or(0));
    let times =
        [card.extra_guard(), card.wi(), card.ifsc(), card.bwi(), card.cwi()].into_iter().map(u32::from).sum::<u32>();
    let kinds = card.convention() as u32 + card.edc() as u32 + card.clock_stop() as u32;
    let others = u32::from(card.classes().map_or(0, |classes| classes.bits())) + u32::from(card.extended_lengths());
    black_box(mode + protocols + rate + times + kinds + others + card.historical(bytes).len() as u32);
    card
}

/// An I-block of the card with `inf`.
fn i_block(ns: bool, inf: &[u8]) -> Aligned<260> {
    let mut block = Aligned([0; 260]);
    block.0[1] = Pcb::I { ns, more: false }.encode();
    block.0[2] = inf.len() as u8;
    block.0[3..3 + inf.len()].copy_from_slice(inf);
    let mut check = t1::Check::new(Edc::Lrc);
    check.update(&block.0[..3 + inf.len()]);
    block.0[3 + inf.len()] = check.epilogue()[0];
    block
}

/// A connection whose card may send 254 bytes in one block.
fn connection() -> Connection {
    let mut connection = Connection::new(t1::Parameters { ifsc: IFS_MAX, ..t1::Parameters::default() });
    let limits = t1::Limits::new(&connection, 0, 0);
    let mut exchange = connection.negotiate_ifsd(IFS_MAX, limits);
    exchange.sent();
    exchange.received_slice(&[0x00, 0xE1, 0x01, IFS_MAX, 0xE0 ^ IFS_MAX], CHARACTER);
    exchange.timed_out();
    connection
}
