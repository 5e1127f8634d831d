//! `qiyong terminal` and `qiyong readers`: our terminal application on PC/SC readers of our own server and of the real
//! pcscd, and on the virtual line.

#[path = "pcsc/terminal_pad.rs"]
mod pad;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, EXCLUSIVE, LEAVE, Raw, SHARED};
use qiyong_tests::pcsc::real_pcscd::RealPcscd;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::{qiyong, sample_card};
use serde_json::Value;
use tempfile::TempDir;

const PHARMACY: &str = "P32010000017";
const PIN: &str = "123456";
const NEW_PIN: &str = "271828";

/// A centre that knows an institution of each kind, and these cards with 500 yuan each.
fn centre(folder: &Path, cards: &[PathBuf]) -> PathBuf {
    let file = folder.join("centre.db");
    let mut command = Command::new(qiyong());
    command.args(["centre", "add", "--test-keys", "--account", "50000", "--db"]).arg(&file);
    for code in [PHARMACY, "H32010000021", "B32010000001"] {
        command.args(["--institution", code]);
    }
    for card in cards {
        command.arg("--card").arg(card);
    }
    let output = Watched::start(&mut command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

/// The arguments of a terminal that reports in JSON.
fn till<'a>(command: &'a mut Command, centre: &Path, place: &str, card: &[&str], what: &[&str]) -> &'a mut Command {
    command.args(["terminal", "--json", "--institution", place, "--centre"]).arg(centre).args(card).args(what)
}

/// Runs a terminal to its end, with these rows keyed; returns exit status, report, and what people saw.
fn serve(command: &mut Command, keyed: &str) -> (i32, Value, String) {
    let mut process = Watched::start(command);
    process.feed(keyed);
    let output = process.output();
    let seen = String::from_utf8_lossy(&output.stderr).into_owned();
    // An operation that did not begin has no report.
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    for secret in [PIN, NEW_PIN, "111111198101011110"] {
        assert!(!seen.contains(secret) && !report.to_string().contains(secret), "{secret} in {seen}{report}");
    }
    (output.status.code().expect("an exit status"), report, seen)
}

/// The first purchase puts the card into use; the second finds it in use.
fn activates_twice(command: &dyn Fn() -> Command, centre: &Path, card: &[&str]) {
    let purchase = &["purchase", "35.80"][..];
    let keyed = format!("{PIN}\n{NEW_PIN}\n{NEW_PIN}\n");
    let (status, report, seen) = serve(till(&mut command(), centre, PHARMACY, card, purchase), &keyed);
    assert_eq!(status, 0, "{report} {seen}");
    assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report}");
    assert_eq!((&report["charge"], &report["balance"], &report["stan"]), (&3580.into(), &46420.into(), &1.into()));
    assert_eq!((&report["card"], &report["holder"]), (&"X******19".into(), &"张*".into()));
    assert_eq!((&report["status_before"], &report["status_after"]), (&"inactive".into(), &"active".into()));
    assert!(seen.contains("请插卡") && seen.contains("支付成功，卡已启用"), "{seen}");

    let (status, report, _) = serve(till(&mut command(), centre, PHARMACY, card, purchase), &format!("{NEW_PIN}\n"));
    assert_eq!(status, 0, "{report}");
    assert_eq!((&report["activated"], &report["already_active"]), (&false.into(), &true.into()), "{report}");
    assert_eq!((&report["balance"], &report["stan"]), (&42840.into(), &2.into()));
}

#[test]
fn a_card_that_our_server_presents_is_activated_once_in_both_slot_modes_and_all_generations() {
    for (way, generation) in
        [("straight", Generation::V3), ("line", Generation::V3), ("straight", Generation::V1), ("line", Generation::V2)]
    {
        let server = PrivateServer::with_options(&[generation], &["--slot", way, "--empty", "1"]);
        let centre = centre(server.folder.path(), &[server.card_file(0)]);
        activates_twice(&|| server.command(qiyong().to_str().unwrap()), &centre, &["--reader", "any"]);
    }
}

#[test]
fn a_card_in_the_real_pcscd_is_activated_once() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.toml");
    let new = ["card", "new", "--profile", "v3", "--protocol", "1", "--out", file.to_str().unwrap()];
    assert!(Watched::start(Command::new(qiyong()).args(new)).output().status.success());
    let pcscd = RealPcscd::start();
    let connect = format!("127.0.0.1:{}", pcscd.port);
    let vicc = ["vicc", "--connect", &connect, "--card", file.to_str().unwrap()];
    let _vicc = Watched::start(Command::new(qiyong()).args(vicc));
    let centre = centre(folder.path(), &[file]);
    // The terminal itself waits for the card.
    activates_twice(&|| pcscd.command(qiyong().to_str().unwrap()), &centre, &["--reader", "Virtual PCD"]);
}

