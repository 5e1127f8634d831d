//! Readers with names of one's choice that come and go while programs work with them; and who holds what.

use std::io::BufRead;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use qiyong_pcsc::codes::Rv;
use qiyong_pcsc::wire::{ReaderEvents, ReaderState, command};
use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, EXCLUSIVE, LEAVE, RESET, Raw, SHARED, parse_states};
use qiyong_tests::programs::{PATIENCE, PrivateServer, Watched, eventually};
use qiyong_tests::qiyong;
use serde_json::Value;

/// What `ctl list --json` says.
fn listed(server: &PrivateServer) -> Value {
    let (status, text) = server.ctl(&["list", "--json"]);
    assert_eq!(status, 0, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Waits until a program of this name waits for events.
fn waits(server: &PrivateServer, program: &str) {
    let is_it = |name: &Value| name.as_str().is_some_and(|name| name.starts_with(program));
    eventually("the program waits", || listed(server)["waiting"].as_array().is_some_and(|all| all.iter().any(is_it)));
}

#[test]
fn a_program_that_waits_at_a_reader_is_told_when_it_goes_and_when_it_comes_back() {
    // pyscard 2.0 waits only at readers whose names are ASCII.
    let server = PrivateServer::with_options(&[Generation::V2], &["--reader-name", "Window 1"]);
    assert_eq!(server.readers, ["Window 1"]);
    let mut program = Watched::start(&mut server.python("pulled_reader.py"));
    let mut lines = program.lines().lines();
    let mut next = || lines.next().expect("a row").expect("UTF-8");
    assert_eq!(next(), "waits");
    waits(&server, "python3");
    assert_eq!(server.ctl(&["reader", "remove", "Window 1"]), (0, "Window 1: the reader is gone\n".into()));
    let gone = "SCARD_E_READER_UNAVAILABLE";
    assert_eq!(next(), "told SCARD_S_SUCCESS CHANGED, UNKNOWN UNAVAILABLE CHANGED");
    for call in ["status", "transmit", "begin", "attribute", "reconnect"] {
        assert_eq!(next(), format!("{call} {gone}"));
    }
    assert_eq!(next(), "connect SCARD_E_UNKNOWN_READER");
    // Whoever lets go of it is rid of it.
    assert_eq!(next(), "disconnect SCARD_S_SUCCESS");
    waits(&server, "python3");
    assert_eq!(server.ctl(&["list"]).1, format!("waiting for a change: python3[{}]\n", program.child.id()));
    // The card that was in it is free.
    assert_eq!(server.ctl(&["reader", "add", "Window 1", "--card", "0.toml"]).0, 0);
    assert_eq!(next(), "wait SCARD_E_UNKNOWN_READER");
    assert_eq!(next(), "told SCARD_S_SUCCESS CHANGED");
    assert_eq!(next(), "state SCARD_S_SUCCESS CHANGED PRESENT");
    let output = program.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn pcsc_scan_sees_readers_come_and_go() {
    let server = PrivateServer::with_options(&[], &["--empty", "1"]);
    let mut scan = Watched::start(server.command("pcsc_scan").arg("-n"));
    let lines = scan.lines().lines();
    let (told, seen) = channel();
    let reading = thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(told.send(line))));
    let sees = |words: &str| {
        let mut all = String::new();
        while let Ok(line) = seen.recv_timeout(PATIENCE) {
            all += &line;
            if line.contains(words) {
                return all;
            }
        }
        panic!("{words}: {all}");
    };
    sees("0: Qiyong Virtual Reader 00 00");
    waits(&server, "pcsc_scan");
    assert_eq!(server.ctl(&["reader", "add", "二号窗口"]).0, 0);
    sees("1: 二号窗口");
    waits(&server, "pcsc_scan");
    // The number that is free.
    assert_eq!(server.ctl(&["reader", "remove", "0"]).0, 0);
    let said = sees("0: 二号窗口");
    let (_, list) = said.rsplit_once("Scanning present readers...").expect("it looks anew");
    assert!(!list.contains("Qiyong"), "{list}");
    scan.signal("-TERM");
    drop(scan.output());
    reading.join().expect("it ends with the program");
}

#[test]
fn readers_are_called_what_one_likes_and_a_name_that_cannot_be_is_refused() {
    let names = ["--reader-name", "一号窗口 读卡器", "--reader-name", "0"];
    let server = PrivateServer::with_options(&[Generation::V2], &[&names[..], &["--empty", "2"]].concat());
    assert_eq!(server.readers, ["一号窗口 读卡器", "0", "Qiyong Virtual Reader 02 00"]);
    let list = server.run("opensc-tool", &["--list-readers"]);
    assert!(server.readers.iter().all(|reader| list.contains(reader.as_str())), "{list}");
    let atr = server.run("opensc-tool", &["--reader", "一号窗口 读卡器", "--atr"]);
    assert!(atr.starts_with("3b:"), "{atr}");
    // A name counts before a number.
    let (_, text) = server.ctl(&["remove", "0"]);
    assert!(text.contains("0: no card is in it"), "{text}");
    let cut = "读".repeat(43);
    let refused = [
        ("一号窗口 读卡器", "there is a reader 一号窗口 读卡器 already"),
        (&cut, "must have at most 127 bytes in UTF-8 (MAX_READERNAME)"),
        ("", "at least one character"),
        ("a\tb", "no control characters"),
        (" a", "must not begin or end with a blank"),
        (r"\\?PnP?\Notification", "stands for readers that come and go"),
    ];
    for (name, words) in refused {
        let (status, text) = server.ctl(&["reader", "add", name]);
        assert!([1, 2].contains(&status) && text.contains(words), "{name:?}: {status} {text}");
        let twice = ["--reader-name", "一号窗口 读卡器", "--reader-name", name];
        let arguments = [&["pcscd", "--socket", "other", "--empty", "2"], &twice[..]].concat();
        let output = Watched::start(Command::new(qiyong()).current_dir(server.folder.path()).args(arguments)).output();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && complaint.contains(words), "{name:?}: {complaint}");
    }
    for more in 3..16 {
        assert_eq!(server.ctl(&["reader", "add", &format!("more {more}")]).0, 0);
    }
    let (status, text) = server.ctl(&["reader", "add", "one more"]);
    assert!(status == 1 && text.contains("16 readers are the most"), "{text}");
    let (status, text) = server.ctl(&["reader", "remove", "one more"]);
    assert!(status == 1 && text.contains("no reader is called one more"), "{text}");
    // A card that is no card, or is elsewhere, leaves no reader behind.
    assert_eq!(server.ctl(&["reader", "remove", "more 3"]).0, 0);
    for (card, words) in [("none.toml", "none.toml"), ("0.toml", "is in 一号窗口 读卡器")] {
        let (status, text) = server.ctl(&["reader", "add", "one more", "--card", card]);
        assert!(status == 1 && text.contains(words), "{text}");
    }
    assert_eq!(listed(&server)["readers"].as_array().map(Vec::len), Some(15));
}

