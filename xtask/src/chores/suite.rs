//! `cargo xtask test`: everything that must hold before a change goes in, as one sequence that stops at the first
//! failure.
//!
//! Only the order of the steps is here; continuous integration (`.ci/run`) runs this and nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::chores::{firmware, instructions, setup, size, step};

/// A step: its name and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// With PC/SC readers, which need libpcsclite, which `setup` installs; with debug probes; and with what a board can log.
const FEATURES: [&str; 2] =
    ["--features", "qiyong/pcsc,qiyong/probe,qiyong-tests/pcsc,qiyong-firmware/defmt,xtask/chores"];

const STEPS: [Step; 9] = [
    ("setup", setup::run),
    ("format", || {
        component("rustfmt", "fmt")?;
        step::run(step::cargo().args(["fmt", "--all", "--check"]))
            .context("some files are not formatted: `cargo fmt --all` puts that right")
    }),
    ("lints", || {
        component("clippy", "clippy")?;
        let lint = ["clippy", "--workspace", "--all-targets"];
        step::run(step::cargo().args(lint).args(FEATURES).args(["--", "-D", "warnings"]))
    }),
    ("docs", || {
        step::run(
            step::cargo().env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps"]).args(FEATURES),
        )
    }),
    // Before the tests, which run the image on the emulated board.
    ("firmware", firmware::run),
    ("tests", || {
        // End-to-end tests run the program `qiyong`, which `cargo test` does not build for the tests of another
        // package. It is built together with the tests: alone, its dependencies would have fewer features and would be
        // compiled twice.
        let build =
            ["build", "--profile", "test", "--workspace", "--tests", "--bin", "qiyong", "--bin", "with_postgres"];
        step::run(step::cargo().args(build).args(FEATURES))?;
        let closing = closing_lines();
        let _ = fs::remove_file(&closing);
        step::run(beside_postgres().env(CLOSING_LINES, &closing).args(["test", "--workspace"]).args(FEATURES))
    }),
    // The same tests of the centre, on the other database.
    ("postgres", || {
        let centre = ["test", "--workspace", "-p", "qiyong-centre", "--lib"];
        let skipped = ["--", "--skip", ON_FILES_ALONE];
        step::run(beside_postgres().env("QIYONG_TEST_STORE", "postgres").args(centre).args(FEATURES).args(skipped))
    }),
    ("size", || size::run(false)),
    ("counts", instructions::run),
];

/// Flips the bytes of a row by its place in SQLite's file.
const ON_FILES_ALONE: &str = "tests::rooms::flips";

/// Cargo, beside a PostgreSQL server that ends with it.
fn beside_postgres() -> Command {
    let mut command = step::command(step::root().join("target/debug/with_postgres"));
    command.arg(step::cargo().get_program());
    command
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
