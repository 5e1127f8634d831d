//! Card files in use: one program at a time has a card, and what a command changed is in its file, or was not done.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched, eventually};
use qiyong_tests::qiyong;
use tempfile::TempDir;

const WRONG_PIN: [u8; 8] = [0, 0x20, 0, 0, 3, 0x99, 0x99, 0x99];
const RIGHT_PIN: [u8; 8] = [0, 0x20, 0, 0, 3, 0x12, 0x34, 0x56];
const MEMORY_FAILURE: [u8; 2] = [0x65, 0x81];

/// Runs `qiyong` to its end; returns exit status and everything that it wrote.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Watched::start(Command::new(qiyong()).current_dir(folder).args(arguments)).output();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("an exit status"), String::from_utf8(text).expect("UTF-8"))
}

fn mode(file: &Path, mode: u32) {
    fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_card_that_one_program_has_is_refused_to_every_other_one_until_it_is_taken_out() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--empty", "1"]);
    let folder = server.folder.path();
    let wants: [&[&str]; 6] = [
        &["card", "send", "0.toml", "0020000003999999"],
        &["card", "new", "--profile", "v2", "--out", "0.toml", "--force"],
        &["pcscd", "--socket", "other", "--card", "0.toml"],
        &["vicc", "--card", "0.toml"],
        &["terminal", "--card", "0.toml", "--institution", "P32010000017", "--centre", "c.db", "query"],
        &["emulate", "--card", "0.toml", "query"],
    ];
    let refused = |when: &str| {
        for arguments in wants {
            let (status, text) = run(folder, arguments);
            assert_eq!(status, 2, "{when} {arguments:?}: {text}");
            assert!(text.contains("another program has the card 0.toml: end it, or"), "{when} {arguments:?}: {text}");
        }
        // To look at it is no harm.
        assert_eq!(run(folder, &["card", "show", "0.toml"]).0, 0);
    };
    refused("at first");
    let mut raw = Raw::new(&server.socket(), 4);
    let (card, t0) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(raw.transmit(card, t0, &WRONG_PIN), Ok(vec![0x63, 0xC2]));
    // By now the name is that of another file.
    refused("after a change");
    // The same card, put in for itself.
    assert_eq!(server.ctl(&["swap", "0", "--card", "0.toml"]).0, 0);
    assert_eq!(server.ctl(&["remove", "0"]).0, 0);
    let (status, text) = run(folder, wants[0]);
    assert!(status == 0 && text.contains("63C1"), "{text}");
}

#[test]
fn a_card_in_another_server_is_not_put_in() {
    let (one, other) = (PrivateServer::with(&[Generation::V2]), PrivateServer::with(&[Generation::V2]));
    let file = one.card_file(0);
    let (status, text) = other.ctl(&["swap", "0", "--card", file.to_str().unwrap()]);
    assert!(status == 1 && text.contains("another program has the card"), "{text}");
    // Its own card is still in.
    let mut raw = Raw::new(&other.socket(), 4);
    assert!(raw.connect(&other.readers[0], SHARED, ANY).is_ok());
}

