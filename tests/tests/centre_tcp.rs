//! Terminals over TCP: `qiyong terminal` and the emulated board at a running `qiyong centre serve --iso`, hostile neighbours,
//! and every scenario over a real connection.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use qiyong_protocol::centre::message::MessageError;
use qiyong_protocol::centre::{Answer, Batch, Lease, TerminalId, Token};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_tests::centre::lines::{OWN_CARD, PLACES, Raw, Terminals, own_card, serve};
use qiyong_tests::centre::served::Served;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::programs::{Watched, eventually};
use qiyong_tests::scenarios::{files, root, run};
use qiyong_tests::{image, qiyong};

/// The initial PIN, and one of the holder's own.
const PINS: &str = "123456\n271828\n271828\n";
/// Only for terminals.
const ISO: [&str; 2] = ["--iso", "127.0.0.1:0"];

/// What `/metrics` says.
fn figures(terminals: &Terminals) -> String {
    let url = format!("{}/metrics", terminals.served.addresses[0]);
    let output = Watched::start(Command::new("curl").args(["--silent", "--show-error", &url])).output();
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// docs/design.md §1: the three channels, as in the demo.
#[test]
fn three_first_uses_through_the_terminal_over_tcp() {
    let terminals = Terminals::start(&ISO, 1);
    let [bank, hospital, pharmacy] = PLACES;
    let apply = ["apply", "--document", "id-card", "--holder", "张三", "--valid-until", "2040-01-01"];
    let uses = [
        (bank, "v1", &apply[..], "111111195506120012\n\n", 0),
        (hospital, "v2", &["settle", "152.00", "--fund", "100.00"], PINS, 5200),
        (pharmacy, "v3", &["purchase", "35.80"], PINS, 3580),
    ];
    for (place, card, what, keyed, charge) in uses {
        let (status, report, seen) = serve(&mut terminals.terminal(place, card, what), keyed);
        assert_eq!(status, 0, "{report} {seen}");
        assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report}");
        assert_eq!((&report["charge"], &report["stan"], &report["holder"]), (&charge.into(), &1.into(), &Value::Null));
        assert!(terminals.file(&format!("{place}-00000001.memory")).exists(), "in the current folder");
    }
    // The next visit finds the card in use, and the terminal its memory.
    let (status, report, _) = serve(&mut terminals.terminal(pharmacy, "v3", &["purchase", "12.00"]), "271828\n");
    assert_eq!((status, &report["activated"], &report["stan"]), (0, &false.into(), &2.into()), "{report}");
    assert_eq!(report["balance"], 50_000 - 3580 - 1200, "{report}");
    let journal = terminals.centre().journal().unwrap();
    let approved = journal.iter().filter(|entry| entry.outcome == Outcome::Approved && entry.stan.is_some()).count();
    assert_eq!(approved, 4);
    let log = terminals.served.end();
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    assert!(!log.contains("11111119") && !log.contains("X00000019"), "{log}");
}

#[test]
fn the_emulated_board_puts_a_card_into_use_over_tcp() {
    let terminals = Terminals::start(&ISO, 1);
    let mut command = Command::new(qiyong());
    command.args(["emulate", "--json", "--elf"]).arg(image()).arg("--card").arg(terminals.file("v3.toml"));
    command.args(["--institution", PLACES[2], "--centre", terminals.address(), "purchase", "35.80"]);
    let (status, report, seen) = serve(&mut command, PINS);
    assert_eq!(status, 0, "{report} {seen}");
    assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report}");
    assert_eq!((&report["charge"], &report["balance"]), (&3580.into(), &46_420.into()), "{report}");
    // Its flash is blank again, and the numbers that it draws are the same: to the centre it is the same terminal.
    let (status, report, seen) = serve(&mut command, "271828\n");
    assert_eq!((status, &report["activated"], &report["stan"]), (0, &false.into(), &2.into()), "{report} {seen}");
    assert_eq!(report["balance"], 50_000 - 2 * 3580, "{report}");
}

