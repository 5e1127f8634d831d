//! The till at the Pico's USB port: a visit over it, and hosts that go away, come back, or do not listen, in the middle
//! of a frame too.

use std::time::Duration;

use qiyong_lab::pico::machine::{Bus, Ring, Start};
use qiyong_lab::till_line::{Alone, Happened};
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Peer, encode, encoded_len};

use super::*;

const OVER_USB: Start<'_> = Start { uf2: None, till_usb: true, ring: Ring::Good, bus: Bus::Nobody };
/// In so much of the board's time it has answered, if it does.
const SOON: Duration = Duration::from_millis(300);

fn boot() -> Machine {
    let mut board = Machine::boot_alone(&pico_image(false), OVER_USB).unwrap();
    // Until the host has configured it.
    goes_on(&mut board, SOON);
    board
}

/// Lets so much time go by; returns how often the board has told its state.
fn goes_on(board: &mut Machine, time: Duration) -> usize {
    let (end, mut states) = (Alone::now(board) + time, 0);
    while let Some(all) = board.step(end).unwrap() {
        let told = |happened: &&Happened| matches!(happened, Happened::Event(Event::State(_)));
        states += all.iter().filter(told).count();
    }
    states
}

fn question() -> Vec<u8> {
    let mut room = [0; encoded_len(64)];
    encode(Peer::Till, &Command::Status.encode(), &mut room).expect("it fits").to_vec()
}

#[test]
fn a_card_is_put_into_use_over_usb() {
    for protocol in [0, 1] {
        let new = NewCard { protocol, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let Activation { ended, characters, log, .. } = activation_as(OVER_USB, PHARMACY, &new, None);
        assert!(ended.reason.is_none() && ended.effects.activates && ended.pin_changed, "{ended:?}: {log:#?}");
        assert!(characters > 300);
    }
}

/// A frame after which the host had gone spoils none of the next host's, wherever it was cut; and the terminal is the
/// same.
#[test]
fn a_host_that_goes_in_the_middle_of_a_frame_is_answered_when_it_is_back() {
    let question = question();
    let mut board = boot();
    board.say(&question);
    assert_eq!(goes_on(&mut board, SOON), 1);
    let goes: [fn(&mut Machine); 2] = [Machine::reset_bus, |board| {
        board.set_port_open(false);
        goes_on(board, SOON);
        board.set_port_open(true);
    }];
    let mut cases = 0;
    for goes in goes {
        for cut in 1..question.len() {
            board.say(&question[..cut]);
            if cut % 2 == 0 {
                // The board has taken it; else the host goes first.
                goes_on(&mut board, Duration::from_millis(2));
            }
            goes(&mut board);
            assert_eq!(goes_on(&mut board, SOON), 0, "{cut}");
            board.say(&question);
            assert_eq!((goes_on(&mut board, SOON), board.waiting()), (1, 0), "{cut}");
            cases += 1;
        }
    }
    closing_line(&format!(
        "Pico over USB: a host that went at {cases} places of a frame was answered when it was back"
    ));
}

/// What nobody takes is lost, and the terminal goes on: a host that reads again is answered.
#[test]
fn a_host_that_does_not_read_keeps_nobody_waiting() {
    let question = question();
    let mut board = boot();
    board.set_host_stalls(true);
    for _ in 0..20 {
        board.say(&question);
    }
    // Each answer costs a second at most.
    assert_eq!(goes_on(&mut board, Duration::from_secs(30)), 0);
    assert_eq!(board.waiting(), 0, "the board has taken all questions");
    board.set_host_stalls(false);
    goes_on(&mut board, SOON);
    board.say(&question);
    assert_eq!(goes_on(&mut board, SOON), 1);
    // A port that is closed is no port.
    board.set_port_open(false);
    goes_on(&mut board, SOON);
    board.set_port_open(true);
    board.say(&question);
    assert_eq!(goes_on(&mut board, SOON), 1);
}
