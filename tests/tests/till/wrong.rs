//! What a new user does wrong, and what is said of it: the cause, and the way out.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use qiyong_protocol::ecr::{Event, Refused};
use qiyong_protocol::frame::{Peer, encode};
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

use super::desk::Desk;

/// Runs a till with these options; returns exit status and complaint.
fn till(desk: &Desk, options: &[&str]) -> (i32, String) {
    let mut command = Command::new(qiyong());
    command.current_dir(desk.terminals.folder.path()).arg("till").args(options);
    let output = Watched::start(&mut command).output();
    (output.status.code().expect("an exit status"), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Somebody at a port who says this to each who comes, and takes whatever comes.
fn somebody(says: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut all = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(&says);
            // It is not closed.
            all.push(stream);
        }
    });
    address
}

#[test]
fn what_is_wrong_is_told_with_its_cause_and_the_way_out() {
    let mut desk = Desk::new("b-l475e-iot01a", "pty");
    let (line, centre) = (desk.board.line.clone(), desk.centre.clone());
    let nobody = format!("tcp://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let (silent, talks) = (somebody(b"".to_vec()), somebody(b"\0garbage\0\x80AT+CGMI\r\n\0".to_vec()));
    let mut frame = [0; 32];
    let busy = encode(Peer::Till, &Event::Refused(Refused::Busy).encode(), &mut frame).unwrap();
    let busy = somebody(busy.to_vec());
    fs::write(desk.terminals.file("open.key"), "0123456789ABCDEFFEDCBA9876543210").unwrap();
    fs::write(desk.terminals.file("other.key"), "0123456789ABCDEFFEDCBA9876543210").unwrap();
    for (file, mode) in [("open.key", 0o644), ("other.key", 0o600)] {
        fs::set_permissions(desk.terminals.file(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    let cases: Vec<(Vec<&str>, &[&str])> = vec![
        // The line.
        (vec!["--port", "/dev/ttyACM99", "status"], &["/dev/ttyACM99: there is no such port", "plugged in"]),
        (vec!["--port", "v3.toml", "status"], &["this is no serial port", "/dev/ttyACM0"]),
        (vec!["--port", "/dev/null", "status"], &["this is no serial port"]),
        (vec!["--port", ".", "status"], &["this is no serial port"]),
        (vec!["--port", "tcp://127.0.0.1", "status"], &["leads nowhere", "tcp://HOST:PORT"]),
        (vec!["--port", &nobody, "status"], &["no terminal's line can be reached", "qiyong emulate --till-line"]),
        (vec!["--port", &silent, "--patience", "1", "status"], &["no answer within 1 s", "do its two wires cross"]),
        (vec!["--port", &talks, "--patience", "1", "status"], &["none is of a frame", "115200 baud"]),
        (vec!["--port", &busy, "--patience", "1", "status"], &["the terminal serves a holder", "cancel"]),
        // The centre.
        (vec!["--port", &line, "purchase", "1.00"], &["which centre?", "--centre"]),
        (vec!["--port", &line, "--centre", &nobody, "purchase", "1.00"], &["no centre can be reached at", "无法连接"]),
        (vec!["--port", &line, "--centre", "tcp://x", "query"], &["tcp://HOST:PORT"]),
        (vec!["--port", &line, "--centre", "none.db", "query"], &["none.db"]),
        // Keys.
        (vec!["--port", &line, "--centre", &centre, "--key", "open.key", "query"], &["chmod 600 open.key"]),
        (vec!["--port", &line, "load-key"], &["which key?", "--key FILE"]),
        (vec!["--port", &line, "load-key", "--sealed", "00"], &["not the hex digits of an enciphered key"]),
        // Words.
        (vec!["--port", &line, "--centre", &centre, "purchase", "0"], &["more than nothing"]),
        (vec!["--port", &line, "--centre", &centre, "purchase", "much"], &["much"]),
        (vec!["--port", &line, "--centre", &centre, "--patience", "0", "query"], &["--patience"]),
        (
            vec!["--port", &line, "--centre", &centre, "settle", "1.00"],
            &["`settle` is done at a hospital", "is a pharmacy"],
        ),
        (
            vec!["--port", &line, "--centre", &centre, "--memory", "v3.toml", "query"],
            &["no note of a till's", "--memory"],
        ),
    ];
    for (options, words) in &cases {
        let (status, said) = till(&desk, options);
        assert_eq!(status, 2, "{options:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{options:?}: {words:?} in {said}");
        assert!(!said.contains("0123456789ABCDEF") && !said.contains("panicked"), "{said}");
    }
    // The terminal took no harm, and has the key that the first good words gave it. A key of another name has no way in.
    let other = ["--port", &line, "--centre", &centre, "--name", "00000009", "--key", "other.key", "query"];
    let (status, said) = till(&desk, &other);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("has another master key (check value 949B73)") && said.contains("--under FILE"), "{said}");
    let other = ["--port", &line, "--key", "other.key", "load-key"];
    let (status, said) = till(&desk, &other);
    assert_eq!((status, said.as_str()), (1, ""), "the answer is no");
    desk.board.key(super::PINS);
    let (status, report, seen) = desk.till(&["purchase", "1.00"]);
    assert_eq!((status, &report["activated"]), (0, &true.into()), "{report} {seen}");
}

/// A key that the centre does not have for this terminal: nothing is sold, since the terminal believes no answer; the till says why.
#[test]
fn a_terminal_with_a_wrong_key_sells_nothing() {
    let desk = Desk::new("b-l475e-iot01a", "tcp://127.0.0.1:0");
    let key = desk.terminals.file("wrong.key");
    fs::write(&key, "0123456789ABCDEFFEDCBA9876543210").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let (status, report, seen) = desk.till(&["--key", "wrong.key", "purchase", "1.00"]);
    assert_eq!((status, &report["outcome"]), (1, &"failed".into()), "{report} {seen}");
    assert_eq!((&report["charge"], &report["reason"]), (&0.into(), &"no-answer".into()), "{report} {seen}");
    assert!(seen.contains("the centre has another key for this terminal"), "{seen}");
}

/// One program at a time has a line, whichever kind it is of.
#[test]
fn a_line_that_another_till_has_is_not_taken_from_it() {
    for (line, words) in
        [("pty", "another program has this port"), ("tcp://127.0.0.1:0", "does another program have the line?")]
    {
        let mut desk = Desk::new("b-l475e-iot01a", line);
        let first = desk.start(&["purchase", "1.00"]);
        desk.board.until("Enter PIN");
        let (status, said) = till(&desk, &["--port", &desk.board.line, "status"]);
        assert_eq!(status, 2, "{said}");
        assert!(said.contains(words), "{said}");
        desk.board.key(super::PINS);
        let (status, report, seen) = super::desk::ended(first);
        assert_eq!((status, &report["outcome"]), (0, &"approved".into()), "{report} {seen}");
    }
}

#[test]
fn an_emulated_board_says_what_its_line_may_be() {
    let desk = Desk::new("b-l475e-iot01a", "pty");
    for (options, words) in [
        (&["--till-line", "tcp://0.0.0.0:0"][..], "open to other machines"),
        (&["--till-line", "usb"], "write it as pty"),
        (&["--till-line", "pty", "purchase", "1.00"], "leave the operation to `qiyong till`"),
        (&["--till-line", "pty", "--centre", "x.db"], "cannot be used with"),
        (&[], "what is to be done?"),
    ] {
        let mut command = Command::new(qiyong());
        // The card is held by the board of this desk.
        command.current_dir(desk.terminals.folder.path()).args(["emulate", "--card", "v2.toml"]).args(options);
        let output = Watched::start(&mut command).output();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert!(said.contains(words), "{options:?}: {said}");
    }
}
