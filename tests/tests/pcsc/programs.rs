//! Programs of others, unmodified: pcsc_scan, opensc-tool, pyscard. Clients of our own are in the other files.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::thread;

use serde_json::Value;

use qiyong_protocol::card::files::Generation;
use qiyong_tests::qiyong;

use qiyong_tests::pcsc::raw::{RESET, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched, eventually};

const SELECT_ENVIRONMENT: &str = "00:A4:04:00:0F:73:78:31:2E:73:68:2E:C9:E7:BB:E1:B1:A3:D5:CF:00";

/// What `qiyong card show` prints about a card.
fn shown(server: &PrivateServer) -> Value {
    let file = server.card_file(0);
    let json = server.run(qiyong().to_str().unwrap(), &["card", "show", "--json", file.to_str().unwrap()]);
    serde_json::from_str(&json).unwrap()
}

fn spaced(hex: &str) -> String {
    hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn pcsc_scan_names_reader_and_atr() {
    let server = PrivateServer::with(&[Generation::V3]);
    let atr = format!("ATR: {}", spaced(shown(&server)["atr"].as_str().unwrap()));
    // It runs until it is ended.
    let mut scan = Watched::start(server.command("pcsc_scan").arg("-n"));
    let mut seen = String::new();
    for line in scan.lines().lines() {
        seen += &line.unwrap();
        if seen.contains(&atr) {
            assert!(seen.contains(&server.readers[0]) && seen.contains("Card inserted"), "{seen}");
            return;
        }
    }
    panic!("{atr} is missing: {seen}");
}

#[test]
fn opensc_tool_lists_readers_and_reads_records_in_both_slot_modes() {
    for way in ["straight", "line"] {
        let server = PrivateServer::with_options(&[Generation::V2, Generation::V1], &["--slot", way]);
        let list = server.run("opensc-tool", &["--list-readers"]);
        assert!(server.readers.len() == 2 && server.readers.iter().all(|reader| list.contains(reader)), "{list}");
        let atr = server.run("opensc-tool", &["--reader", "0", "--atr"]);
        let expected = spaced(shown(&server)["atr"].as_str().unwrap()).replace(' ', ":").to_lowercase();
        assert_eq!(atr.trim(), expected, "{way}");
        let select = "00:A4:00:00:02:EF:05";
        // Tag 03, the norm's version.
        let apdus = ["--send-apdu", SELECT_ENVIRONMENT, "--send-apdu", select, "--send-apdu", "00:B2:03:04:06"];
        let records = server.run("opensc-tool", &[&["--reader", "0"], &apdus[..]].concat());
        assert!(records.contains("03 04 32 2E 30 30"), "{way}: {records}");
        assert_eq!(records.matches("SW1=0x90, SW2=0x00").count(), 3, "{way}: {records}");
    }
}

#[test]
fn pyscard_reads_every_record_of_ef05_and_ef06_in_both_slot_modes_both_protocols_and_noise() {
    // One character in thirty is damaged: T=0 repeats the character, T=1 the block.
    let noisy = ["--slot", "line", "--noise", "30"];
    let ways = [&["--slot", "straight"][..], &["--slot", "line"], &noisy];
    for (way, protocol) in ways.into_iter().flat_map(|way| [(way, "0"), (way, "1")]) {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("0.toml");
        let new = ["card", "new", "--profile", "v2", "--protocol", protocol, "--out", file.to_str().unwrap()];
        assert!(Watched::start(std::process::Command::new(qiyong()).args(new)).output().status.success());
        let server = PrivateServer::in_folder(folder, 1, way);
        let output = Watched::start(&mut server.python("read_card.py")).output();
        assert!(output.status.success(), "{way:?} T={protocol}: {}", String::from_utf8_lossy(&output.stderr));
        let read = String::from_utf8(output.stdout).unwrap();
        // By file: the values that were read, without tag and length.
        let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for line in read.lines() {
            if let [file @ ("EF05" | "EF06"), _, hex] = line.split(' ').collect::<Vec<_>>()[..] {
                values.entry(file).or_default().push(hex.get(4..).unwrap_or_default().to_string());
            }
        }
        let mut compared = 0;
        for record in shown(&server)["records"].as_array().unwrap() {
            let (file, value) = (record["file"].as_str().unwrap(), record["value"].as_str().unwrap());
            let Some(file) = ["EF05", "EF06"].into_iter().find(|name| file.ends_with(name)) else { continue };
            // Texts and digits are shown as such: values in hex on both sides must be equal, texts must be contained.
            let as_text = hex::encode_upper(value);
            let found =
                values[file].iter().any(|hex| hex == value || hex.starts_with(&as_text) || hex.starts_with(value));
            // 张三 is stored in GBK; the middle of the ID number, and what follows from it, are not shown.
            if value.is_ascii() && !value.contains('*') {
                assert!(found, "{way:?} T={protocol}: {file} {value} in {read}");
                compared += 1;
            }
        }
        assert!(compared >= 8, "{way:?} T={protocol}: {compared} records");
        assert!(read.contains("EF06 2 0A1ED5C5C8FD") || read.contains("091ED5C5C8FD"), "{read}");
    }
}

#[test]
fn pyscard_is_told_of_removal_insertion_and_a_mute_card_and_its_waits_end_by_cancel_and_time() {
    for way in ["straight", "line"] {
        let server = PrivateServer::with_options(&[Generation::V2], &["--slot", way]);
        let atr = shown(&server)["atr"].as_str().unwrap().to_lowercase();
        let output = Watched::start(&mut server.python("events.py")).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("Qiyong")).map(str::trim_end).collect();
        let expected = [
            "remove empty".to_string(),
            format!("insert present {atr}"),
            "mute present mute".to_string(),
            "cancelled True".to_string(),
            "timeout True".to_string(),
        ];
        assert_eq!(lines, expected, "{way}");
    }
}

