//! The verbs and their arguments. What a verb does is in the module of its name; `step` runs commands, `debian` installs
//! packages, `built` what is built with the tests, `python` Python's, `node` Node's, `emulator` QEMU, `dll` library and program for Windows, `arm` finds a compiler for the targets, `image` reads what it
//! produced, `board` makes the images that are flashed.
//!
//! Step lines (`== ...`) go to standard error, so standard output carries only what a command was asked for.

mod arm;
mod bench;
mod board;
mod built;
mod debian;
mod dist;
mod dll;
mod emulator;
mod firmware;
mod image;
mod instructions;
mod node;
mod python;
mod setup;
mod size;
mod soak;
mod step;
mod suite;
mod symbol;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::demo;

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
    /// Build the firmware for the target, check that it has no heap, and make the images; print panics and sizes.
    Firmware,
    /// Build the driver library and the program for Windows.
    Dll,
    /// Make the release archives: a static program for Linux, programs for Windows, a package of Debian, and their sums.
    Dist {
        /// Of programs that are built soon; and try the package on a fresh root. The tests have built the driver library.
        #[arg(long = "try")]
        tried: bool,
    },
    /// Print how many bytes the protocol engines take on the target, and check them against their bounds.
    Size {
        /// Print one JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Measure engines (time and instructions), line and ways through PC/SC, and whether the bounds hold; takes a minute or
    /// two.
    Bench {
        /// Print one JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Play scenario files on the emulated bench again and again, and compare the runs byte for byte.
    Soak {
        /// How often.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..))]
        runs: u32,
        /// So many threads compute beside the runs, for nothing.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=64))]
        busy: u32,
        /// The files; without any, a handful of the project's.
        files: Vec<PathBuf>,
    },
    /// Run everything that continuous integration runs: setup, format, lints, docs, firmware, dll, tests, postgres, dist, size, counts.
    Test,
}

/// Runs the verb that the command line names.
pub(crate) fn main() -> ExitCode {
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
        Verb::Demo { args } => return Ok(demo::run(&args)),
        Verb::Bench { json } => return bench::run(json),
        Verb::Soak { runs, busy, files } => return soak::run(runs, busy, &files),
        Verb::Setup => setup::run()?,
        Verb::Firmware => firmware::run()?,
        Verb::Dll => dll::run()?,
        Verb::Dist { tried: false } => dist::run()?,
        Verb::Dist { tried: true } => dist::try_out()?,
        Verb::Size { json } => size::run(json)?,
        Verb::Test => suite::run()?,
    }
    Ok(ExitCode::SUCCESS)
}