#[test]
fn a_card_file_is_activated_once_on_the_virtual_line_and_at_every_kind_of_place() {
    let folder = TempDir::new().unwrap();
    let new = |number: &str, serial: &str| {
        let file = folder.path().join(format!("{serial}.toml"));
        let out = file.to_str().unwrap();
        let new = ["card", "new", "--profile", "v2", "--number", number, "--serial", serial, "--out", out];
        let output = Watched::start(Command::new(qiyong()).args(new)).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        file
    };
    let cards = [new("X00000019", "1"), new("X00000027", "2"), new("X00000035", "3")];
    let centre = centre(folder.path(), &cards);
    let command = || Command::new(qiyong());
    activates_twice(&command, &centre, &["--card", cards[0].to_str().unwrap()]);

    let card = ["--card", cards[1].to_str().unwrap()];
    let settle = ["settle", "152.00", "--fund", "100"];
    let keyed = format!("{PIN}\n{NEW_PIN}\n{NEW_PIN}\n");
    let (status, report, seen) = serve(till(&mut command(), &centre, "H32010000021", &card, &settle), &keyed);
    assert_eq!((status, &report["activated"], &report["charge"]), (0, &true.into(), &5200.into()), "{report} {seen}");

    let card = ["--card", cards[2].to_str().unwrap()];
    let apply = ["apply", "--document", "id-card", "--holder", "张三", "--valid-until", "2040-01-01"];
    // The terminal asks for the number of the document; then the holder declines the offer to change the PIN.
    let mut process = Watched::start(till(&mut command(), &centre, "B32010000001", &card, &apply));
    process.feed("111111198101011110\n\n");
    let output = process.output();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["activated"], &report["activated_financial"]), (&true.into(), &true.into()), "{report}");
    // A pharmacy cannot put a card into use by application.
    let (status, report, _) = serve(till(&mut command(), &centre, PHARMACY, &card, &["query"]), "");
    assert_eq!((status, &report["status_after"]), (0, &"active".into()), "{report}");
}

#[test]
fn operations_are_keyed_one_after_the_other_and_a_mistake_is_told() {
    let server = PrivateServer::with(&[Generation::V2]);
    let centre = centre(server.folder.path(), &[server.card_file(0)]);
    let mut command = server.command(qiyong().to_str().unwrap());
    let mut process = Watched::start(till(&mut command, &centre, PHARMACY, &["--reader", "any"], &[]));
    process.feed(&format!("query\npay 3\npurchase 3,50\npurchase 3.50\n{PIN}\n{NEW_PIN}\n{NEW_PIN}\nquit\n"));
    let output = process.output();
    let reports: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(output.status.code(), Some(1), "something was not done");
    assert_eq!(reports.len(), 2);
    assert_eq!((&reports[0]["status_after"], &reports[1]["activated"]), (&"inactive".into(), &true.into()));
    let seen = String::from_utf8_lossy(&output.stderr);
    assert!(seen.contains("'pay'") && seen.contains("such as 35.80"), "{seen}");
}

#[test]
fn the_till_waits_for_a_card_and_survives_its_removal() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--keypad"]);
    let centre = centre(server.folder.path(), &[server.card_file(0)]);
    assert_eq!(server.ctl(&["remove"]).0, 0);
    let mut command = server.command(qiyong().to_str().unwrap());
    command.args(["terminal", "--institution", PHARMACY, "--centre"]).arg(&centre).args(["--reader", "any"]);
    let mut process = Watched::start(&mut command);
    let mut input = process.child.stdin.take().unwrap();
    let mut lines = process.lines().lines();
    let mut until = |words: &str| {
        let found = lines.by_ref().map(|line| line.unwrap()).find(|line| line.contains(words));
        assert!(found.is_some(), "{words}");
    };
    input.write_all(b"purchase 1\n").unwrap();
    until("请插卡");
    assert_eq!(server.ctl(&["insert"]).0, 0);
    until("请输入密码");
    // While the holder keys the PIN, only the terminal can use the card.
    let mut other = Raw::new(&server.socket(), 4);
    assert_eq!(server.ctl(&["remove"]).0, 0);
    input.write_all(format!("{PIN}\n").as_bytes()).unwrap();
    until("卡被提前拔出");
    until("failed");
    input.write_all(b"purchase 1\n").unwrap();
    until("请插卡");
    assert_eq!(server.ctl(&["insert"]).0, 0);
    until("请输入密码");
    input.write_all(format!("{PIN}\n{NEW_PIN}\n{NEW_PIN}\n").as_bytes()).unwrap();
    until("approved");
    input.write_all(b"quit\n").unwrap();
    drop(input);
    assert_eq!(process.output().status.code(), Some(1), "the first purchase failed");
    // The terminal has left nothing on the reader.
    let (card, _) = other.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(other.disconnect(card, LEAVE), 0);
}

