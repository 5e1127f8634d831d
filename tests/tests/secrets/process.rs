//! The memory of `qiyong terminal`, when a visit is over and it waits for the next holder. Its card is in a reader of
//! another process, and its centre in a third one.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::centre::served::Served;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;
use qiyong_tests::secrets::{Found, Secret, memory_of, search};
use serde_json::Value;
use tempfile::TempDir;

use super::{NEW_PIN, PIN, WRONG, card, card_keys, holder, pins};

const PLACE: &str = "P32010000017";
/// The agency of a new area.
const OUTLET: &str = "32010099";
/// What is planted in the process, to see that it is found: its environment is a part of its memory.
const PLANTED: &str = "a secret that was planted";

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Watched::start(Command::new(qiyong()).current_dir(folder).args(arguments)).output();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A centre that knows the place and the card, and has registered the terminal: its key, which is in a file, too.
pub(super) fn registered(folder: &Path) -> String {
    run(folder, &["centre", "init", "--db", "centre.db", "--test-keys", "--area", "320100"]);
    let person = ["--id", "keys", "--name", "王五", "--outlet", OUTLET, "--role", "settlement-officer"];
    run(folder, &[&["centre", "operator", "add", "--db", "centre.db"], &person[..]].concat());
    add(folder);
    let register = ["--as", "keys", "--json", "--institution", PLACE, "--terminal", "00000001"];
    let said = run(folder, &[&["centre", "terminal", "register", "--db", "centre.db"], &register[..]].concat());
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let key = said["key"].as_str().expect("a key").to_string();
    let file = folder.join("terminal.key");
    fs::write(&file, &key).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its owner");
    key
}

fn add(folder: &Path) {
    let add = ["centre", "add", "--db", "centre.db", "--test-keys", "--account", "50000", "--institution", PLACE];
    run(folder, &[&add[..], &["--card", "0.toml"]].concat());
}

/// What the memory of a process has of these secrets, and how many bytes were searched.
fn left_in(process: u32, secrets: &[Secret]) -> (Vec<Found>, usize) {
    let memory = memory_of(process).expect("its memory");
    let found = memory.iter().flat_map(|(_, bytes)| search(bytes, secrets)).collect();
    (found, memory.iter().map(|(_, bytes)| bytes.len()).sum())
}

/// Three holders, one after the other, at a terminal whose card speaks T=`protocol`. `has_key`: it has a key of its
/// own, and the centre believes that whoever has a PIN like this one has chosen it; otherwise the PIN is replaced.
fn visits(protocol: u8, has_key: bool, table: &mut String) {
    let folder = TempDir::new().expect("a folder");
    let new = card(Generation::V3, protocol);
    make_card(&new, &Hsm::test_keys()).expect("a card").save(&folder.path().join("0.toml")).expect("a file");
    let server = PrivateServer::in_folder(folder, 1, &["--slot", "straight"]);
    let at = server.folder.path();
    let key = has_key.then(|| registered(at));
    if key.is_none() {
        add(at);
    }
    let centre = Served::start(at, &["--iso", "127.0.0.1:0"], 1);
    let mut command = server.command(qiyong().to_str().expect("a path"));
    command.args(["terminal", "--json", "--institution", PLACE, "--reader", "any", "--centre", &centre.addresses[0]]);
    if has_key {
        command.args(["--key", "terminal.key"]);
    }
    let mut terminal = Watched::start(command.env("QIYONG_PLANTED", PLANTED));
    let mut keys = terminal.child.stdin.take().expect("standard input");
    let mut told = terminal.lines();
    let mut secrets = pins();
    secrets.extend(card_keys(&new));
    secrets.push(holder());
    secrets.push(Secret::text("planted", PLANTED));
    // The link needs it for each reversal and each sign-in (firmware/src/link.rs), so that this is where it has to be.
    secrets.extend(key.map(|key| Secret::bytes("master key", &hex::decode(&key).expect("hex"))));
    let first = if has_key { &[WRONG, PIN][..] } else { &[WRONG, PIN, NEW_PIN, NEW_PIN] };
    let holds = if has_key { PIN } else { NEW_PIN };
    for (what, keyed, outcome) in [
        ("the first visit", first, "approved"),
        ("a visit that is given up", &[WRONG, ""], "refused"),
        ("the last visit", &[holds], "approved"),
    ] {
        writeln!(keys, "purchase 35.80\n{}", keyed.join("\n")).expect("it reads");
        let mut report = String::new();
        told.read_line(&mut report).expect("a report");
        assert!(report.contains(&format!("\"outcome\":\"{outcome}\"")), "{what}: {report}");
        let (found, searched) = left_in(terminal.child.id(), &secrets);
        let mut names: Vec<_> = found.iter().map(|found| found.name).collect();
        names.dedup();
        let _ = writeln!(table, "T={protocol} {what:<26} {searched:>10} bytes: {names:?}");
        // The holder's number is no secret of this type's that is wiped: docs/limits.md says so.
        let allowed = ["planted", "master key", "ID number"];
        assert!(names.contains(&"planted"), "the search finds nothing");
        let leaks: Vec<_> = found.iter().filter(|found| !allowed.contains(&found.name)).collect();
        assert!(leaks.is_empty(), "{what} leaves {leaks:?}");
    }
    // Whoever keys a PIN where an operation is asked for is not told it again, and it does not stay.
    writeln!(keys, "{holds}\nquery").expect("it reads");
    told.read_line(&mut String::new()).expect("a report");
    let (found, _) = left_in(terminal.child.id(), &pins());
    assert!(found.is_empty(), "a PIN in the wrong place leaves {found:?}");
    writeln!(keys, "query {holds}").expect("it reads");
    drop(keys);
    let seen = String::from_utf8(terminal.output().stderr).expect("text");
    assert!(!seen.contains(holds) && seen.contains("a number was keyed") && seen.contains("***"), "{seen}");
}

#[test]
fn no_pin_is_left_in_the_memory_of_a_terminal_that_waits_for_the_next_holder() {
    let mut table = String::new();
    visits(1, true, &mut table);
    visits(0, false, &mut table);
    println!("{table}");
}
