//! `cargo xtask soak`: plays scenario files on the emulated bench again and again, and compares byte for byte what the program
//! says of each run.
//!
//! Nothing of a run depends on the host (docs/testing.md), so two runs that differ are a fault of the bench. This file does not
//! judge what the scenarios expect: it only demands that the first run passes.

use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::chores::{board, emulator, step};

/// What is played if no file is named: cards that are pulled, a lost answer, T=1, and a plain visit.
const FILES: [&str; 5] = [
    "host-sim/scenarios/refused-card-removed-after-the-new-pin.toml",
    "host-sim/scenarios/refused-card-removed-while-it-is-read.toml",
    "host-sim/scenarios/refused-no-answer-answer-lost.toml",
    "host-sim/scenarios/rule-card-v1-over-t1.toml",
    "host-sim/scenarios/rule-pharmacy-first-purchase.toml",
];
/// Where the outputs of the first run and of those that differ are left, from the root.
const FOLDER: &str = "target/soak";

/// Runs the verb; ends with 1 if a run differs from the first one.
///
/// # Errors
/// Program or image do not build, QEMU is missing, or a scenario does not pass or cannot be played.
pub(crate) fn run(runs: u32, files: &[PathBuf]) -> Result<ExitCode> {
    emulator::install()?;
    let elf = board::build()?;
    step::run(step::cargo().args(["build", "--profile", "quick", "--package", "qiyong"]))?;
    let program = step::root().join("target/quick/qiyong");
    let files = named(files)?;
    let folder = step::root().join(FOLDER);
    // What an earlier soak has left.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {FOLDER}"))?;

    let (mut first, mut different) = (None, 0);
    for number in 1..=runs {
        let mut play = step::command(&program.to_string_lossy());
        play.args(["scenario", "run", "--bench", "emulated", "--json", "--elf"]).arg(&elf).args(&files);
        let output = step::output(&mut play)?;
        let Some(first) = &first else {
            leave(&folder, number, &output.stdout)?;
            if !output.status.success() {
                bail!("the first run does not pass ({}): see {FOLDER}/1.json", output.status);
            }
            first = Some(output.stdout);
            continue;
        };
        let rows = rows_that_differ(first, &output.stdout);
        if !rows.is_empty() || !output.status.success() {
            different += 1;
            leave(&folder, number, &output.stdout)?;
            step::say(format!("run {number} ({}) differs in rows {rows:?}: {FOLDER}/{number}.json", output.status));
        }
    }
    println!("runs: {runs}, different: {different}");
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The files to be played, whatever the folder of the user and of the program.
fn named(files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if files.is_empty() {
        return Ok(FILES.map(PathBuf::from).into());
    }
    files.iter().map(|file| absolute(file).with_context(|| format!("no path: {}", file.display()))).collect()
}

fn leave(folder: &Path, number: u32, output: &[u8]) -> Result<()> {
    let file = folder.join(format!("{number}.json"));
    fs::write(&file, output).with_context(|| format!("cannot write {}", file.display()))
}

/// The rows that are not the same, from 1: each is the object of a file. Empty only if the outputs are the same bytes.
fn rows_that_differ(one: &[u8], other: &[u8]) -> Vec<usize> {
    let [one, other] = [one, other].map(|output| output.split(|byte| *byte == b'\n').collect::<Vec<_>>());
    (0..one.len().max(other.len())).filter(|row| one.get(*row) != other.get(*row)).map(|row| row + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_that_differ_in_any_byte_differ_in_a_row() {
        assert_eq!(rows_that_differ(b"a\nb\n", b"a\nb\n"), [0; 0]);
        assert_eq!(rows_that_differ(b"a\nb\n", b"a\nc\n"), [2]);
        assert_eq!(rows_that_differ(b"a\nb\n", b"a\n"), [2, 3]);
        assert_eq!(rows_that_differ(b"a\nb\n", b"a\nb"), [3]);
    }
}
