//! Share modes, dispositions, transactions and waits, in every protocol version.

use qiyong_pcsc::codes::Rv;
use qiyong_pcsc::wire::{ReaderState, Waited, command};
use qiyong_protocol::card::files::Generation;

use qiyong_tests::pcsc::raw::{ANY, DIRECT, EXCLUSIVE, LEAVE, RESET, Raw, SHARED, UNPOWER, parse_states};
use qiyong_tests::programs::PrivateServer;

const GET_CHALLENGE: [u8; 5] = [0, 0x84, 0, 0, 8];
const PRESENT_POWERED: u32 = 0x34;

#[test]
fn exclusive_means_alone_and_direct_needs_no_card() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--empty", "1"]);
    let [full, empty] = [&server.readers[0], &server.readers[1]];
    let (mut a, mut b) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    assert_eq!(a.connect(empty, SHARED, ANY), Err(Rv::NO_SMARTCARD.0));
    assert_eq!(a.connect("no such reader", SHARED, ANY), Err(Rv::UNKNOWN_READER.0));
    assert_eq!(a.connect(full, 4, ANY), Err(Rv::INVALID_VALUE.0));
    assert_eq!(a.connect(full, SHARED, 0), Err(Rv::PROTO_MISMATCH.0));
    // The card speaks T=0 only.
    assert_eq!(a.connect(full, SHARED, 2), Err(Rv::PROTO_MISMATCH.0));
    let (direct, _) = a.connect(empty, DIRECT, 0).unwrap();
    for (rv, what) in [
        (a.disconnect(direct, 4), "disposition"),
        (a.end(direct, 9), "disposition"),
        (a.reconnect(direct, DIRECT, 0, 3), "initialization"),
        (a.reconnect(direct, 7, 0, LEAVE), "share mode"),
    ] {
        assert_eq!(rv, Rv::INVALID_VALUE.0, "{what}");
    }
    assert_eq!(a.reconnect(direct, SHARED, 0, LEAVE), Rv::PROTO_MISMATCH.0);
    assert_eq!(a.disconnect(direct, LEAVE), 0);

    let (own, t0) = a.connect(full, EXCLUSIVE, ANY).unwrap();
    assert_eq!(t0, 1);
    assert_eq!(a.states()[0], (PRESENT_POWERED, 1, -1));
    assert_eq!(b.connect(full, SHARED, ANY), Err(Rv::SHARING_VIOLATION.0));
    assert_eq!(b.connect(full, DIRECT, 0), Err(Rv::SHARING_VIOLATION.0));
    // Reconnection makes it shared. It cannot become exclusive again while others have connections.
    assert_eq!(a.reconnect(own, SHARED, ANY, LEAVE), 0);
    let (other, _) = b.connect(full, SHARED, ANY).unwrap();
    assert_eq!(a.states()[0].2, 2);
    assert_eq!(a.reconnect(own, EXCLUSIVE, ANY, LEAVE), Rv::SHARING_VIOLATION.0);
    assert_eq!(b.disconnect(other, LEAVE), 0);
    assert_eq!(a.reconnect(own, EXCLUSIVE, ANY, LEAVE), 0);
    assert_eq!(b.connect(full, SHARED, ANY), Err(Rv::SHARING_VIOLATION.0));
    assert_eq!(a.disconnect(own, LEAVE), 0);
    assert_eq!(a.states()[0].2, 0);
}

#[test]
fn a_reset_by_one_is_a_warning_to_the_others_until_they_reconnect() {
    let server = PrivateServer::with(&[Generation::V2]);
    let (mut a, mut b) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    for disposition in [RESET, UNPOWER] {
        let (own, _) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
        let (other, t0) = b.connect(&server.readers[0], SHARED, ANY).unwrap();
        assert_eq!(a.disconnect(own, disposition), 0);
        assert_eq!(b.status(other), Rv::RESET_CARD.0);
        assert_eq!(b.begin(other), Rv::RESET_CARD.0);
        assert_eq!(b.transmit(other, t0, &GET_CHALLENGE), Err(Rv::RESET_CARD.0));
        assert_eq!(b.reconnect(other, SHARED, ANY, LEAVE), 0);
        assert_eq!(b.status(other), 0);
        assert_eq!(b.transmit(other, t0, &GET_CHALLENGE).map(|response| response.len()), Ok(10));
        assert_eq!(b.disconnect(other, LEAVE), 0);
    }
    // The card is out: this too is a warning, and reconnection fails until the card is back.
    let (own, t0) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(server.ctl(&["remove"]).0, 0);
    assert_eq!(a.transmit(own, t0, &GET_CHALLENGE), Err(Rv::REMOVED_CARD.0));
    assert_eq!(a.reconnect(own, SHARED, ANY, LEAVE), Rv::NO_SMARTCARD.0);
    assert_eq!(server.ctl(&["insert"]).0, 0);
    assert_eq!(a.status(own), Rv::REMOVED_CARD.0);
    assert_eq!(a.reconnect(own, SHARED, ANY, RESET), 0);
    assert_eq!(a.transmit(own, t0, &GET_CHALLENGE).map(|response| response.len()), Ok(10));
    // A card that has become mute.
    assert_eq!(server.ctl(&["mute"]).0, 0);
    assert_eq!(a.reconnect(own, SHARED, ANY, RESET), Rv::UNRESPONSIVE_CARD.0);
    assert_eq!(b.connect(&server.readers[0], SHARED, ANY), Err(Rv::UNPOWERED_CARD.0));
    assert_eq!(a.disconnect(own, LEAVE), 0);
}