/// docs/centre.md §21: a sale that its terminal never confirmed, long ago.
#[test]
fn what_nobody_confirmed_is_undone_by_the_server() {
    let options = ["--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"];
    let mut terminals = Terminals::start(&options, 2);
    let card = own_card(&terminals.centre());
    let mut raw = Raw::new(terminals.connect(), TerminalId(*b"GOOD0001"));
    raw.sign_in(Token(*b"a token!"));
    let asked = raw.purchase(&card, None);
    raw.send(&asked.bytes);
    assert!(matches!(raw.hear(&asked), Answer::Approved(_)));
    assert_eq!(terminals.centre().pending().unwrap(), 1);
    let file = rusqlite::Connection::open(terminals.file("centre.db")).unwrap();
    file.execute("UPDATE phases SET since = '2020-01-01T00:00:00'", []).unwrap();
    drop(file);
    terminals.served = Served::start(terminals.folder.path(), &options, 2);
    eventually("what is due is done", || figures(&terminals).contains("qiyong_terminal_expired_total 1\n"));
    assert!(figures(&terminals).contains("qiyong_terminal_pending 0\n"));
    let centre = terminals.centre();
    assert_eq!((own_card(&centre).account, centre.pending().unwrap()), (card.account, 0));
}

#[test]
fn what_is_no_centre_is_told_with_its_cause_and_the_way_out() {
    let terminals = Terminals::start(&["--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"], 2);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closes = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = closes.local_addr().unwrap();
    // It ends with the test's program.
    std::thread::spawn(move || closes.incoming().for_each(drop));
    let http = terminals.served.addresses[0].replace("http://", "tcp://");
    let cases = [
        (format!("tcp://{nobody}"), ["no centre can be reached at", "无法连接"]),
        (http, ["is no centre's end for terminals", "不是卡管中心"]),
        (format!("tcp://{closing}"), ["closes the connection and answers nothing", "关闭了连接"]),
        ("tcp://127.0.0.1".into(), ["tcp://HOST:PORT", "--centre"]),
    ];
    for (address, words) in cases {
        let mut command = terminals.terminal_at(&address, PLACES[2], "v3", &["query"]);
        let (status, _, seen) = serve(&mut command, "");
        assert_eq!(status, 2, "{address}: {seen}");
        assert!(words.iter().all(|word| seen.contains(word)), "{address}: {seen}");
    }
}

/// Garbage, half a frame, a byte at a time, another's name: each gets what is due to it, and the one beside them is served.
#[test]
fn hostile_terminals_harm_nobody() {
    let terminals = Terminals::start(&["--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"], 2);
    let card = own_card(&terminals.centre());
    let mut raw = Raw::new(terminals.connect(), TerminalId(*b"GOOD0001"));
    assert!(matches!(raw.sign_in(Token(*b"a token!")), Answer::SignedIn { .. }));

    let mut half = terminals.connect();
    half.write_all(&raw.purchase(&card, None).bytes[..40]).unwrap();
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 100], &[0xFF; 600]] {
        let mut garbage = terminals.connect();
        garbage.write_all(bytes).unwrap();
        // Closed: by its end, or because bytes were not read.
        let mut nothing = Vec::new();
        let _ = garbage.read_to_end(&mut nothing);
        assert!(nothing.is_empty());
    }

    // Another's name: its own token gets it no lease, and the other's batch no transaction.
    let mut thief = Raw::new(terminals.connect(), TerminalId(*b"GOOD0001"));
    assert_eq!(thief.sign_in(Token(*b"another!")), Answer::Refused(Reason::NameTaken));
    let mut other = Raw::new(terminals.connect(), TerminalId(*b"OTHER001"));
    let Answer::SignedIn { lease, .. } = other.sign_in(Token(*b"a third.")) else { panic!("refused") };
    // Without a session of its own it has no key that would sell anything.
    let stolen = thief.purchase(&card, Some(lease));
    thief.send(&stolen.bytes);
    assert_eq!(thief.try_hear(&stolen), Err(MessageError::Rejected(*b"A0")));
    // A lease that the name does not have.
    let foreign = Lease { batch: Batch(lease.batch.0 + 7), ..lease };
    let stolen = other.purchase(&card, Some(foreign));
    other.send(&stolen.bytes);
    assert_eq!(other.hear(&stolen), Answer::Refused(Reason::NotSignedIn));

    // A byte at a time is slow, and right.
    let asked = raw.purchase(&card, None);
    asked.bytes.iter().for_each(|byte| raw.send(&[*byte]));
    let first = raw.frame();
    // Said again, also by somebody else who has kept it: the same answer, and nothing more happens.
    raw.send(&asked.bytes);
    assert_eq!(raw.frame(), first);
    let mut replays = Raw::new(terminals.connect(), TerminalId(*b"ANYBODY1"));
    replays.send(&[&asked.bytes[..], &asked.bytes[..]].concat());
    assert_eq!([replays.frame(), replays.frame()], [first.clone(), first]);

    let (status, report, seen) =
        serve(&mut terminals.terminal(PLACES[2], "v3", &["--wait", "5", "purchase", "35.80"]), PINS);
    assert_eq!((status, &report["outcome"]), (0, &"approved".into()), "{report} {seen}");
    let text = figures(&terminals);
    for row in [
        "qiyong_iso_closed_total{cause=\"frame-too-long\"} 2\n",
        "qiyong_iso_closed_total{cause=\"frame-too-short\"} 1\n",
        "qiyong_iso_answers_total{outcome=\"refused\"} 2\n",
        "qiyong_centre_requests_under_way",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    drop(half);
    let centre = terminals.centre();
    assert_eq!(own_card(&centre).account.0, 50_000 - 1_000, "{OWN_CARD} paid once");
    let log = terminals.served.end();
    assert_eq!(log.matches("\"cause\":\"frame-too-long\"").count(), 2, "{log}");
    assert!(!log.contains(OWN_CARD), "{log}");
}

