//! Cards that follow no rules: every exchange ends, within its budget and with a reason.

use std::vec::Vec;

use proptest::prelude::*;

use super::super::*;
use super::blocks::{block, with_edc};
use crate::iso7816::atr::Edc;

/// Runs a command of 60 bytes against a card that answers the n-th block with `card(n)`; no characters mean silence.
fn against(
    connection: &mut Connection,
    limits: Limits,
    mut card: impl FnMut(usize) -> Vec<u8>,
) -> Result<usize, T1Error> {
    let command = [0xC0; 60];
    let mut buffer = [0; 300];
    let mut exchange = connection.exchange(&command, &mut buffer, limits);
    let mut heard = Vec::new();
    let (mut blocks, mut etu) = (0, 0);
    loop {
        match exchange.step() {
            Step::Done(result) => return result,
            Step::Send(bytes) => {
                etu += 12 * bytes.len() as u64;
                exchange.sent();
                if matches!(exchange.step(), Step::Receive(_)) {
                    heard = card(blocks);
                    blocks += 1;
                    assert!(blocks <= limits.blocks as usize);
                }
            }
            Step::Receive(wait) if heard.is_empty() => {
                etu += u64::from(wait);
                exchange.timed_out();
            }
            Step::Receive(_) => {
                etu += 12 * heard.len() as u64;
                exchange.received_slice(&heard, 12 * heard.len() as u32);
                heard.clear();
            }
        }
        // The last wait is cut to the rest of the budget. Only a block already on its way can exceed the budget.
        assert!(etu <= u64::from(limits.budget) + 2 * 12 * MAX_BLOCK as u64, "{etu} etu of {}", limits.budget);
    }
}

/// A connection that has received a block, so that it tries to resynchronise.
fn connection() -> Connection {
    let mut connection = Connection::new(Parameters::default());
    let limits = Limits::new(&connection, 60, 300);
    let answer = |n| match n {
        0 => block(r(true), &[], Edc::Lrc),
        _ => block(Pcb::I { ns: false, more: false }, &[0x90, 0], Edc::Lrc),
    };
    assert_eq!(against(&mut connection, limits, answer), Ok(2));
    connection
}

fn r(nr: bool) -> Pcb {
    Pcb::R { nr, complaint: Complaint::Redundancy }
}

fn error(card: impl FnMut(usize) -> Vec<u8>) -> T1Error {
    let mut connection = connection();
    let limits = Limits::new(&connection, 60, 300);
    let error = against(&mut connection, limits, card).unwrap_err();
    assert!(!connection.is_ready());
    assert_eq!(against(&mut connection, limits, |_| Vec::new()), Err(T1Error::NeedsReset));
    error
}

#[test]
fn extensions_without_end() {
    let wtx = |inf| move |_| block(Pcb::Request(Supervisory::Wtx), &[inf], Edc::Lrc);
    assert_eq!(error(wtx(1)), T1Error::OutOfBudget(Budget::Extensions));
    // One long extension, then silence: the wait ends with the budget.
    let once = |n| if n == 0 { wtx(255)(n) } else { Vec::new() };
    assert_eq!(error(once), T1Error::OutOfBudget(Budget::Time));
}

/// Clause 11.4.2.
#[test]
fn ifs_requests_without_end() {
    let ifs = |n| block(Pcb::Request(Supervisory::Ifs), &[1 + n as u8 % 254], Edc::Lrc);
    assert_eq!(error(ifs), T1Error::OutOfBudget(Budget::Blocks));
}

#[test]
fn abortions_without_end() {
    let abort = |_| block(Pcb::Request(Supervisory::Abort), &[], Edc::Lrc);
    assert_eq!(error(abort), T1Error::OutOfBudget(Budget::Blocks));
}

#[test]
fn requests_to_repeat_without_end() {
    // The connection's first command used I(0,1) and I(1,0), so N(S) is 0 again.
    assert_eq!(error(|_| block(r(false), &[], Edc::Lrc)), T1Error::OutOfBudget(Budget::Repetitions));
    assert_eq!(error(|n| block(r(n == 0), &[], Edc::Lrc)), T1Error::OutOfBudget(Budget::Repetitions));
}

#[test]
fn a_response_without_end() {
    let chain = |len: usize| {
        move |n| match n {
            0 => block(r(true), &[], Edc::Lrc),
            n => block(Pcb::I { ns: n % 2 == 1, more: true }, &std::vec![0; len], Edc::Lrc),
        }
    };
    assert_eq!(error(chain(0)), T1Error::OutOfBudget(Budget::Blocks));
    assert_eq!(error(chain(32)), T1Error::OutOfBudget(Budget::Time));
}

#[test]
fn a_card_that_resynchronises_and_does_nothing_else() {
    let card =
        |n| if n % 4 == 3 { block(Pcb::Response(Supervisory::Resynch), &[], Edc::Lrc) } else { std::vec![0, 0, 0, 1] };
    assert_eq!(error(card), T1Error::OutOfBudget(Budget::Repetitions));
}

