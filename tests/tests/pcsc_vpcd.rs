//! `qiyong vicc`: a virtual card in the virtual reader of the real pcscd.

use std::io::{BufRead, Lines};
use std::path::Path;
use std::process::Command;

use qiyong_tests::pcsc::real_pcscd::{RealPcscd, free_port};
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;
use tempfile::TempDir;

fn card_file(folder: &Path, protocol: &str) -> String {
    let file = folder.join("card.toml").to_str().unwrap().to_string();
    let new = ["card", "new", "--profile", "v2", "--protocol", protocol, "--out", &file];
    assert!(Watched::start(Command::new(qiyong()).args(new)).output().status.success());
    file
}

/// A running `qiyong vicc`, and its output.
fn vicc(port: u16, file: &str, options: &[&str]) -> (Watched, Lines<impl BufRead + use<>>) {
    let connect = format!("127.0.0.1:{port}");
    let arguments = ["vicc", "--connect", &connect, "--card", file];
    let mut process = Watched::start(Command::new(qiyong()).args(arguments).args(options));
    let lines = process.lines().lines();
    (process, lines)
}

/// Reads rows until one contains `words`.
fn says(lines: &mut Lines<impl BufRead>, words: &str) {
    let found = lines.by_ref().map(|line| line.expect("lines")).find(|line| line.contains(words));
    assert!(found.is_some(), "{words}");
}

#[test]
fn programs_of_the_real_pcscd_read_the_virtual_card_in_both_slot_modes() {
    for (way, protocol) in [("straight", "0"), ("line", "1")] {
        let folder = TempDir::new().unwrap();
        let file = card_file(folder.path(), protocol);
        let pcscd = RealPcscd::start();
        let (card, mut lines) = vicc(pcscd.port, &file, &["--slot", way]);
        says(&mut lines, "the card is in");
        pcscd.wait_for_card();
        let atr = Watched::start(pcscd.command("opensc-tool").args(["--reader", "0", "--atr"])).output();
        assert!(String::from_utf8_lossy(&atr.stdout).starts_with("3b:"), "{atr:?}");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pcsc/read_card.py");
        let read = Watched::start(pcscd.command("/usr/bin/python3").arg(script)).output();
        let read = String::from_utf8_lossy(&read.stdout).into_owned() + &String::from_utf8_lossy(&read.stderr);
        // The norm's version 2.00, the card's number, and 张三.
        for value in ["0304322E3030", "0709583030303030303139", "D5C5C8FD"] {
            assert!(read.contains(value), "{way}: {value} in {read}");
        }
        card.signal("-TERM");
        assert_eq!(card.output().status.code(), Some(0));
    }
}

#[test]
fn the_card_is_in_again_when_pcscd_restarts_and_remembers_a_wrong_pin() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), "0");
    let port = free_port();
    let (_card, mut lines) = vicc(port, &file, &["--trace"]);
    says(&mut lines, "is pcscd running?");
    let wrong_pin = |pcscd: &RealPcscd| {
        pcscd.wait_for_card();
        let apdu = ["--reader", "0", "--send-apdu", "00:20:00:00:03:99:99:99"];
        let output = Watched::start(pcscd.command("opensc-tool").args(apdu)).output();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let pcscd = RealPcscd::on_port(port);
    says(&mut lines, "the card is in");
    assert!(wrong_pin(&pcscd).contains("SW2=0xC2"));
    says(&mut lines, "→ 0020 0000 03 ******  ");
    says(&mut lines, "← 63C2  verification failed, tries left: 2");
    drop(pcscd);
    says(&mut lines, "the card is out");
    let pcscd = RealPcscd::on_port(port);
    says(&mut lines, "the card is in");
    assert!(wrong_pin(&pcscd).contains("SW2=0xC1"));
    assert!(std::fs::read_to_string(&file).unwrap().contains("\nleft = 1\n"));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), "0");
    for (arguments, words) in [
        (["--connect", "no port", "--card", &file], "--connect no port"),
        (["--connect", "127.0.0.1:1", "--card", "missing.toml"], "missing.toml"),
    ] {
        let output = Watched::start(Command::new(qiyong()).arg("vicc").args(arguments)).output();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(words), "{complaint}");
    }
}