#[test]
fn what_cannot_be_kept_is_not_done_and_not_answered_as_done() {
    for way in ["straight", "line"] {
        let server = PrivateServer::with_options(&[Generation::V2], &["--slot", way]);
        let file = server.card_file(0);
        let mut raw = Raw::new(&server.socket(), 4);
        let (card, t0) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
        let before = fs::read_to_string(&file).unwrap();
        mode(&file, 0o400);
        for _ in 0..5 {
            assert_eq!(raw.transmit(card, t0, &WRONG_PIN), Ok(MEMORY_FAILURE.into()), "{way}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), before, "{way}");
        // Nothing is to be written for the right PIN: all tries are left. Only its rights were lost with the failure.
        assert_eq!(raw.transmit(card, t0, &RIGHT_PIN), Ok(vec![0x90, 0x00]), "{way}");
        mode(&file, 0o600);
        assert_eq!(raw.transmit(card, t0, &WRONG_PIN), Ok(vec![0x63, 0xC2]), "{way}");
        assert!(fs::read_to_string(&file).unwrap().contains("\nleft = 2\n"), "{way}");
        // What somebody else has written in the meantime is not undone.
        fs::write(&file, &before).unwrap();
        assert_eq!(raw.transmit(card, t0, &WRONG_PIN), Ok(MEMORY_FAILURE.into()), "{way}");
        assert_eq!(fs::read_to_string(&file).unwrap(), before, "{way}");
        server.process.signal("-TERM");
        let PrivateServer { process, folder, .. } = server;
        let said = String::from_utf8(process.output().stderr).unwrap();
        let said: Vec<_> = said.lines().collect();
        assert_eq!(said.len(), 2, "{way}: each trouble once, {said:?}");
        assert!(said[0].contains("cannot write the card file 0.toml: permission denied"), "{said:?}");
        assert!(said[1].contains("0.toml was changed by somebody else"), "{said:?}");
        drop(folder);
    }
}

#[test]
fn a_verb_whose_change_cannot_be_kept_says_so_and_ends_with_2() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.toml");
    assert_eq!(run(folder.path(), &["card", "new", "--profile", "v2", "--out", "card.toml"]).0, 0);
    let add = ["centre", "add", "--test-keys", "--db", "c.db", "--institution", "P32010000017", "--card", "card.toml"];
    assert_eq!(run(folder.path(), &add).0, 0);
    let before = fs::read_to_string(&file).unwrap();
    mode(&file, 0o400);
    let (status, text) = run(folder.path(), &["card", "send", "card.toml", "0020000003999999"]);
    assert!(status == 2 && text.contains("6581") && text.contains("cannot write the card file"), "{status} {text}");
    let till = ["terminal", "--card", "card.toml", "--institution", "P32010000017", "--centre", "c.db"];
    let mut command = Command::new(qiyong());
    command.current_dir(folder.path()).args(till).args(["purchase", "1"]);
    let mut process = Watched::start(&mut command);
    process.feed("999999\n999999\n999999\n");
    let output = process.output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("cannot write the card file"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_card_behind_a_link_stays_there_and_what_is_no_file_is_no_card() {
    let folder = TempDir::new().unwrap();
    let (file, link) = (folder.path().join("card.toml"), folder.path().join("link"));
    assert_eq!(run(folder.path(), &["card", "new", "--profile", "v2", "--out", "card.toml"]).0, 0);
    symlink("card.toml", &link).unwrap();
    let (status, text) = run(folder.path(), &["card", "send", "link", "0020000003999999"]);
    assert!(status == 0 && text.contains("63C2"), "{text}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().contains("\nleft = 2\n"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (what, words) in [(".", "it is no plain file"), ("fifo", "it is no plain file"), ("none", "none")] {
        let (status, text) = run(folder.path(), &["card", "send", what, "0084000008"]);
        assert!(status == 2 && text.contains(words), "{what}: {text}");
    }
}

#[test]
fn of_many_programs_at_one_card_each_is_refused_or_counts_and_a_killed_one_leaves_the_card_free() {
    let server = PrivateServer::with(&[Generation::V2]);
    let folder = server.folder.path();
    let file = server.card_file(0);
    assert_eq!(run(folder, &["card", "send", "0.toml", "0020000003999999"]).0, 2);
    server.process.signal("-KILL");
    let left = |text: &str| text.lines().find_map(|line| line.strip_prefix("left = ")?.parse::<usize>().ok());
    let many = fs::read_to_string(&file).unwrap().replace("tries = 3\nleft = 3", "tries = 15\nleft = 15");
    eventually("the killed program is gone", || run(folder, &["card", "send", "0.toml", "0084000008"]).0 == 0);
    fs::write(&file, many).unwrap();
    let told: Vec<(i32, String)> = thread::scope(|scope| {
        let wrong = || run(folder, &["card", "send", "0.toml", "0020000003999999"]);
        let programs: Vec<_> = (0..12).map(|_| scope.spawn(wrong)).collect();
        programs.into_iter().map(|program| program.join().unwrap()).collect()
    });
    let counted = told.iter().filter(|(status, text)| *status == 0 && text.contains("63C")).count();
    let refused = told.iter().filter(|(status, text)| *status == 2 && text.contains("another program has the card"));
    assert_eq!(counted + refused.count(), told.len(), "{told:?}");
    assert!(counted > 0, "{told:?}");
    // No try is lost.
    assert_eq!(left(&fs::read_to_string(&file).unwrap()), Some(15 - counted));
}