#[test]
fn a_client_killed_inside_a_transaction_leaves_a_reset_card_and_no_lock() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut other = Raw::new(&server.socket(), 4);
    let (card, t0) = other.connect(&server.readers[0], SHARED, 1).unwrap();
    let mut program = Watched::start(&mut server.python("transaction.py"));
    let mut lines = program.lines().lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun 9000");
    // Kept out, and told so.
    assert_eq!(other.transmit(card, t0, &[0, 0x84, 0, 0, 8]), Err(0x8010_000B));
    program.signal("-9");
    // The program's rights end with the program: the card was reset, and other connections are told.
    eventually("the transaction ends", || other.status(card) != 0x8010_000B);
    assert_eq!(other.status(card), 0x8010_0068);
    assert_eq!(other.reconnect(card, SHARED, 1, 0), 0);
    assert_eq!(other.transmit(card, t0, &[0, 0x84, 0, 0, 8]).map(|response| response.len()), Ok(10));
    assert_eq!(other.states()[0].2, 1, "one connection is left");
    assert_eq!(other.disconnect(card, RESET), 0);
}

#[test]
fn two_programs_take_turns_and_the_second_waits_for_the_first() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut first = Watched::start(&mut server.python("transaction.py"));
    let mut first_lines = first.lines().lines();
    assert_eq!(first_lines.next().unwrap().unwrap(), "begun 9000");
    let mut second = Watched::start(&mut server.python("transaction.py"));
    let mut second_lines = second.lines().lines();
    second.feed("\n");
    // The second program's libpcsclite asks again and again, until the first program is done.
    first.feed("\n");
    assert_eq!(first_lines.next().unwrap().unwrap(), "ended");
    assert_eq!(second_lines.next().unwrap().unwrap(), "begun 9000");
    assert_eq!(second_lines.next().unwrap().unwrap(), "ended");
    assert!(first.output().status.success() && second.output().status.success());
}

#[test]
fn fifty_programs_at_once_all_get_the_atr() {
    let server = PrivateServer::with(&[Generation::V2]);
    let expected = server.run("opensc-tool", &["--reader", "0", "--atr"]);
    thread::scope(|scope| {
        let ask = || server.run("opensc-tool", &["--reader", "0", "--atr"]);
        let programs: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        for program in programs {
            assert_eq!(program.join().unwrap(), expected);
        }
    });
}

