//! `cargo xtask test`: everything that must hold before a change goes in, as one sequence that stops at the first
//! failure.
//!
//! Only the order of the steps is here; continuous integration (`.ci/run`) runs this and nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::chores::built::{self, BUILD, FEATURES, OTHERS};
use crate::chores::{dist, dll, firmware, instructions, setup, size, step};

/// A step: its name and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// With what a board can log, too. No shared library is linked with it: defmt has a symbol `_defmt_encoding_ = rzcobs`, which
/// a linker's list of a library's symbols cannot contain.
const LOGGED: [&str; 2] = ["--features", "qiyong-firmware/defmt"];

/// The packages whose tests run with it, and not among the others.
const LOGGING: [&str; 4] = ["--package", "qiyong-protocol", "--package", "qiyong-firmware"];

const STEPS: [Step; 11] = [
    ("setup", setup::run),
    ("format", || {
        component("rustfmt", "fmt")?;
        step::run(step::cargo().args(["fmt", "--all", "--check"]))
            .context("some files are not formatted: `cargo fmt --all` puts that right")
    }),
    ("lints", || {
        component("clippy", "clippy")?;
        let lint = ["clippy", "--workspace", "--all-targets"];
        step::run(step::cargo().args(lint).args(FEATURES).args(LOGGED).args(["--", "-D", "warnings"]))
    }),
    ("docs", || {
        step::run(
            step::cargo()
                .env("RUSTDOCFLAGS", "-D warnings")
                .args(["doc", "--workspace", "--no-deps"])
                .args(FEATURES)
                .args(LOGGED),
        )
    }),
    // Before the tests, which run the image on the emulated board.
    ("firmware", firmware::run),
    // Before the tests, which run it in wine.
    ("dll", dll::run),
    ("tests", || {
        // End-to-end tests run the program `qiyong`, which `cargo test` does not build for the tests of another
        // package. It is built together with the tests: alone, its dependencies would have fewer features and would be
        // compiled twice.
        step::run(step::cargo().args(BUILD).args(OTHERS).args(FEATURES))?;
        let closing = closing_lines();
        let _ = fs::remove_file(&closing);
        step::run(
            beside_postgres(&mut step::cargo()).env(CLOSING_LINES, &closing).arg("test").args(OTHERS).args(FEATURES),
        )?;
        step::run(step::cargo().env(CLOSING_LINES, &closing).arg("test").args(LOGGING).args(LOGGED))
    }),
    // The same tests of the centre, on the other database.
    ("postgres", || {
        let centre = tests_of("qiyong_centre")?;
        let mut command = step::command(&centre);
        command.current_dir(step::root().join("host-sim/centre"));
        let mut beside = beside_postgres(&mut command);
        ON_FILES_ALONE.iter().for_each(|(test, _)| {
            beside.args(["--skip", test]);
        });
        // A test waits for the server half of its time.
        beside.args(["--test-threads", "4"]);
        // A database for each case takes longer than the case.
        step::run(beside.env("QIYONG_TEST_STORE", "postgres").env("PROPTEST_CASES", "16"))
    }),
    // After the tests, whose driver library is packed.
    ("dist", dist::try_out),
    ("size", || size::run(false)),
    ("counts", instructions::run),
];

/// The tests of the centre that do not run on a server, and why not.
const ON_FILES_ALONE: &[(&str, &str)] = &[
    ("tests::rooms::flips", "changes the bytes of a row by its place in SQLite's file"),
    ("tests::rooms::mutants", "edits by hand what refers to other rows, which only SQLite lets be switched off"),
    (
        "tests::regions::each_fault",
        "makes three databases for each fault; regions at servers are in the end-to-end tests",
    ),
];

/// The same command beside a PostgreSQL server that ends with it.
fn beside_postgres(command: &mut Command) -> Command {
    let program = step::root().join("target/debug/with_postgres");
    let mut beside = step::cargo_at(&program.to_string_lossy());
    beside.arg(command.get_program());
    if let Some(folder) = command.get_current_dir() {
        beside.current_dir(folder);
    }
    beside
}

/// The program with the unit tests of a crate.
fn tests_of(name: &str) -> Result<String> {
    let program = built::find(|message| {
        let is = message["target"]["name"] == name && message["profile"]["test"] == true;
        is.then(|| message["executable"].as_str().map(str::to_owned))?
    });
    program?.with_context(|| format!("cargo names no program with the tests of {name}"))
}

/// Tests append what they have counted to the file that this variable names; see `qiyong_tests::closing`.
const CLOSING_LINES: &str = "QIYONG_CLOSING_LINES";

/// The file of the closing lines.
fn closing_lines() -> PathBuf {
    step::root().join("target/closing-lines.txt")
}

/// Runs the verb.
///
/// # Errors
/// The first step that fails, with its name.
pub(crate) fn run() -> Result<()> {
    room()?;
    let mut times = Vec::new();
    for (name, step) in STEPS {
        step::say(format!("step {} of {}: {name}", times.len() + 1, STEPS.len()));
        let start = Instant::now();
        step().with_context(|| format!("step `{name}` failed"))?;
        times.push((name, start.elapsed()));
    }

    println!("\nstep       seconds");
    for (name, time) in &times {
        println!("{name:<10} {:>7.1}", time.as_secs_f64());
    }
    let lines = fs::read_to_string(closing_lines()).context("the tests have left no closing lines")?;
    println!("\n{}", lines.trim_end());
    // A closing row in the words of test runners, for readers who look only at it.
    println!("steps: {} passed, 0 failed", times.len());
    Ok(())
}

/// What a fresh clone fills, in MB: 6,700 were seen at the end of the end-to-end tests, and the archives and what is counted come after.
const FILLS: u64 = 9_000;

/// Makes sure that a fresh clone finds room on the disk. Where something is built already, nobody knows how much is missing.
fn room() -> Result<()> {
    if step::root().join("target/debug/deps").exists() {
        return Ok(());
    }
    let free = step::output(step::command("df").args(["--block-size=1000000", "--output=avail", "."]))?;
    let free = String::from_utf8_lossy(&free);
    let free: u64 = free.lines().last().unwrap_or_default().trim().parse().context("df tells no number")?;
    if free < FILLS {
        bail!("the tests fill {FILLS} MB of disk, and {free} MB are free: remove something, or use a larger disk");
    }
    Ok(())
}

/// Makes sure that `cargo {verb}` works; a rustup toolchain of the minimal profile lacks it.
fn component(name: &str, verb: &str) -> Result<()> {
    let works = || step::ask(step::cargo().args([verb, "--version"])).is_some();
    if works() {
        return Ok(());
    }
    step::say(format!("the toolchain has no {name}: trying to add it"));
    let added = step::try_within(Duration::from_secs(60), step::command("rustup").args(["component", "add", name]))?;
    if !(added && works()) {
        bail!("`cargo {verb}` is missing and could not be added: run `rustup component add {name}`");
    }
    Ok(())
}
