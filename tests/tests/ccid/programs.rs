//! pcsc_scan, opensc-tool, pyscard, `qiyong readers` and the driver library over Debian's pcscd and libccid.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::real_pcscd::RealPcscd;
use qiyong_tests::programs::{Watched, driver_library};
use qiyong_tests::qiyong;
use qiyong_tests::usb_board::UsbBoard;
use tempfile::TempDir;

use super::{card, image};

/// The image's id: that of pid.codes for tests.
const ID: (u16, u16) = (0x1209, 0x0001);

/// The stand-in for libusb, which is built with this program.
fn libusb() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let library = program.with_file_name("libqiyong_libusb.so");
    assert!(library.exists(), "{} is built with the tests", library.display());
    library
}

/// A pcscd whose libccid drives the board.
fn pcscd(board: &UsbBoard) -> RealPcscd {
    RealPcscd::with_libccid(&board.socket(), &libusb(), ID)
}

fn run(pcscd: &RealPcscd, program: &str, arguments: &[&str]) -> String {
    let output = Watched::start(pcscd.command(program).args(arguments)).output();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {out}{err}\n{}", pcscd.log());
    out.into_owned()
}

fn python(pcscd: &RealPcscd, script: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    run(pcscd, "/usr/bin/python3", &[script.to_str().expect("UTF-8")])
}

/// libccid has nothing to complain of: but for its greeting, it says only what it cannot do. Rows of pcscd's own have other sources.
fn libccid_is_content(pcscd: &RealPcscd) {
    let log = pcscd.log();
    let sources = ["ifdhandler.c", "commands.c", "ccid.c", "ccid_usb.c", "utils.c", "openct/"];
    let rows = log.lines().filter(|line| sources.iter().any(|source| line.contains(source)));
    let complaints: Vec<_> = rows.filter(|line| !line.contains("init_driver()")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn programs_read_the_card_through_libccid_in_both_protocols() {
    for protocol in [0, 1] {
        let board = UsbBoard::start(&image());
        board.set_card(Some(card(Generation::V2, protocol)));
        let pcscd = pcscd(&board);
        pcscd.wait_for_card();
        let atr = run(&pcscd, "opensc-tool", &["--reader", "0", "--atr"]);
        assert!(atr.starts_with("3b:"), "{atr}");
        let readers = run(&pcscd, qiyong().to_str().expect("UTF-8"), &["readers", "--json"]);
        assert!(readers.contains("Qiyong reader"), "{readers}");
        let read = python(&pcscd, "pcsc/read_card.py");
        for value in ["0304322E3030", "0709583030303030303139", "D5C5C8FD"] {
            assert!(read.contains(value), "T={protocol}: {value} in {read}");
        }
        let mut scan = Watched::start(pcscd.command("pcsc_scan").arg("-n"));
        let atr = atr.trim().to_uppercase().replace(':', " ");
        let seen = scan.lines().lines().map_while(Result::ok).any(|line| line.contains(&atr));
        assert!(seen, "{atr}");
        drop(scan);
        libccid_is_content(&pcscd);
        let report = board.report();
        assert_eq!(report.findings, [], "{:#?}", report.log);
    }
}

#[test]
fn extended_apdus_pass_through_libccid_both_ways() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 1)));
    let pcscd = pcscd(&board);
    pcscd.wait_for_card();
    // 296 bytes in one response; 300 in one command, which nobody may write without a key.
    assert_eq!(python(&pcscd, "ccid/extended.py"), "296 9000\n0 6982\n");
    libccid_is_content(&pcscd);
}

