//! How long the terminal waits, in etu (clauses 11.2 and 11.4.3), and what this costs of the budget.

use super::super::*;
use super::blocks::block;
use crate::iso7816::Etu;
use crate::iso7816::atr::{Atr, Edc};

fn wait(exchange: &Exchange<'_>) -> Etu {
    match exchange.step() {
        Step::Receive(etu) => etu,
        other => panic!("{other:?}"),
    }
}

fn send(exchange: &mut Exchange<'_>) {
    while matches!(exchange.step(), Step::Send(_)) {
        exchange.sent();
    }
}

#[test]
fn the_waiting_times_are_those_of_the_atr_at_the_rate_in_use() {
    // BWI = 4 and CWI = 13 by default. BWT is a duration, so it has more etu at a faster rate.
    let connection = Connection::new(Parameters::default());
    assert_eq!((connection.bwt(), connection.cwt()), (11 + 16 * 960, 11 + 8192));
    // TB3 = 45: BWI 4, CWI 5; F = 512, D = 32.
    let atr = hex_literal::hex!("3B D5 96 FF 81 B1 FE 45 1F C3 00 00 00 00 00");
    let parameters = Parameters::from_atr(&Atr::new(&atr).parameters(), 512, 32);
    assert_eq!((parameters.ifsc, parameters.bwi, parameters.cwi, parameters.edc), (0xFE, 4, 5, Edc::Lrc));
    let connection = Connection::new(parameters);
    assert_eq!((connection.bwt(), connection.cwt()), (11 + 16 * 960 * 372 * 32 / 512, 11 + 32));
    // Reserved values.
    let connection = Connection::new(Parameters { ifsc: 0, bwi: 15, ..parameters });
    assert_eq!((connection.ifsc(), connection.bwt()), (32, 11 + 960 * 372 * 32));
    assert_eq!(Connection::new(Parameters { ifsc: 255, ..parameters }).ifsc(), 32);
}

#[test]
fn an_extension_is_for_the_next_block_alone() {
    let mut connection = Connection::new(Parameters::default());
    let (bwt, cwt) = (connection.bwt(), connection.cwt());
    let limits = Limits::new(&connection, 4, 20);
    let mut buffer = [0; 20];
    let mut exchange = connection.exchange(&[0, 0x84, 0, 0], &mut buffer, limits);
    send(&mut exchange);
    assert_eq!(wait(&exchange), bwt);
    let wtx = block(Pcb::Request(Supervisory::Wtx), &[3], Edc::Lrc);
    exchange.received(wtx[0], 12);
    assert_eq!(wait(&exchange), cwt);
    exchange.received_slice(&wtx[1..], 48);
    assert_eq!(wait(&exchange), BLOCK_GUARD_TIME);
    exchange.timed_out();
    send(&mut exchange);
    assert_eq!(wait(&exchange), 3 * bwt);
    exchange.timed_out();
    assert_eq!(exchange.step(), Step::Send(&[0, 0x82, 0, 0x82]));
    send(&mut exchange);
    assert_eq!(wait(&exchange), bwt);
}

#[test]
fn an_answer_that_is_repeated_grants_its_extension_again() {
    let mut connection = Connection::new(Parameters::default());
    let bwt = connection.bwt();
    let limits = Limits::new(&connection, 4, 20);
    let mut buffer = [0; 20];
    let mut exchange = connection.exchange(&[0, 0x84, 0, 0], &mut buffer, limits);
    send(&mut exchange);
    exchange.received_slice(&block(Pcb::Request(Supervisory::Wtx), &[3], Edc::Lrc), 60);
    exchange.timed_out();
    let granted = block(Pcb::Response(Supervisory::Wtx), &[3], Edc::Lrc);
    assert_eq!(exchange.step(), Step::Send(&granted));
    send(&mut exchange);
    // The card did not understand the block (rule 7.2).
    exchange.received_slice(&block(Pcb::R { nr: true, complaint: Complaint::Redundancy }, &[], Edc::Lrc), 48);
    exchange.timed_out();
    assert_eq!(exchange.step(), Step::Send(&granted));
    send(&mut exchange);
    assert_eq!(wait(&exchange), 3 * bwt);
}

/// Clause 11.5: LEN may be wrong, so only a silent line shows where a block ends.
#[test]
fn an_invalid_block_is_over_when_the_line_is_quiet() {
    let mut connection = Connection::new(Parameters::default());
    let cwt = connection.cwt();
    let limits = Limits::new(&connection, 4, 20);
    let mut buffer = [0; 20];
    let mut exchange = connection.exchange(&[0, 0x84, 0, 0], &mut buffer, limits);
    send(&mut exchange);
    // LEN itself has wrong parity: nobody knows where the block ends.
    exchange.received_slice(&[0, 0], 24);
    exchange.parity_error(12);
    exchange.received(0x90, 12);
    assert_eq!(wait(&exchange), cwt);
    exchange.timed_out();
    assert_eq!(exchange.step(), Step::Send(&[0, 0x81, 0, 0x81]));
    send(&mut exchange);
    // LEN says where the block ends, so the guard time is enough. More characters show that LEN was wrong.
    exchange.received_slice(&[0, 0, 1, 0x90, 0x00], 60);
    assert_eq!(wait(&exchange), BLOCK_GUARD_TIME);
    exchange.received(0x55, 12);
    assert_eq!(wait(&exchange), cwt);
}

#[test]
fn an_exchange_fits_the_memory_of_a_small_terminal() {
    let size = size_of::<Connection>() + size_of::<Exchange<'_>>();
    assert!(size <= 256, "{size} bytes");
}
