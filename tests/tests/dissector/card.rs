//! What programs say to a card in our PC/SC server, captured: Wireshark reads it with our script and without.

use std::fs;
use std::process::Command;

use qiyong_tests::pcsc::raw::{ANY, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;
use tempfile::TempDir;

use super::live::faultless;

#[test]
fn a_card_in_our_server_is_captured_apdu_by_apdu_short_and_extended() {
    let folder = TempDir::new().expect("a folder");
    let new = ["card", "new", "--protocol", "1", "--profile", "v2", "--out", "0.toml"];
    assert!(Watched::start(Command::new(qiyong()).current_dir(folder.path()).args(new)).output().status.success());
    let server = PrivateServer::in_folder(folder, 1, &["--capture", "captures"]);
    let mut raw = Raw::new(&server.socket(), 4);
    let (card, t1) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    let sent: [&[u8]; 6] = [
        &[0, 0xA4, 0, 0, 2, 0xDF, 0x01, 0],
        // DF01/EF16 has 296 bytes: with Le 0000 they come in one response. 300 bytes are one piece too many.
        &[0, 0xB0, 0x96, 0, 0, 0, 0],
        &[&[0, 0xD6, 0x96, 0, 0, 1, 0x2C][..], &[7; 300]].concat(),
        &[0, 0x20, 0, 0, 3, 0x99, 0x99, 0x99],
        // No APDU: it is not in the capture.
        &[0, 0x20, 0, 0, 4, 0x99, 0x99, 0x99],
        &[0, 0x84, 0, 0, 8],
    ];
    let answers: Vec<Vec<u8>> = sent.iter().map(|apdu| raw.transmit(card, t1, apdu).unwrap()).collect();
    assert_eq!(answers[1].len(), 298);
    // A second card, a second file; the first one's is complete.
    assert_eq!(server.ctl(&["remove"]).0, 0);
    assert_eq!(server.ctl(&["insert"]).0, 0);
    let captures = server.folder.path().join("captures");
    let packets = faultless(&captures.join("00-001-0.pcapng"));
    let of = |interface: &str| {
        packets.iter().filter(|packet| packet.value("frame.interface_name") == Some(interface)).collect::<Vec<_>>()
    };
    let (alone, joined) = (of("apdu"), of("gsmtap"));
    let commands: Vec<_> = alone.iter().filter_map(|packet| packet.value("qiyong.card.command")).collect();
    let named = ["SELECT file", "READ BINARY", "UPDATE BINARY", "VERIFY PIN", "GET CHALLENGE"];
    assert_eq!(commands, named);
    let value = |at: usize, field: &str| alone[at].value(&format!("qiyong.card.{field}"));
    assert_eq!((value(2, "extended_le"), value(2, "lc")), (Some("00:00:00"), None));
    assert_eq!((value(4, "extended_lc"), value(4, "extended_le")), (Some("00:01:2c"), None));
    assert_eq!((value(6, "lc"), value(6, "data")), (Some("0x03"), Some("2a:2a:2a")));
    assert_eq!(value(7, "sw"), Some("0x63c2"));
    // The ATR and the three short ones: a joined one has one byte for its length.
    assert_eq!((joined.len(), of("atr").len()), (4, 1));
    assert!(fs::metadata(captures.join("00-002-0.pcapng")).is_ok_and(|file| file.len() > 0));
}
