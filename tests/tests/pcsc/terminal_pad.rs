//! The PIN is keyed on the reader's own pad: the card is put into use, and the program never has the PIN.

use std::path::Path;

use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, LEAVE, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched, eventually};
use qiyong_tests::qiyong;
use serde_json::Value;

use super::{NEW_PIN, PHARMACY, PIN, centre, serve, till};

const AT_PAD: [&str; 3] = ["--reader", "any", "--pad"];

/// Keys on the reader's pad as soon as it is awaited; `x` is the cancel key.
fn key(server: &PrivateServer, what: &str) {
    eventually("the pad awaits a key", || {
        if what == "x" {
            return server.ctl(&["cancel", "0"]).0 == 0;
        }
        let mut command = server.command(qiyong().to_str().unwrap());
        let mut ctl = Watched::start(command.args(["pcscd", "ctl", "--socket", "socket", "key", "0"]));
        ctl.feed(&format!("{what}\n"));
        ctl.output().status.success()
    });
}

/// A purchase at which these are keyed; returns exit status, report, and what people saw.
fn buys(server: &PrivateServer, known: &Path, keys: &[&str]) -> (i32, Value, String) {
    let mut command = server.command(qiyong().to_str().unwrap());
    let process = Watched::start(till(&mut command, known, PHARMACY, &AT_PAD, &["purchase", "35.80"]));
    keys.iter().for_each(|what| key(server, what));
    let output = process.output();
    let seen = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    for secret in [PIN, NEW_PIN] {
        assert!(!seen.contains(secret) && !report.to_string().contains(secret), "{secret} in {seen}{report}");
    }
    (output.status.code().expect("an exit status"), report, seen)
}

#[test]
fn a_first_purchase_by_the_readers_pad_changes_the_pin_there_and_puts_the_card_into_use() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--keypad"]);
    let known = centre(server.folder.path(), &[server.card_file(0)]);
    // The cancel key; then a wrong PIN, and the cancel key.
    let (status, report, _) = buys(&server, &known, &["x"]);
    assert_eq!((status, &report["reason"]), (1, &"cancelled-by-operator".into()), "{report}");
    let (status, report, _) = buys(&server, &known, &["999999", "x"]);
    assert_eq!((status, &report["reason"]), (1, &"pin-wrong".into()), "{report}");
    // The right one; then the initial one stays as it is, since the holder does not go on: nothing is paid.
    let (status, report, _) = buys(&server, &known, &[PIN, PIN, "x"]);
    assert_eq!((status, &report["reason"]), (1, &"initial-pin-unchanged".into()), "{report}");
    // It is keyed differently, then as it should be.
    let keys = [PIN, PIN, NEW_PIN, "314159", PIN, NEW_PIN, NEW_PIN];
    let (status, report, seen) = buys(&server, &known, &keys);
    assert_eq!((status, &report["activated"]), (0, &true.into()), "{report} {seen}");
    assert_eq!(report["balance"], 46420, "{report}");
    // From now on the card has the new one, and so knows the centre.
    let (status, report, _) = buys(&server, &known, &[PIN, NEW_PIN]);
    assert_eq!((status, &report["already_active"]), (0, &true.into()), "{report}");
    assert_eq!(report["balance"], 42840, "{report}");
}

#[test]
fn a_reader_without_a_pad_and_a_card_that_another_program_holds_are_told() {
    let server = PrivateServer::with(&[Generation::V2]);
    let known = centre(server.folder.path(), &[server.card_file(0)]);
    let command = || server.command(qiyong().to_str().unwrap());
    let (status, _, seen) = serve(till(&mut command(), &known, PHARMACY, &AT_PAD, &["purchase", "1"]), "");
    assert!(status == 2 && seen.contains("the reader has no PIN pad"), "{status} {seen}");
    // Without a reader there is no pad.
    let card = ["--card", "0.toml", "--pad"];
    let (status, _, _) = serve(till(&mut command(), &known, PHARMACY, &card, &["query"]), "");
    assert_eq!(status, 2);

    let mut other = Raw::new(&server.socket(), 4);
    let (card, _) = other.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(other.begin(card), 0);
    let query = |wait: &str| {
        let reader = ["--reader", "any", "--wait", wait];
        serve(till(&mut command(), &known, PHARMACY, &reader, &["query"]), "")
    };
    let (status, _, seen) = query("0");
    assert!(status == 2 && seen.contains("another program has the card to itself"), "{status} {seen}");
    assert_eq!(other.end(card, LEAVE), 0);
    assert_eq!(query("60").0, 0);
}