#[test]
fn every_version_of_the_protocol_is_told_and_no_answer_is_out_of_step() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--empty", "1"]);
    let mut raw = Raw::new(&server.socket(), 6);
    let events = |raw: &mut Raw| {
        ReaderEvents::from_bytes(&raw.call(command::GET_READER_EVENTS, &[], ReaderEvents::LEN)).unwrap().count
    };
    let at_first = events(&mut raw);
    raw.send(command::WAIT_READER_STATE_CHANGE, &[]);
    let size =
        |raw: &mut Raw| u32::from_ne_bytes(raw.call(command::GET_READERS_STATE_SIZE, &[], 4).try_into().unwrap());
    assert_eq!(size(&mut raw), 2);
    // Between the two halves of an answer one reader goes and two come: the second half is as long as the first said.
    assert_eq!(server.ctl(&["reader", "remove", "1"]).0, 0);
    assert_eq!(parse_states(&raw.call(command::GET_READERS_STATE_ARRAY, &[], 2 * ReaderState::LEN)).len(), 1);
    assert_eq!(raw.told(), 0, "and the client is told that something happened");
    raw.send(command::WAIT_READER_STATE_CHANGE, &[]);
    assert_eq!(size(&mut raw), 1);
    for name in ["a", "b"] {
        assert_eq!(server.ctl(&["reader", "add", name]).0, 0);
    }
    assert_eq!(parse_states(&raw.call(command::GET_READERS_STATE_ARRAY, &[], ReaderState::LEN)).len(), 1);
    assert_eq!(raw.told(), 0);
    assert_eq!(size(&mut raw), 3);
    assert_eq!(events(&mut raw), at_first + 3);
    // In the table of the older versions, too; and in 4.3, where nothing is told before the states were fetched.
    for minor in 3..=5 {
        let mut old = Raw::new(&server.socket(), minor);
        assert_eq!(old.states().len(), 3, "4.{minor}");
    }
}