#[test]
fn a_silent_card() {
    let trouble = Trouble { sent: 0xC0, fault: Fault::Silence };
    assert_eq!(error(|_| Vec::new()), T1Error::ResynchFailed(trouble));
    let mut fresh = Connection::new(Parameters::default());
    let limits = Limits::new(&fresh, 60, 300);
    let error = against(&mut fresh, limits, |_| Vec::new()).unwrap_err();
    assert_eq!(error, T1Error::NoAnswer(Trouble { sent: 0x82, fault: Fault::Silence }));
    assert_eq!(
        std::format!("{error}"),
        "the card answered R(0) with nothing within the block waiting time, and no block since its reset was better \
         (rule 7.4.1): reset the card"
    );
}

#[test]
fn a_response_longer_than_the_buffer_is_counted_and_the_next_command_works() {
    let mut connection = connection();
    let limits = Limits::new(&connection, 60, 300);
    let long = |n| match n {
        0 => block(r(true), &[], Edc::Lrc),
        n => block(Pcb::I { ns: n % 2 == 1, more: n < 12 }, &[n as u8; 32], Edc::Lrc),
    };
    assert_eq!(against(&mut connection, limits, long), Err(T1Error::BufferTooSmall { need: 12 * 32 }));
    let short = |n| block(if n == 0 { r(true) } else { Pcb::I { ns: true, more: false } }, &[0x90, 0], Edc::Lrc);
    let short = |n| if n == 0 { block(r(true), &[], Edc::Lrc) } else { short(n) };
    assert_eq!(against(&mut connection, limits, short), Ok(2));
}

#[test]
fn characters_nobody_awaits_change_nothing() {
    let mut connection = Connection::new(Parameters::default());
    let limits = Limits::new(&connection, 4, 300);
    let mut buffer = [0; 300];
    let mut exchange = connection.exchange(&[0, 0x84, 0, 0], &mut buffer, limits);
    exchange.received_slice(&[1, 2, 3], 36);
    exchange.parity_error(12);
    exchange.timed_out();
    while matches!(exchange.step(), Step::Send(_)) {
        exchange.sent();
    }
    exchange.sent();
    let answer = block(Pcb::I { ns: false, more: false }, &[0x90, 0], Edc::Lrc);
    exchange.received_slice(&answer, 12);
    exchange.timed_out();
    exchange.received_slice(&answer, 12);
    exchange.parity_error(12);
    exchange.timed_out();
    exchange.abort();
    assert_eq!(exchange.step(), Step::Done(Ok(2)));
}

/// Blocks that may be valid, and random bytes.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let pcb = prop_oneof![
        4 => any::<u8>(),
        6 => prop::sample::select(&[0x00u8, 0x20, 0x40, 0x60, 0x80, 0x90, 0x81, 0x92, 0xC0, 0xC1, 0xC2, 0xC3, 0xE0, 0xE1, 0xE2, 0xE3]),
    ];
    let inf =
        prop_oneof![3 => prop::collection::vec(any::<u8>(), 0..=1), 1 => prop::collection::vec(any::<u8>(), 0..=40)];
    let whole = (pcb, inf).prop_map(|(pcb, inf)| with_edc([&[0, pcb, inf.len() as u8], &inf[..]].concat(), Edc::Lrc));
    prop_oneof![8 => whole, 1 => prop::collection::vec(any::<u8>(), 0..300), 1 => Just(Vec::new())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_card_comes_to_an_end(answers in prop::collection::vec(answer(), 1..60), abort in prop::option::of(0usize..20)) {
        let mut connection = connection();
        let limits = Limits { blocks: 300, ..Limits::new(&connection, 60, 300) };
        let _ = against(&mut connection, limits, |n| answers[n % answers.len()].clone());
        // The same with a caller that aborts, and with calls at the wrong time.
        let mut connection = Connection::new(Parameters::default());
        let mut buffer = [0; 40];
        let mut exchange = connection.exchange(&[0; 60], &mut buffer, limits);
        for n in 0..20_000 {
            if abort == Some(n) {
                exchange.abort();
            }
            match exchange.step() {
                Step::Done(_) => break,
                Step::Send(_) => exchange.sent(),
                Step::Receive(_) if n % 7 == 0 => exchange.timed_out(),
                Step::Receive(_) if n % 11 == 0 => exchange.parity_error(12),
                Step::Receive(_) => {
                    exchange.received_slice(&answers[n % answers.len()], 12);
                }
            }
        }
        prop_assert!(matches!(exchange.step(), Step::Done(_)));
    }

    #[test]
    fn any_terminal_leaves_a_card_alive(answers in prop::collection::vec(answer(), 1..60), ifsc in 1u8..=254, habit: u8) {
        let mut card = CardSide::<100>::new(ifsc, Edc::Lrc);
        for (n, bytes) in answers.iter().enumerate() {
            for byte in bytes {
                if card.received(*byte) == CardStep::Execute {
                    match habit.wrapping_add(n as u8) % 5 {
                        0 => card.ask_for_time(habit),
                        1 => {
                            card.ask_for_ifsc(habit);
                            card.respond(bytes)
                        }
                        2 => {
                            card.abort();
                            card.respond(bytes)
                        }
                        _ => card.respond(bytes),
                    };
                }
            }
            let _ = if n % 3 == 0 { card.parity_error() } else { card.timed_out() };
        }
    }
}
