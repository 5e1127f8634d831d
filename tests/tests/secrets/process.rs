//! The memory of `qiyong terminal`, when a visit is over and it waits for the next holder. Its card is in a reader of another process,
//! and its centre in a third one.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::centre::served::Served;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;
use qiyong_tests::secrets::{Secret, memory_of, search};
use serde_json::Value;
use tempfile::TempDir;

use super::{NEW_PIN, PIN, WRONG, card, card_keys, holder, pins};

const PLACE: &str = "P32010000017";
/// The agency of a new area.
const OUTLET: &str = "32010099";

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Watched::start(Command::new(qiyong()).current_dir(folder).args(arguments)).output();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn no_pin_is_left_in_the_memory_of_a_terminal_that_waits_for_the_next_holder() {
    let folder = TempDir::new().expect("a folder");
    let new = card(Generation::V3, 1);
    make_card(&new, &Hsm::test_keys()).unwrap().save(&folder.path().join("0.toml")).unwrap();
    let at = folder.path().to_owned();
    let server = PrivateServer::in_folder(folder, 1, &["--slot", "straight"]);
    for step in [
        &["init", "--test-keys", "--area", "320100"][..],
        &["add", "--account", "50000", "--institution", PLACE, "--card", "0.toml"],
        &["operator", "add", "--id", "keys", "--name", "王五", "--outlet", OUTLET, "--role", "settlement-officer"],
    ] {
        run(&at, &[&["centre"], step, &["--db", "centre.db"]].concat());
    }
    let register = ["--as", "keys", "--json", "--institution", PLACE, "--terminal", "00000001"];
    let said = run(&at, &[&["centre", "terminal", "register", "--db", "centre.db"][..], &register].concat());
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let key = said["key"].as_str().expect("a key").to_string();
    fs::write(at.join("terminal.key"), &key).unwrap();
    assert!(Command::new("chmod").arg("600").arg(at.join("terminal.key")).status().unwrap().success());
    let centre = Served::start(&at, &["--iso", "127.0.0.1:0"], 1);

    let mut command = server.command(qiyong().to_str().expect("a path"));
    command.args(["terminal", "--json", "--institution", PLACE, "--reader", "any", "--key", "terminal.key"]);
    command.args(["--centre", &centre.addresses[0]]);
    let planted = "a secret that was planted";
    let mut terminal = Watched::start(command.env("QIYONG_PLANTED", planted));
    let mut keys = terminal.child.stdin.take().expect("standard input");
    let mut told = terminal.lines();
    let mut secrets = pins();
    secrets.extend(card_keys(&new));
    secrets.push(holder());
    secrets.push(Secret::bytes("the terminal's master key", &hex::decode(&key).expect("hex")));
    secrets.push(Secret::text("planted", planted));
    for keyed in [&[WRONG, PIN, NEW_PIN, NEW_PIN][..], &[NEW_PIN]] {
        write!(keys, "purchase 35.80\n{}\n", keyed.join("\n")).expect("it reads");
        let mut report = String::new();
        told.read_line(&mut report).expect("a report");
        let report: Value = serde_json::from_str(&report).expect("JSON");
        assert_eq!(report["outcome"], "approved", "{report}");
        let memory = memory_of(terminal.child.id()).expect("its memory");
        let sum: usize = memory.iter().map(|(_, bytes)| bytes.len()).sum();
        println!("{} pieces, {sum} bytes", memory.len());
        for (name, bytes) in memory {
            for found in search(&bytes, &secrets) {
                println!("  {name}: {found:?}");
            }
        }
    }
}
