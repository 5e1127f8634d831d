//! `cargo xtask soak`: plays scenario files on the emulated bench again and again, and compares byte for byte what the program
//! says of each run.
//!
//! Nothing of a run depends on the host (docs/testing.md), so two runs that differ are a fault of the bench. This file does not
//! judge what the scenarios expect: it only demands that the first run passes.

use std::fs;
use std::hint::spin_loop;
use std::path::{Path, PathBuf, absolute};
use std::process::{ExitCode, Output, Stdio};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

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

/// How many runs go on at the same time. A run mostly waits for QEMU, and QEMU for the run.
const AT_ONCE: u32 = 4;
/// After so many runs it is said how far it has come, where no bar shows it.
const SAY_EVERY: u32 = 10;
/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(500);

/// Runs the verb; ends with 1 if a run differs from the first one. `busy` threads compute meanwhile, for nothing: the host is
/// then as busy as one likes.
///
/// # Errors
/// Program or image do not build, QEMU is missing, or a scenario does not pass or cannot be played.
pub(crate) fn run(runs: u32, busy: u32, files: &[PathBuf]) -> Result<ExitCode> {
    emulator::install()?;
    let elf = board::FIRST.build()?;
    step::run(step::cargo().args(["build", "--profile", "quick", "--package", "qiyong"]))?;
    let play = Play { program: step::root().join("target/quick/qiyong"), elf, files: named(files)? };
    let folder = step::root().join(FOLDER);
    // What an earlier soak has left.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {FOLDER}"))?;

    let (start, ended) = (Instant::now(), AtomicBool::new(false));
    let different = thread::scope(|scope| {
        for _ in 0..busy {
            scope.spawn(|| {
                while !ended.load(Relaxed) {
                    spin_loop();
                }
            });
        }
        let different = play.again_and_again(runs, &folder);
        ended.store(true, Relaxed);
        different
    })?;
    let (count, seconds) = (play.files.len(), start.elapsed().as_secs());
    println!(
        "runs: {runs}, files in a run: {count}, busy threads: {busy}, seconds: {seconds}, runs that differ: {different}"
    );
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is played.
struct Play {
    program: PathBuf,
    elf: PathBuf,
    files: Vec<PathBuf>,
}

impl Play {
    fn once(&self) -> Result<Output> {
        let mut play = step::command(&self.program.to_string_lossy());
        play.args(["scenario", "run", "--bench", "emulated", "--json", "--elf"]).arg(&self.elf).args(&self.files);
        play.stderr(Stdio::inherit()).output().context("cannot start the program")
    }

    /// How many of the runs differ from the first one.
    fn again_and_again(&self, runs: u32, folder: &Path) -> Result<u32> {
        // Drawn where standard error is a terminal; the first run shows that it goes on.
        let bar = ProgressBar::new(runs.into());
        bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} runs, {elapsed}, {eta} left")?);
        bar.enable_steady_tick(TICK);
        let first = self.once()?;
        leave(folder, 1, &first.stdout)?;
        bar.inc(1);
        if !first.status.success() {
            bail!("the first run does not pass ({}): see {FOLDER}/1.json", first.status);
        }
        let (begun, done, different) = (AtomicU32::new(1), AtomicU32::new(1), AtomicU32::new(0));
        let worker = || -> Result<()> {
            loop {
                let number = begun.fetch_add(1, Relaxed) + 1;
                if number > runs {
                    return Ok(());
                }
                let output = self.once()?;
                let rows = rows_that_differ(&first.stdout, &output.stdout);
                if !rows.is_empty() || !output.status.success() {
                    different.fetch_add(1, Relaxed);
                    leave(folder, number, &output.stdout)?;
                    let status = output.status;
                    bar.suspend(|| {
                        step::say(format!("run {number} ({status}) differs in rows {rows:?}: {FOLDER}/{number}.json"));
                    });
                }
                bar.inc(1);
                let done = done.fetch_add(1, Relaxed) + 1;
                if bar.is_hidden() && done.is_multiple_of(SAY_EVERY) {
                    step::say(format!("{done} of {runs} runs, {} differ", different.load(Relaxed)));
                }
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
        })?;
        bar.finish_and_clear();
        Ok(different.into_inner())
    }
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