/// The most that a process may have open here.
fn open_files() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    maximum.unwrap_or(u64::MAX)
}

/// Kilobytes of a process's own memory.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
    line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a number")
}

/// Ten thousand terminals connect and say nothing: each costs a place and little memory, and others are served as before.
#[test]
fn ten_thousand_connections_are_opened_and_left() {
    // Where the system allows fewer, as many as there is room for beside the other tests of this program.
    let many = usize::try_from(open_files().saturating_sub(2_000).min(10_000)).expect("a small number");
    let options =
        ["--http", "127.0.0.1:0", "--iso", "127.0.0.1:0", "--terminals", "10100", "--terminals-per-address", "10100"];
    let terminals = Terminals::start(&options, 2);
    let process = terminals.served.process.child.id();
    let before = resident(process);
    let address = terminals.address().trim_start_matches("tcp://").to_string();
    let idle: Vec<TcpStream> = (0..many).map(|_| TcpStream::connect(&address).expect("a place")).collect();
    let open = || fs::read_dir(format!("/proc/{process}/fd")).expect("the process is there").count();
    eventually("all are accepted", || open() >= many);
    let (status, report, seen) = serve(&mut terminals.terminal(PLACES[2], "v3", &["purchase", "35.80"]), PINS);
    assert_eq!((status, &report["outcome"]), (0, &"approved".into()), "{report} {seen}");
    let each = resident(process).saturating_sub(before) * 1024 / u64::try_from(many).expect("a number");
    println!("{many} idle connections: {each} bytes of the server's memory each");
    assert!(each < 6 * 1024, "{each} bytes each");
    // All are told at once.
    let log = terminals.served.end();
    assert_eq!(log.lines().filter(|line| line.contains("told to end")).count(), 1, "{log}");
    for mut stream in idle {
        assert_eq!(stream.read(&mut [0]).expect("closed in order"), 0);
    }
}

/// The same steps, ends, cards and times as in one process.
#[test]
fn every_scenario_comes_out_the_same_over_tcp() {
    let files = files();
    let options = [&["--json"][..], &["--json", "--tcp"][..]];
    let [here, over_tcp] = in_parallel(&options, |options| run(root(), &files, options)).try_into().expect("two");
    assert_eq!((over_tcp.code, over_tcp.stderr.as_str()), (Some(0), ""));
    assert_eq!(here.stdout, over_tcp.stdout);
}

/// One scenario on emulated boards, so that their way over TCP is not another's.
#[test]
fn a_scenario_on_emulated_boards_comes_out_the_same_over_tcp() {
    let file = [format!("{}/rule-pharmacy-first-purchase.toml", qiyong_tests::scenarios::FOLDER)];
    let elf = image();
    let emulated = ["--json", "--bench", "emulated", "--elf", elf.to_str().expect("UTF-8")];
    let over_tcp = [&emulated[..], &["--tcp"]].concat();
    let options = [&emulated[..], &over_tcp[..]];
    let [here, over_tcp] = in_parallel(&options, |options| run(root(), &file, options)).try_into().expect("two");
    assert_eq!((over_tcp.code, over_tcp.stderr.as_str()), (Some(0), ""));
    assert_eq!(here.stdout, over_tcp.stdout);
}
