//! `cargo xtask`: the chores of this workspace, each a verb that prints every step it takes.
//!
//! Not part of the product: nothing here is shipped, and no other package depends on it. Each verb is in the module of
//! its name. [`step`] runs commands, [`debian`] installs packages, [`emulator`] installs QEMU, [`arm`] finds a compiler
//! for the target, [`image`] reads what the compiler produced, [`symbol`] reads the names in it, [`board`] makes the
//! image that is flashed, and [`suite`] is the verb `test`.
//!
//! Step rows (`== ...`) go to standard error, so that standard output has only what the user asked for.

mod arm;
mod bench;
mod board;
mod debian;
mod emulator;
mod firmware;
mod image;
mod setup;
mod size;
mod step;
mod suite;
mod symbol;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The chores of the Qiyong workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run `qiyong demo`, passing on all arguments (try `cargo xtask demo --help`).
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments of `qiyong demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Install what the tests need and this machine lacks.
    Setup,
    /// Build the firmware for the target, check that it has no heap, and make the image; print panics and sizes.
    Firmware,
    /// Print how many bytes the protocol engines take on the target, and check them against their bounds.
    Size {
        /// Print one JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Measure engines, line and ways through PC/SC, and whether the bounds hold; takes a minute or two.
    Bench {
        /// Print one JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Run everything that continuous integration runs: setup, format, lints, docs, firmware, tests, size.
    Test,
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Demo { args } => return demo(&args),
        Verb::Bench { json } => return bench::run(json),
        Verb::Setup => setup::run()?,
        Verb::Firmware => firmware::run()?,
        Verb::Size { json } => size::run(json)?,
        Verb::Test => suite::run()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `qiyong demo` and ends with its exit code (0 done, 1 the answer is no, 2 bad input or environment).
fn demo(args: &[String]) -> Result<ExitCode> {
    let mut command = step::cargo();
    // With the profile of this program, whose dependencies are already built, and without parts that the demo does not
    // show.
    command
        .args(["run", "--profile", "quick", "--package", "qiyong", "--no-default-features", "--", "demo"])
        .args(args);
    let status = step::status(&mut command)?;
    // A process that a signal ended has no exit code.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