#[test]
fn whoever_waits_for_a_turn_at_a_reader_that_goes_is_told_so_and_its_transaction_ends() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--keypad"]);
    let (mut a, mut b) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    let (own, t0) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(a.begin(own), 0);
    let name = server.readers[0].clone();
    let waiting = thread::spawn(move || b.connect(&name, EXCLUSIVE, ANY));
    // Such a wait shows itself nowhere: it may begin before the reader goes, or after.
    assert_eq!(server.ctl(&["reader", "remove"]).0, 0);
    let told = waiting.join().unwrap();
    assert!(told == Err(Rv::READER_UNAVAILABLE.0) || told == Err(Rv::UNKNOWN_READER.0), "{told:X?}");
    assert_eq!(a.transmit(own, t0, &[0, 0x84, 0, 0, 8]), Err(Rv::READER_UNAVAILABLE.0));
    assert_eq!(a.end(own, RESET), Rv::READER_UNAVAILABLE.0);
    // One of the same name is another reader.
    assert_eq!(server.ctl(&["reader", "add", &server.readers[0], "--card", "0.toml"]).0, 0);
    assert_eq!(a.transmit(own, t0, &[0, 0x84, 0, 0, 8]), Err(Rv::READER_UNAVAILABLE.0));
    let (new, t0) = a.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert!(a.transmit(new, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    assert_eq!(a.disconnect(own, LEAVE), 0);
    assert_eq!(a.disconnect(own, LEAVE), Rv::INVALID_HANDLE.0);
    // A program that awaits a PIN there gets none.
    drop(a);
    let mut program = Watched::start(&mut server.python("pin_pad.py"));
    assert!(program.lines().lines().next().unwrap().unwrap().starts_with("features 06 "));
    eventually("a PIN is awaited", || listed(&server)["readers"][0]["keypad"]["awaited_by"].is_string());
    let awaited_by = listed(&server)["readers"][0]["keypad"]["awaited_by"].to_string();
    assert!(awaited_by.starts_with("\"python3["), "{awaited_by}");
    assert_eq!(server.ctl(&["reader", "remove"]).0, 0);
    let output = program.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("unavailable"), "{said}");
}

#[test]
fn a_card_held_exclusively_is_said_at_once_to_every_program_and_the_list_says_by_whom() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut holder = Watched::start(&mut server.python("hold_exclusive.py"));
    let mut lines = holder.lines().lines();
    assert_eq!(lines.next().unwrap().unwrap(), "held");
    let others = Watched::start(&mut server.python("refused.py")).output();
    assert_eq!(String::from_utf8_lossy(&others.stdout), "violation\n".repeat(3));
    let send = ["--reader", "0", "--send-apdu", "00:84:00:00:08"];
    let tool = Watched::start(server.command("opensc-tool").args(send)).output();
    let said = String::from_utf8([tool.stdout, tool.stderr].concat()).unwrap();
    assert!(!tool.status.success() && said.contains("in use by another application"), "{said}");
    let mut send = server.command(qiyong().to_str().unwrap());
    let send = Watched::start(send.args(["card", "send", "--reader", "any", "0084000008"])).output();
    let said = String::from_utf8_lossy(&send.stderr).into_owned();
    assert_eq!(send.status.code(), Some(2), "{said}");
    assert!(said.contains("another program has the card to itself: end it, or wait for it"), "{said}");
    let list = listed(&server);
    let reader = &list["readers"][0];
    let used = &reader["programs"][0];
    assert_eq!((&reader["used"], &reader["state"]), (&"one program alone".into(), &"card".into()), "{list}");
    let id = holder.child.id();
    assert_eq!(used["program"], format!("python3[{id}]"), "{list}");
    assert_eq!((&used["process"], &used["share"]), (&id.into(), &"exclusive".into()), "{list}");
    let (_, text) = server.ctl(&["list"]);
    assert!(text.contains(&format!("python3[{id}] exclusive")) && text.contains("used by one program alone"), "{text}");
    holder.feed("\n");
    assert!(holder.output().status.success());
    assert_eq!(listed(&server)["readers"][0]["programs"], Value::Array(Vec::new()));
}

#[test]
fn a_readers_name_is_in_no_language_whatever_it_is() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--reader-name", "card: locked"]);
    assert_eq!(server.readers, ["card: locked"]);
    assert_eq!(server.ctl(&["--lang", "zh", "remove"]), (0, "card: locked：卡已取出\n".into()));
    let (status, text) = server.ctl(&["--lang", "zh", "list"]);
    assert!(status == 0 && text.starts_with("0  card: locked: ") && !text.contains("used by"), "{text}");
}
