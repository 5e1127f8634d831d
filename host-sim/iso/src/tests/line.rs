//! The terminal's end, against a server of this crate and against what is none.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::toy::{WATCHDOG, answer, request};
use crate::frame::FrameError;
use crate::{Line, LineError, Waits};

/// What stands at the other end does this with each connection.
fn other_end(does: impl Fn(TcpStream, usize) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // It ends with the test's process.
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            does(stream.unwrap(), number);
        }
    });
    address
}

fn line(address: &str) -> Line {
    Line::new(address, Waits { connect: WATCHDOG, answer: WATCHDOG })
}

fn hear(stream: &mut TcpStream) -> bool {
    stream.read_exact(&mut vec![0; request(1).len()]).is_ok()
}

#[test]
fn an_answer_that_belongs_to_another_message_is_dropped() {
    let address = other_end(|mut stream, _| {
        while hear(&mut stream) {
            let mut elsewhere = answer(1, b"00");
            // Its TPDU leads to another terminal.
            elsewhere[4] ^= 1;
            stream.write_all(&[answer(7, b"00"), elsewhere, request(1), answer(1, b"51")].concat()).unwrap();
        }
    });
    let mut line = line(&address);
    assert_eq!(line.ask(&request(1)).unwrap(), Some(answer(1, b"51")));
    assert_eq!(line.ask(&request(1)).unwrap(), Some(answer(1, b"51")));
}

#[test]
fn a_closed_connection_is_made_anew_and_an_answer_that_is_lost_is_none() {
    let address = other_end(|mut stream, number| {
        hear(&mut stream);
        match number {
            // Answers, and closes.
            0 | 2 => stream.write_all(&answer(1, b"00")).unwrap(),
            // Half an answer.
            1 => stream.write_all(&answer(1, b"00")[..9]).unwrap(),
            _ => {}
        }
    });
    let mut line = line(&address);
    assert!(line.ask(&request(1)).unwrap().is_some());
    // Whether the end was seen before the message was sent or not, none is answered twice and none is an error.
    let second = line.ask(&request(1)).unwrap();
    assert_eq!(second, None, "lost");
    assert!(line.ask(&request(1)).unwrap().is_some());
}

#[test]
fn what_is_no_centre_is_told_from_one_that_is_not_there() {
    let http = other_end(|mut stream, _| {
        hear(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = line(&http).ask(&request(1)).unwrap_err();
    assert!(matches!(error, LineError::NoCentre { error: FrameError::TooLong { announced: 0x4854 }, .. }), "{error}");

    let closes = other_end(|mut stream, _| {
        hear(&mut stream);
    });
    let error = line(&closes).ask(&request(1)).unwrap_err();
    assert!(matches!(error, LineError::Closed { .. }), "{error}");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let waits = Waits { connect: WATCHDOG, answer: Duration::from_millis(1) };
    let error = Line::new(&address, waits).ask(&request(1)).unwrap_err();
    assert!(matches!(error, LineError::Silent { .. }), "{error}");
    drop(silent);
    let error = line(&address).connect().unwrap_err();
    assert!(matches!(error, LineError::Unreachable { .. }), "{error}");
    let error = line("nowhere").connect().unwrap_err();
    assert!(matches!(error, LineError::Address { .. }), "{error}");
    for error in [line(&address).connect().unwrap_err(), line("nowhere").connect().unwrap_err()] {
        assert!(!error.zh().is_empty());
    }
}