#[test]
fn the_card_is_the_tills_alone_while_it_works() {
    let server = PrivateServer::with(&[Generation::V2]);
    let centre = centre(server.folder.path(), &[server.card_file(0)]);
    let mut other = Raw::new(&server.socket(), 4);
    let (card, t0) = other.connect(&server.readers[0], SHARED, ANY).unwrap();
    let mut command = server.command(qiyong().to_str().unwrap());
    command
        .args(["terminal", "--institution", PHARMACY, "--centre"])
        .arg(&centre)
        .args(["--reader", "any", "purchase", "1"]);
    let mut process = Watched::start(&mut command);
    let mut input = process.child.stdin.take().unwrap();
    let mut lines = process.lines().lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("请输入密码")));
    assert_eq!(other.transmit(card, t0, &[0, 0x84, 0, 0, 8]), Err(0x8010_000B));
    // An empty row is the cancel key.
    input.write_all(b"\n").unwrap();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("cancelled")));
    assert_eq!(process.output().status.code(), Some(1));
    // The card has lost its power.
    assert_eq!(other.status(card), 0x8010_0068);
}

/// Runs a query while another program has the card to itself; returns exit status and what people saw.
fn asks_while_held(command: &dyn Fn(&str) -> Command, centre: &Path, reader: &str) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pcsc/hold_exclusive.py");
    let mut holder = Watched::start(command("/usr/bin/python3").arg(script));
    assert_eq!(holder.lines().lines().next().unwrap().unwrap(), "held");
    // Whoever waited for a card would wait for longer than any test.
    let card = ["--reader", reader, "--wait", "600"];
    let (status, _, seen) =
        serve(till(&mut command(qiyong().to_str().unwrap()), centre, PHARMACY, &card, &["query"]), "");
    (status, seen)
}

#[test]
fn a_card_that_another_program_has_to_itself_is_told_at_once_by_our_server_and_the_real_one() {
    let words = "another program has the card to itself: end it, or wait for it";
    let server = PrivateServer::with(&[Generation::V2]);
    let known = centre(server.folder.path(), &[server.card_file(0)]);
    let (status, seen) = asks_while_held(&|program| server.command(program), &known, "any");
    assert!(status == 2 && seen.contains(words), "{status} {seen}");

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.toml");
    let new = ["card", "new", "--profile", "v2", "--out", file.to_str().unwrap()];
    assert!(Watched::start(Command::new(qiyong()).args(new)).output().status.success());
    let pcscd = RealPcscd::start();
    let connect = format!("127.0.0.1:{}", pcscd.port);
    let _vicc =
        Watched::start(Command::new(qiyong()).args(["vicc", "--connect", &connect, "--card", file.to_str().unwrap()]));
    pcscd.wait_for_card();
    let (status, seen) = asks_while_held(&|program| pcscd.command(program), &known, "Virtual PCD 00 00");
    assert!(status == 2 && seen.contains(words), "{status} {seen}");
}

#[test]
fn beside_a_card_that_another_program_has_another_reader_is_waited_for() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--empty", "1"]);
    let known = centre(server.folder.path(), &[server.card_file(0)]);
    let mut other = Raw::new(&server.socket(), 4);
    other.connect(&server.readers[0], EXCLUSIVE, ANY).unwrap();
    let run = |wait: &str| {
        let mut command = server.command(qiyong().to_str().unwrap());
        serve(till(&mut command, &known, PHARMACY, &["--reader", "any", "--wait", wait], &["query"]), "")
    };
    // Nobody puts a card in.
    let (status, _, seen) = run("0");
    assert!(status == 2 && seen.contains("another program has the card to itself"), "{status} {seen}");
    let card = sample_card(Generation::V2);
    make_card(&card, &Hsm::test_keys()).unwrap().save(&server.folder.path().join("other.toml")).unwrap();
    std::thread::scope(|scope| {
        let (status, report, seen) = {
            let served = scope.spawn(|| run("600"));
            assert_eq!(server.ctl(&["insert", "1", "--card", "other.toml"]).0, 0);
            served.join().unwrap()
        };
        assert!(status == 0 && report["status_after"] == "inactive", "{status} {report} {seen}");
    });
}

