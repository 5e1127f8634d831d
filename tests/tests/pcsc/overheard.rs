//! `qiyong pcscd --trace` and `--capture`: what other people's programs send is decoded, and no PIN, key or ID number is seen.

use std::fs;
use std::io::{BufRead, Read};
use std::path::Path;
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, LEAVE, Raw, SHARED};
use qiyong_tests::programs::{Watched, eventually};
use qiyong_tests::{qiyong, sample_card};
use tempfile::TempDir;

/// A wrong PIN, as programs send it.
const WRONG: &str = "00:20:00:00:03:73:95:17";
/// The same in all forms in which it could be seen.
const FORMS: [&[u8]; 5] = [b"739517", b"73 95 17", b"73:95:17", &[0x73, 0x95, 0x17], b"7,39,51,7"];
/// The middle of the holder's ID number, in text, and in hex.
const ID: [&[u8]; 2] = [b"1111119810101", b"31313131313139383130313031"];

fn is_in(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A program of this server's.
fn program(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(name);
    command.current_dir(folder).env("PCSCLITE_CSOCK_NAME", folder.join("socket")).args(arguments);
    let output = Watched::start(&mut command).output();
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_wrong_pin_is_masked_and_its_answer_explained_in_the_trace_and_in_the_capture() {
    for way in ["straight", "line"] {
        let folder = TempDir::new().expect("a folder");
        let card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
        card.save(&folder.path().join("0.toml")).unwrap();
        let mut command = Command::new(qiyong());
        command.current_dir(folder.path()).args(["pcscd", "--socket", "socket", "--card", "0.toml", "--slot", way]);
        command.args(["--reader-name", "一号窗口", "--trace", "--capture", "captures", "--keypad"]);
        let mut server = Watched::start(&mut command);
        let mut rows = server.lines().lines().map(|line| line.expect("UTF-8"));
        assert_eq!(rows.next().as_deref(), Some("一号窗口"));
        assert!(rows.next().is_some_and(|line| line.starts_with("listening: ")));
        let record = ["--send-apdu", "00:A4:00:00:02:EF:06", "--send-apdu", "00:B2:01:04:14"];
        let select = ["--send-apdu", "00:A4:04:00:0F:73:78:31:2E:73:68:2E:C9:E7:BB:E1:B1:A3:D5:CF:00"];
        // The PIN also in what is no APDU: Lc says one byte more than there is.
        let sent = [&["--reader", "0"], &select[..], &record, &["--send-apdu", WRONG]].concat();
        let read = program(folder.path(), "opensc-tool", &sent);
        assert!(read.contains("SW1=0x63, SW2=0xC2") && read.contains("1110"), "{read}");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pcsc/pin_pad.py");
        let mut pad = Command::new("/usr/bin/python3");
        pad.arg(script).env("PYTHONDONTWRITEBYTECODE", "1").env("PCSCLITE_CSOCK_NAME", folder.path().join("socket"));
        let mut pad = Watched::start(&mut pad);
        let keyed = |digits: &str| {
            let mut key = Command::new(qiyong());
            key.current_dir(folder.path()).args(["pcscd", "ctl", "--socket", "socket", "key"]);
            let mut key = Watched::start(&mut key);
            key.feed(digits);
            key.output().status.code() == Some(0)
        };
        eventually("the PIN is awaited", || keyed("739517\n"));
        eventually("the PIN is awaited again", || keyed("123456\n"));
        eventually("and once more", || keyed("123456\n"));
        let verified: Vec<_> = pad.lines().lines().map_while(Result::ok).collect();
        // The second wrong one in a row.
        assert_eq!(verified[1..], ["verified 63C1", "verified 9000", "verified 9000"]);
        assert!(pad.output().status.success());
        program(folder.path(), qiyong().to_str().unwrap(), &["pcscd", "ctl", "--socket", "socket", "remove"]);
        let trace: Vec<String> = rows.by_ref().take_while(|row| !row.contains("the card is out")).collect();
        let at = |words: &str| trace.iter().position(|row| row.contains(words)).unwrap_or_else(|| panic!("{trace:#?}"));
        let verify = at("VERIFY PIN");
        let (asked, answered) = (&trace[verify], &trace[verify + 1]);
        for row in [asked, answered] {
            assert!(row.contains("  一号窗口  opensc-tool["), "{row}");
        }
        assert!(asked.contains("→ 0020 0000 03 ******  "), "{asked}");
        assert!(answered.ends_with("← 63C2  verification failed, tries left: 2"), "{answered}");
        // Keyed at the reader: the program is named that asked for it.
        let keyed = trace.iter().filter(|row| row.contains("python3[") && row.contains("0020 0000 03 ******  "));
        assert_eq!(keyed.count(), 3, "{trace:#?}");
        at("ATR 3B6D000000855431008660260101000001  (direct convention, T=0)");
        at("connects, shared T=0");
        at("SELECT environment SSSE (sx1.sh.社会保障)");
        at("← 0812313131**************************3130 9000  done");
        server.signal("-TERM");
        drop(rows);
        let said = server.output().stderr;
        let complaints = String::from_utf8_lossy(&said).into_owned();
        assert!(complaints.contains("wireshark -X lua_script:qiyong.lua captures/00-001-0.pcapng"), "{complaints}");
        let capture = fs::read(folder.path().join("captures/00-001-0.pcapng")).expect("a capture");
        for text in [trace.join("\n").as_bytes(), &said, &capture] {
            for secret in FORMS.iter().chain(&ID) {
                assert!(
                    !is_in(text, secret),
                    "{}: {:?}",
                    String::from_utf8_lossy(secret),
                    String::from_utf8_lossy(text)
                );
            }
        }
        // The card's PIN, from the keypad.
        assert!(!is_in(&capture, &[3, 0x12, 0x34, 0x56]) && is_in(&capture, b"\x00\x20\x00\x00\x03***"));
    }
}

/// So many APDUs make more rows than a pipe holds.
const APDUS: usize = 2000;

/// A server that tells its rows, and has said where it listens; and what reads them.
fn told(folder: &TempDir) -> (Watched, impl BufRead + use<>) {
    let card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).unwrap();
    card.save(&folder.path().join("0.toml")).unwrap();
    let mut command = Command::new(qiyong());
    command.current_dir(folder.path()).args(["pcscd", "--socket", "socket", "--card", "0.toml", "--trace"]);
    let mut server = Watched::start(command.args(["--reader-name", "card"]));
    let mut rows = server.lines();
    let mut first = String::new();
    while !first.contains("listening: ") {
        assert_ne!(rows.read_line(&mut first).expect("UTF-8"), 0, "{first}");
    }
    (server, rows)
}

/// Exchanges so many APDUs with its card; each is answered.
fn exchange(folder: &TempDir) {
    let mut client = Raw::new(&folder.path().join("socket"), 4);
    let (card, active) = client.connect("card", SHARED, ANY).expect("a connection");
    for number in 0..APDUS {
        let answer = client.transmit(card, active, &[0, 0x84, 0, 0, 8]);
        assert!(answer.is_ok_and(|answer| answer.ends_with(&[0x90, 0])), "{number}");
    }
    assert_eq!(client.disconnect(card, LEAVE), 0);
}

#[test]
fn a_reader_of_the_trace_that_never_reads_stops_no_card_and_is_told_what_is_missing() {
    let folder = TempDir::new().expect("a folder");
    let (server, mut rows) = told(&folder);
    exchange(&folder);
    server.signal("-TERM");
    // It ends, though nobody has read.
    let output = server.output();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    let missing = complaint.strip_prefix("qiyong: ").and_then(|rest| rest.split_once(" lines were not written"));
    let missing: usize = missing.and_then(|(count, _)| count.parse().ok()).unwrap_or_else(|| panic!("{complaint}"));
    let mut trace = String::new();
    rows.read_to_string(&mut trace).expect("UTF-8");
    // Reader and card come, and the card goes; a connection begins and ends.
    assert_eq!(trace.matches('\n').count() + missing, 2 * APDUS + 6, "{complaint}");
    assert!(missing > 0 && trace.contains("  → 0084 0000 08  "), "{trace}");
}

#[test]
fn whoever_leaves_off_reading_the_trace_is_no_error() {
    let folder = TempDir::new().expect("a folder");
    let (server, rows) = told(&folder);
    drop(rows);
    exchange(&folder);
    server.signal("-TERM");
    let output = server.output();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
