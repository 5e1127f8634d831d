//! Captures while it happens, of a centre and of a terminal; and `qiyong message`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use qiyong_tests::centre::lines::{PLACES, Terminals, serve};
use qiyong_tests::qiyong;

use super::pdml::{self, Packet};
use super::{frozen, script};

/// What tshark finds in a capture, nothing of it wrong: packets.
pub(super) fn faultless(capture: &Path) -> Vec<Packet> {
    let (_folder, script) = script();
    let packets = pdml::read(capture, &script).unwrap_or_else(|said| panic!("{said}"));
    let faults: Vec<String> = packets.iter().flat_map(Packet::faults).collect();
    assert_eq!(faults, [""; 0], "{}", capture.display());
    assert_eq!(fs::metadata(capture).expect("a file").permissions().mode() & 0o777, 0o600);
    packets
}

#[test]
fn a_centre_and_a_terminal_write_what_they_say_to_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let [at_centre, at_terminal] = ["centre.pcapng", "terminal.pcapng"].map(|name| folder.path().join(name));
    let [of_centre, of_terminal] = [&at_centre, &at_terminal].map(|path| path.to_str().expect("UTF-8"));
    let terminals = Terminals::start(&["--iso", "127.0.0.1:0", "--capture", of_centre], 1);
    let what = ["--capture", of_terminal, "purchase", "35.80"];
    let mut terminal = terminals.terminal(PLACES[2], "v3", &what);
    let (status, report, seen) = serve(&mut terminal, "123456\n271828\n271828\n");
    assert_eq!(status, 0, "{report} {seen}");
    assert!(seen.contains("wireshark -X lua_script:qiyong.lua "), "{seen}");
    let [centre, terminal] = [&at_centre, &at_terminal].map(|path| faultless(path));
    let said = |packets: &[Packet]| packets.iter().map(|packet| packet.values("qiyong.centre.")).collect::<Vec<_>>();
    assert!(centre.len() >= 8, "{}", centre.len());
    assert_eq!(said(&centre), said(&terminal), "both ends have heard the same");
    let port = terminals.address().rsplit_once(':').expect("a port").1.to_string();
    let ports =
        ["exported_pdu.dst_port", "exported_pdu.src_port"].map(|name| centre[0].value(name).map(str::to_string));
    assert!(ports[0].as_deref() == Some(&port) && ports[1] != ports[0], "{ports:?}");
    // The holder's number is in none of them.
    for path in [&at_centre, &at_terminal] {
        let bytes = fs::read(path).expect("the capture");
        let number = b"11111119";
        assert!(!bytes.windows(number.len()).any(|window| window == number), "{}", path.display());
    }
}

fn message(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(qiyong()).arg("message").args(arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_message_is_shown_from_hex_or_a_file_and_nonsense_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_string();
    let messages = frozen::frozen();
    let all: Vec<u8> = messages.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    fs::write(path("raw"), &all).expect("room");
    fs::write(path("hex"), hex::encode(&all)).expect("room");
    let (status, shown, complaint) = message(&[&path("raw")]);
    assert_eq!((status, complaint.as_str()), (Some(0), ""));
    assert_eq!(shown.matches("message: ").count(), messages.len());
    assert!(shown.contains("F60 message sort, batch, network code") && shown.contains("35.80 yuan"), "{shown}");
    assert!(shown.contains(&format!("111{}10", "*".repeat(13))) && !shown.contains("111111198101011110"), "{shown}");
    assert_eq!(message(&[&path("hex")]).1, shown);
    let (status, json, _) = message(&["--json", &path("hex")]);
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((status, rows.len()), (Some(0), messages.len()));
    assert_eq!((&rows[0]["kind"], &rows[0]["what"]), (&"message".into(), &"sign in".into()), "{json}");
    assert_eq!(rows[0]["parts"][5]["key"], "f11");

    // In pieces, as one pastes it.
    let sign_in = hex::encode_upper(&messages[0].1);
    let (head, tail) = sign_in.split_at(40);
    assert_eq!(message(&[head, tail]).0, Some(0));
    for (text, status, says) in [
        (sign_in.replace("0800", "08A0"), 2, "message type, at byte 13"),
        (sign_in[..60].to_string(), 2, "length, at byte 0: the message's length says 88 bytes"),
        (sign_in.replacen("00018DF10", "00018DF19", 1), 1, "F62 keys or objects, DF19 unknown object"),
        ("5".to_string(), 2, "position 1"),
        ("no/such/file".to_string(), 2, "there is none of this name"),
        (path(""), 2, "is no file"),
    ] {
        let (code, _, complaint) = message(&[&text]);
        assert_eq!(code, Some(status), "{text}: {complaint}");
        assert!(complaint.contains(says), "{text}: {complaint}");
    }
}