#[test]
fn a_transaction_keeps_others_out_and_nests() {
    let server = PrivateServer::with(&[Generation::V2]);
    let (mut a, mut b) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    let (own, t0) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
    let (other, _) = b.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(a.end(own, LEAVE), Rv::NOT_TRANSACTED.0);
    assert_eq!((a.begin(own), a.begin(own)), (0, 0));
    for _ in 0..2 {
        assert_eq!(b.begin(other), Rv::SHARING_VIOLATION.0);
        assert_eq!(b.status(other), Rv::SHARING_VIOLATION.0);
        assert_eq!(b.transmit(other, t0, &GET_CHALLENGE), Err(Rv::SHARING_VIOLATION.0));
        assert_eq!(b.reconnect(other, SHARED, ANY, RESET), Rv::SHARING_VIOLATION.0);
        assert_eq!(b.end(other, RESET), Rv::SHARING_VIOLATION.0);
        assert!(a.transmit(own, t0, &GET_CHALLENGE).is_ok());
        assert_eq!(a.end(own, LEAVE), 0);
    }
    assert_eq!(b.begin(other), 0);
    // A client's own second connection counts as another one, and gets its answer at once.
    let (second, _) = match b.connect(&server.readers[0], SHARED, ANY) {
        Err(rv) => {
            assert_eq!(rv, Rv::SHARING_VIOLATION.0);
            assert_eq!(b.end(other, LEAVE), 0);
            b.connect(&server.readers[0], SHARED, ANY).unwrap()
        }
        Ok(_) => panic!("connected in the middle of a transaction"),
    };
    assert_eq!(b.begin(other), 0);
    assert_eq!(b.begin(second), Rv::SHARING_VIOLATION.0);
    // Disconnection ends the transaction.
    assert_eq!(b.disconnect(other, LEAVE), 0);
    assert_eq!(a.begin(own), 0);
    // The release of the context ends it too.
    assert_eq!(a.release(a.context), 0);
    assert_eq!(b.begin(second), Rv::RESET_CARD.0);
    assert_eq!(b.states()[0].2, 1);
}

#[test]
fn versions_4_3_to_4_6_are_spoken_and_others_are_told_which() {
    let server = PrivateServer::with(&[Generation::V2]);
    for (major, minor) in [(4, 2), (4, 7), (3, 4), (5, 0)] {
        let mut raw = Raw::dial(&server.socket());
        let answer = raw.version(major, minor);
        assert_eq!((answer.major, answer.minor, answer.rv), (4, 6, Rv::SERVICE_STOPPED.0));
        // libpcsclite 2.5 tries again with the version that it is told, on the same connection.
        assert_eq!(raw.version(4, 6).rv, 0);
    }
    let mut sees = |minor: u32| {
        let mut raw = Raw::new(&server.socket(), minor);
        let states = if minor < 6 {
            raw.states()
        } else {
            let size = raw.call(command::GET_READERS_STATE_SIZE, &[], 4);
            assert_eq!(size, 1u32.to_ne_bytes());
            parse_states(&raw.call(command::GET_READERS_STATE_ARRAY, &[], ReaderState::LEN))
        };
        assert_eq!(states.len(), 1, "4.{minor}");
        wait(&mut raw, minor);
        // Nothing has happened since then.
        raw.send(command::STOP_WAITING_READER_STATE_CHANGE, body(minor));
        assert_eq!(raw.told(), 0, "4.{minor}");
        // An event is told once, and STOP after it gets no answer.
        wait(&mut raw, minor);
        assert_eq!(server.ctl(&["remove"]).0, 0);
        assert_eq!(raw.told(), 0);
        raw.send(command::STOP_WAITING_READER_STATE_CHANGE, body(minor));
        let states = raw.states();
        assert_eq!(states[0].0, 0x02, "4.{minor}");
        assert_eq!(server.ctl(&["insert"]).0, 0);
        // Cancelled by another connection of the same program.
        assert_eq!(Raw::dial(&server.socket()).cancel(raw.context), Rv::INVALID_HANDLE.0);
        // In 4.3, whatever happened since the states were requested is told at once.
        if minor == 3 {
            raw.send(command::WAIT_READER_STATE_CHANGE, body(minor));
            assert_eq!(raw.told(), 0);
            raw.states();
        }
        wait(&mut raw, minor);
        assert_eq!(Raw::dial(&server.socket()).cancel(raw.context), 0);
        assert_eq!(raw.told(), Rv::CANCELLED.0, "4.{minor}");
        assert_eq!(raw.release(raw.context), 0);
    };
    (3..=6).for_each(&mut sees);
}