#[test]
fn ten_private_servers_side_by_side_do_not_meet() {
    let servers: Vec<_> = (0..10u32)
        .map(|number| {
            let folder = tempfile::TempDir::new().unwrap();
            let file = folder.path().join("0.toml");
            let serial = (0x1000 + number).to_string();
            let new = ["card", "new", "--serial", &serial, "--profile", "v2", "--out", file.to_str().unwrap()];
            assert!(Watched::start(std::process::Command::new(qiyong()).args(new)).output().status.success());
            PrivateServer::in_folder(folder, 1, &[])
        })
        .collect();
    thread::scope(|scope| {
        for (number, server) in servers.iter().enumerate() {
            scope.spawn(move || {
                let atr = server.run("opensc-tool", &["--reader", "0", "--atr"]);
                // The serial number ends the ATR of a T=0 card.
                let serial = format!("{:02x}:{:02x}", 0x10, number);
                assert!(atr.trim().ends_with(&serial), "server {number}: {atr}");
            });
        }
    });
}

#[test]
fn a_pin_keyed_on_the_keypad_reaches_the_card_and_not_the_program() {
    for way in ["straight", "line"] {
        let server = PrivateServer::with_options(&[Generation::V2], &["--slot", way, "--keypad"]);
        let key = |digits: &str| {
            let mut command = server.command(qiyong().to_str().unwrap());
            let mut ctl = Watched::start(command.args(["pcscd", "ctl", "--socket", "socket", "key", "0"]));
            ctl.feed(digits);
            let output = ctl.output();
            let text = [output.stdout, output.stderr].concat();
            assert!(!String::from_utf8_lossy(&text).contains(digits.trim()), "the PIN is not shown");
            output.status.code()
        };
        // Nobody has asked yet: neither these digits nor this key may become the answer to a program that asks later.
        let dead = "no program awaits a PIN; nothing was keyed";
        assert_eq!(key("888888\n"), Some(1));
        let (status, text) = server.ctl(&["cancel", "0"]);
        assert!(status == 1 && text.contains(dead), "{text}");
        let mut program = Watched::start(&mut server.python("pin_pad.py"));
        let mut lines = program.lines().lines();
        assert_eq!(lines.next().unwrap().unwrap(), "features 06 07 0A 12");
        eventually("the program asks", || key("999999\n") == Some(0));
        assert_eq!(lines.next().unwrap().unwrap(), "verified 63C2");
        eventually("the program asks again", || server.ctl(&["cancel", "0"]).0 == 0);
        assert_eq!(lines.next().unwrap().unwrap(), "verified 6401");
        assert_eq!(key("12x4\n"), Some(1));
        eventually("the program asks once more", || key("123456\n") == Some(0));
        assert_eq!(lines.next().unwrap().unwrap(), "verified 9000");
        assert!(program.output().status.success());
    }
    let server = PrivateServer::with(&[Generation::V2]);
    let output = Watched::start(&mut server.python("pin_pad.py")).output();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "features 12\n");
    let (status, text) = server.ctl(&["cancel", "0"]);
    assert!(status == 1 && text.contains("--keypad"), "{text}");
}

#[test]
fn status_and_attributes_say_what_reader_and_card_are() {
    let server = PrivateServer::with(&[Generation::V2]);
    let output = Watched::start(&mut server.python("attributes.py")).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let atr = shown(&server)["atr"].as_str().unwrap().to_string();
    let reader = &server.readers[0];
    let text = |text: &str| format!("{}00", hex::encode_upper(text));
    let expected = [
        format!("status {reader} 0x34 1 {atr}"),
        format!("atr {atr}"),
        format!("vendor {}", text("Qiyong")),
        format!("type {}", text("Virtual Reader")),
        format!("name {}", text(reader)),
        "presence 02".into(),
        "powered 01".into(),
        "protocol 01000000".into(),
        "unknown attribute True".into(),
        "set attribute True".into(),
        "unknown control True".into(),
    ];
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), expected);
}