#[test]
fn a_service_that_is_gone_in_the_middle_is_no_fault_of_the_cards() {
    let server = PrivateServer::with(&[Generation::V2]);
    let centre = centre(server.folder.path(), &[server.card_file(0)]);
    let mut command = server.command(qiyong().to_str().unwrap());
    command.args(["terminal", "--institution", PHARMACY, "--centre"]).arg(&centre);
    let mut process = Watched::start(command.args(["--reader", "any", "purchase", "1"]));
    let mut input = process.child.stdin.take().unwrap();
    let mut lines = process.lines().lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("请输入密码")));
    server.process.signal("-KILL");
    let PrivateServer { process: killed, folder, .. } = server;
    killed.output();
    input.write_all(format!("{PIN}\n").as_bytes()).unwrap();
    drop(input);
    lines.for_each(drop);
    let output = process.output();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("the PC/SC service is gone"), "{complaint}");
    drop(folder);
}

#[test]
fn what_is_missing_is_said_and_is_no_verdict() {
    let server = PrivateServer::with(&[Generation::V2]);
    let known = centre(server.folder.path(), &[]);
    let run = |card: &[&str], centre: &Path, socket: &Path| {
        let mut command = server.command(qiyong().to_str().unwrap());
        command.env("PCSCLITE_CSOCK_NAME", socket);
        serve(till(&mut command, centre, PHARMACY, card, &["query"]), "")
    };
    let (socket, nowhere) = (server.socket(), PathBuf::from("/nowhere/socket"));
    let folder = server.folder.path().to_path_buf();
    for (card, centre, socket, words) in [
        (["--reader", "any"], &known, &nowhere, "no PC/SC service"),
        (["--reader", "other"], &known, &socket, "no reader is called other"),
        (["--card", "missing.toml"], &known, &socket, "missing.toml"),
        (["--reader", "any"], &folder, &socket, "centre"),
    ] {
        let (status, report, seen) = run(&card, centre, socket);
        assert_eq!((status, report), (2, Value::Null), "{words}: {seen}");
        assert!(seen.contains(words) && !seen.contains("panicked"), "{words}: {seen}");
    }
    // For a card that the centre does not know, there is an answer.
    let (status, report, _) = run(&["--reader", "any"], &known, &socket);
    assert_eq!((status, &report["reason"]), (1, &"card-unknown".into()), "{report}");
    assert_eq!(report["advice"], "ask-holder", "{report}");
    assert_eq!(server.ctl(&["mute"]).0, 0);
    let (status, report, _) = run(&["--reader", "any"], &known, &socket);
    assert_eq!((status, &report["reason"]), (1, &"card-unreadable".into()), "{report}");
    assert_eq!(report["cause"], "no answer to reset: is the card inserted the right way round?", "{report}");
    assert_eq!(report["advice"], "ask-holder", "{report}");
}

/// ISO/IEC 7816-4 clause 12.1.1.
#[test]
fn readers_are_listed_with_their_cards_kinds() {
    let server = PrivateServer::with_options(&[Generation::V1, Generation::V3], &["--empty", "1"]);
    assert_eq!(server.ctl(&["mute", "1"]).0, 0);
    let readers: Value = serde_json::from_str(&server.run(qiyong().to_str().unwrap(), &["readers", "--json"])).unwrap();
    let states: Vec<_> = readers.as_array().unwrap().iter().map(|reader| reader["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["card", "mute", "empty"]);
    assert!(readers[0]["kind"].as_str().unwrap().contains("社会保障卡"));
    assert_eq!(readers[0]["decoded"]["convention"], "inverse");
    assert_eq!(readers[1]["atr"], Value::Null);
    let mut raw = Raw::new(&server.socket(), 4);
    raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    let text = server.run(qiyong().to_str().unwrap(), &["readers"]);
    for words in ["00 00: card, used by somebody", "01 00: mute, used by nobody", "02 00: empty", "inverse convention"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let nobody = Watched::start(
        server.command(qiyong().to_str().unwrap()).env("PCSCLITE_CSOCK_NAME", "/nowhere").arg("readers"),
    );
    let nobody = nobody.output();
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("start pcscd"));
}
