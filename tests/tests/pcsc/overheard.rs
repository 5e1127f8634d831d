//! `qiyong pcscd --trace` and `--capture`: what other people's programs send is decoded, and no PIN, key or ID number is seen.

use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
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
