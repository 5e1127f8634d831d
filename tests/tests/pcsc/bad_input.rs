//! Clients that violate the protocol harm no other client and leave nothing behind; what is wrong at the start or asked by
//! a hand is said.

use std::fs;
use std::io::Write;
use std::process::Command;

use qiyong_pcsc::codes::Rv;
use qiyong_pcsc::wire::{Transmit, command, header};
use qiyong_protocol::card::files::Generation;
use qiyong_tests::qiyong;

use qiyong_tests::pcsc::raw::{ANY, LEAVE, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched};

#[test]
fn rubbish_and_wrong_sizes_end_the_connection_and_no_other() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut good = Raw::new(&server.socket(), 4);
    let (card, t0) = good.connect(&server.readers[0], SHARED, ANY).unwrap();
    let mut too_long = Vec::new();
    header(&mut too_long, Transmit::LEN, command::TRANSMIT);
    Transmit { card, send_len: 1 << 20, ..Transmit::default() }.write(&mut too_long);
    let request = |size: usize, command: u32| {
        let mut bytes = Vec::new();
        header(&mut bytes, size, command);
        bytes
    };
    let rubbish = [
        vec![0xFF; 64],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        request(1 << 30, 9),
        request(12, 0x18),
        request(7, 1),
        too_long,
    ];
    for bytes in rubbish {
        let mut bad = Raw::new(&server.socket(), 4);
        bad.stream.write_all(&bytes).unwrap();
        assert!(bad.is_hung_up(), "{bytes:02X?}");
        assert!(good.transmit(card, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    }
    // Half a message, then the client is gone.
    let mut half = Raw::new(&server.socket(), 4);
    half.stream.write_all(&request(12, command::VERSION)).unwrap();
    drop(half);
    assert!(good.transmit(card, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    assert_eq!(good.disconnect(card, LEAVE), 0);
}

#[test]
fn handles_and_contexts_of_others_are_refused_and_nothing_happens_to_them() {
    let server = PrivateServer::with(&[Generation::V2]);
    let (mut a, mut b) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    let (card, t0) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
    let refused = Rv::INVALID_HANDLE.0;
    assert_eq!(b.transmit(card, t0, &[0, 0x84, 0, 0, 8]), Err(refused));
    assert_eq!([b.begin(card), b.end(card, LEAVE), b.status(card), b.disconnect(card, LEAVE)], [refused; 4]);
    assert_eq!(b.reconnect(card, SHARED, ANY, LEAVE), refused);
    assert_eq!(b.release(a.context), refused);
    let own = std::mem::replace(&mut b.context, a.context);
    assert_eq!(b.connect(&server.readers[0], SHARED, ANY), Err(refused));
    b.context = own;
    assert_eq!(b.begin(0), refused);
    assert_eq!(a.begin(card), 0);
    assert!(a.transmit(card, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    // After its own release, a context belongs to nobody.
    assert_eq!(a.release(a.context), 0);
    assert_eq!(a.begin(card), refused);
}

#[test]
fn what_is_wrong_at_the_start_is_said_with_what_to_do() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::write(folder.path().join("no-card.toml"), "x = 1").unwrap();
    let long = "x".repeat(120);
    let cases: [(&[&str], &str); 10] = [
        (&["--socket", "s", "--empty", "1", "--reader-name", "a", "--reader-name", "b"], "2 names for 1 readers"),
        (&["--socket", "s", "--empty", "1", "--capture", "file"], "cannot make the folder file"),
        (&["--socket", "s", "--empty", "1", "--noise", "9"], "--slot line"),
        (&["--socket", "s"], "--card FILE"),
        (&["--socket", "file", "--empty", "1"], "is no socket"),
        (&["--socket", "missing/s", "--empty", "1"], "missing/s"),
        (&["--socket", &long, "--empty", "1"], "shorter"),
        (&["--socket", "s", "--card", "missing.toml"], "missing.toml"),
        (&["--socket", "s", "--card", "no-card.toml"], "no-card.toml"),
        (&["--socket", "s", "--empty", "17"], "16"),
    ];
    for (arguments, words) in cases {
        let mut command = Command::new(qiyong());
        let output = Watched::start(command.current_dir(folder.path()).arg("pcscd").args(arguments)).output();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert!(complaint.contains(words) && !complaint.contains("panicked"), "{arguments:?}: {complaint}");
        assert!(!folder.path().join("s").exists());
    }
    let mut command = Command::new(qiyong());
    let output = command.args(["pcscd", "ctl", "remove"]).env_remove("PCSCLITE_CSOCK_NAME").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("which server? Name its socket with --socket"));
    let output = Command::new(qiyong()).args(["pcscd", "ctl", "--socket", "/nowhere/s", "remove"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("qiyong pcscd"));
}

#[test]
fn a_hand_that_asks_for_the_impossible_is_told_why() {
    let server = PrivateServer::with_options(&[Generation::V2, Generation::V3], &["--empty", "1"]);
    let cases: [(&[&str], &str); 7] = [
        (&["remove"], "more than one reader"),
        (&["remove", "7"], "no reader is called 7"),
        (&["remove", "2"], "no card is in it"),
        (&["insert", "2"], "--card"),
        (&["insert", "0"], "a card is in it"),
        (&["insert", "2", "--card", "0.toml"], "is in Qiyong Virtual Reader 00 00"),
        (&["swap", "0", "--card", "missing.toml"], "missing.toml"),
    ];
    for (arguments, words) in cases {
        let (status, text) = server.ctl(arguments);
        assert!(status == 1 && text.contains(words), "{arguments:?}: {status} {text}");
    }
    // What no server could make sense of.
    for (arguments, words) in [
        (&["swap", "0"][..], "swap: which card is to be put in? Name its file with --card"),
        (&["remove", "0", "--card", "0.toml"], "unexpected argument '--card'"),
        (&["mute", "0", "--card", "1.toml"], "unexpected argument '--card'"),
        (&["reader"], "add"),
    ] {
        let (status, text) = server.ctl(arguments);
        assert!(status == 2 && text.contains(words), "{arguments:?}: {status} {text}");
    }
    // A card moves from one reader to another.
    assert_eq!(server.ctl(&["remove", "0"]).0, 0);
    assert_eq!(server.ctl(&["insert", &server.readers[2], "--card", "0.toml"]).0, 0);
    let mut raw = Raw::new(&server.socket(), 4);
    assert!(raw.connect(&server.readers[2], SHARED, ANY).is_ok());
}

#[test]
fn what_a_card_learns_is_in_its_file_even_when_the_server_is_killed() {
    for way in ["straight", "line"] {
        let server = PrivateServer::with_options(&[Generation::V2], &["--slot", way]);
        let mut raw = Raw::new(&server.socket(), 4);
        let (card, t0) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
        let wrong = [0, 0x20, 0, 0, 3, 0x99, 0x99, 0x99];
        assert_eq!(raw.transmit(card, t0, &wrong), Ok(vec![0x63, 0xC2]));
        server.process.signal("-KILL");
        let text = fs::read_to_string(server.card_file(0)).unwrap();
        assert!(text.contains("\nleft = 2\n"), "{way}");
    }
}