#[test]
fn a_pin_keyed_on_the_readers_keypad_goes_to_the_card_and_never_to_the_host() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 0)));
    for keys in [&b"999999\r"[..], b"123456\r", b"\x1B"] {
        board.will_key(keys);
    }
    let pcscd = pcscd(&board);
    pcscd.wait_for_card();
    let said = python(&pcscd, "pcsc/pin_pad.py");
    // A wrong PIN, the right one, and the cancel key.
    assert_eq!(said.lines().skip(1).collect::<Vec<_>>(), ["verified 63C2", "verified 9000", "verified 6401"], "{said}");
    assert!(said.starts_with("features 06 07"), "{said}");
    let report = board.report();
    assert_eq!(report.asked, 3);
    // The PINs in packed digits, as they go to the card, and in ASCII.
    for pin in [&b"\x12\x34\x56"[..], b"\x99\x99\x99", b"123456", b"999999"] {
        assert!(!report.to_host.windows(pin.len()).any(|window| window == pin), "a PIN goes to the host");
    }
}

#[test]
fn a_pin_is_changed_on_the_readers_keypad_however_many_messages_a_program_wants_shown() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 0)));
    let pins = [&b"123456\r"[..], b"271828\r", b"314159\r", b"577215\r", b"141421\r"];
    for pair in pins.windows(2) {
        // The new one twice; the first time they differ, and all is asked anew.
        let differ = pair[0] == pins[0];
        let entries = [[pair[0], pair[1], pins[4]], [pair[0], pair[1], pair[1]]];
        entries[usize::from(!differ)..].iter().flatten().for_each(|keys| board.will_key(keys));
    }
    let pcscd = pcscd(&board);
    pcscd.wait_for_card();
    assert_eq!(python(&pcscd, "ccid/modify.py"), "modified 9000\n".repeat(4));
    assert_eq!(board.report().asked, 15);
    libccid_is_content(&pcscd);
}

/// Our terminal with its jumper set, as `SSCardDriver.ini` names it: the card lies in it, and the holder keys on its keypad.
#[test]
fn the_driver_library_reads_the_card_in_our_terminal_and_the_pin_is_keyed_there() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 0)));
    let keyed = ["999999\r", "\x1B", "123456\r", "271828\r", "271828\r", "271828\r"];
    keyed.iter().for_each(|keys| board.will_key(keys.as_bytes()));
    let pcscd = pcscd(&board);
    pcscd.wait_for_card();
    let folder = TempDir::new().expect("a folder");
    let settings = folder.path().join("SSCardDriver.ini");
    fs::write(&settings, "[SSCardDriver]\nsource = reader Qiyong\npin = pad\n").expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ccid/driver.py");
    let mut command = pcscd.command("/usr/bin/python3");
    command.arg(script).arg(driver_library()).env("QIYONG_DRIVER_INI", settings);
    command.args(["iReadCardBas", "iVerifyPIN", "iVerifyPIN", "iChangePIN", "iVerifyPIN"]);
    let output = Watched::start(&mut command).output();
    let said = String::from_utf8_lossy(&output.stdout);
    let expected = "iReadCardBas 0 320100|111111198101011110|X00000019\n\
                    iVerifyPIN -51 PIN校验失败:剩余次数2\n\
                    iVerifyPIN -31 用户取消密码输入\n\
                    iChangePIN 0 \n\
                    iVerifyPIN 0 \n";
    assert_eq!(said, expected, "{}{}", String::from_utf8_lossy(&output.stderr), pcscd.log());
    let report = board.report();
    assert_eq!(report.asked, keyed.len());
    for pin in [&b"\x12\x34\x56"[..], b"\x27\x18\x28", b"123456", b"271828"] {
        assert!(!report.to_host.windows(pin.len()).any(|window| window == pin), "a PIN goes to the host");
    }
}

#[test]
fn pcscd_is_told_when_the_card_goes_and_comes() {
    let board = UsbBoard::start(&image());
    let pcscd = pcscd(&board);
    board.set_card(Some(card(Generation::V3, 0)));
    pcscd.wait_for_card();
    board.set_card(None);
    pcscd.wait_for_no_card();
    board.set_card(Some(card(Generation::V3, 1)));
    pcscd.wait_for_card();
    libccid_is_content(&pcscd);
}
