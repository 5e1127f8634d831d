//! What a person sees of something that takes long: a bar on a terminal, and nothing where there is none. A program by others (pexpect)
//! holds the pseudo-terminal. That a sign without an end is shown and taken away is tested beside it (`host-sim/src/progress.rs`).

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;

use qiyong_tests::closing::closing_line;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;
use serde_json::Value;

/// What ends a program at a terminal.
const INTERRUPT: &str = "\u{3}";
/// More than anybody waits for.
const ENDLESS: [&str; 5] = ["chaos", "--worlds", "100000000", "--threads", "1"];

/// Somebody at a terminal who ends the program when these words have come; returns what was on the screen.
fn interrupted_at(words: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keyed/person.py")).env("TERM", "xterm");
    command.arg(qiyong()).args(arguments);
    let mut process = Watched::start(&mut command);
    process.feed(&serde_json::to_string(&[(words, INTERRUPT)]).unwrap());
    let output = process.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["seen"].as_str().unwrap().to_owned()
}

#[test]
fn what_takes_long_shows_a_bar_on_a_terminal_and_nothing_elsewhere() {
    let unseen = Watched::start(Command::new(qiyong()).args(ENDLESS));
    // It has worked for longer than the one that has shown a bar.
    let seen = interrupted_at("/100000000 worlds, ", &ENDLESS);
    assert!(seen.contains("left"), "{seen}");
    unseen.signal("-TERM");
    let output = unseen.output();
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    closing_line("a bar was shown at a terminal, and nothing where there is none");
}

/// What waits for its first step, and in the other language: a capture that comes through a pipe, and does not go on.
#[test]
fn a_bar_is_shown_before_the_first_step_is_done_in_the_language_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("capture.vcd");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    for (lang, words) in [("en", " read, "), ("zh", "已读 ")] {
        let to = pipe.clone();
        let (held, ends) = std::sync::mpsc::channel::<()>();
        let writer = thread::spawn(move || {
            let mut pipe = File::create(to).expect("a reader comes");
            // The first four bytes are looked at before.
            pipe.write_all(b"    $date a $end ").expect("it reads");
            // Open until the reader is gone.
            let _ = ends.recv();
        });
        interrupted_at(words, &["--lang", lang, "doctor", pipe.to_str().unwrap()]);
        drop(held);
        writer.join().expect("it has written");
    }
}