/// The body of WAIT and STOP.
fn body(minor: u32) -> &'static [u8] {
    if minor == 3 { &[0; Waited::LEN] } else { &[] }
}

/// Asks to wait, and takes the states that a client of this version gets.
fn wait(raw: &mut Raw, minor: u32) {
    raw.send(command::WAIT_READER_STATE_CHANGE, body(minor));
    match minor {
        // It gets nothing; an answer to another request shows that the server has read this one.
        3 => drop(raw.states()),
        6 => {
            raw.call(command::GET_READERS_STATE_SIZE, &[], 4);
            raw.call(command::GET_READERS_STATE_ARRAY, &[], ReaderState::LEN);
        }
        _ => drop(raw.receive(16 * ReaderState::LEN)),
    }
}

#[test]
fn in_4_6_an_event_between_wait_and_states_does_not_come_in_between() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut raw = Raw::new(&server.socket(), 6);
    raw.send(command::WAIT_READER_STATE_CHANGE, &[]);
    // An answer to another request: the server has read the earlier one.
    raw.states();
    assert_eq!(server.ctl(&["remove"]).0, 0);
    assert_eq!(raw.call(command::GET_READERS_STATE_SIZE, &[], 4), 1u32.to_ne_bytes());
    let states = parse_states(&raw.call(command::GET_READERS_STATE_ARRAY, &[], ReaderState::LEN));
    assert_eq!(states[0].0, 0x02);
    assert_eq!(raw.told(), 0);
}

#[test]
fn extended_apdus_pass_whole_and_a_small_buffer_is_said_so() {
    for way in ["straight", "line"] {
        extended_apdus_pass(way);
    }
}

fn extended_apdus_pass(way: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("0.toml");
    let new = ["card", "new", "--protocol", "1", "--profile", "v2", "--out", file.to_str().unwrap()];
    assert!(std::process::Command::new(qiyong_tests::qiyong()).args(new).output().unwrap().status.success());
    let server = PrivateServer::in_folder(folder, 1, &["--slot", way]);
    let mut raw = Raw::new(&server.socket(), 4);
    let (card, t1) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(t1, 2);
    assert!(raw.transmit(card, t1, &[0, 0xA4, 0, 0, 2, 0xDF, 0x01, 0]).unwrap().ends_with(&[0x90, 0]));
    // DF01/EF16 has 296 bytes, and everybody may read it: with Le 0000 they come in one response.
    let read = [0, 0xB0, 0x96, 0, 0, 0, 0];
    assert_eq!(raw.transmit(card, t1, &read).map(|response| response.len()), Ok(298));
    assert_eq!(raw.transmit_with_room(card, t1, &read, 297), Err(Rv::INSUFFICIENT_BUFFER.0));
    if way == "straight" {
        // The longest possible command; through the slot, it is longer than the virtual card's buffer.
        let mut update = vec![0, 0xD6, 0x96, 0, 0, 0xFF, 0xFF];
        update.resize(7 + 65_535 + 2, 0);
        assert_eq!(raw.transmit(card, t1, &update).map(|response| response.len()), Ok(2));
    }
    // As raw bytes they are the same; as T=0, this card does not accept them.
    assert!(raw.transmit(card, 4, &read).is_ok());
    assert_eq!(raw.transmit(card, 1, &read), Err(Rv::PROTO_MISMATCH.0));
}

#[test]
fn on_a_line_where_every_character_is_damaged_a_card_is_mute() {
    for (noise, state) in [("1", 0x0C), ("1000", PRESENT_POWERED)] {
        let server = PrivateServer::with_options(&[Generation::V2], &["--slot", "line", "--noise", noise]);
        assert_eq!(Raw::new(&server.socket(), 4).states()[0].0, state, "one in {noise}");
    }
}
