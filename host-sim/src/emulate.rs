//! `qiyong emulate`: one visit at the flashable image on an emulated board. The visit itself is `visit`'s, which is there with
//! the feature `lab`.

#[cfg(feature = "lab")]
mod visit;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use qiyong_protocol::rules::institution::InstitutionCode;

use crate::ELF;
use crate::output::{Output, Verdict};
use crate::terminal::{AskedOperation, institution};
#[cfg(feature = "lab")]
use visit::play;

/// What to run, and with which card.
#[derive(Args, Debug)]
pub(crate) struct EmulateArgs {
    /// The image
    #[arg(long, value_name = "FILE", default_value = ELF)]
    elf: PathBuf,
    /// The card file; what the visit changes is kept in it
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The institution's code
    #[arg(long, value_name = "CODE", value_parser = institution, default_value = "P32010000017")]
    institution: InstitutionCode,
    /// The centre's database; without it a centre in memory, which knows institution and card, and ¥500.00 in its account
    #[arg(long, value_name = "FILE")]
    centre: Option<PathBuf>,
    /// Write what the screen shows at the end to this file, as a PNG
    #[arg(long, value_name = "FILE")]
    screen: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// What to do. What is asked for is keyed on standard input, a line each: first what is missing of a document, then the
    /// PINs (the present one, a new one, the new one again; an empty line is the cancel key)
    #[command(subcommand)]
    operation: AskedOperation,
}

/// Runs the verb: exit 0 approved, 1 not approved, 2 when the visit could not be played.
pub(crate) fn run(args: &EmulateArgs) -> ExitCode {
    let mut output = Output::default();
    let verdict = play(args, &mut output).unwrap_or_else(|problem| {
        output.complain(&problem);
        Verdict::BadInput
    });
    output.finish(verdict)
}

/// Without the emulator.
#[cfg(not(feature = "lab"))]
fn play(_: &EmulateArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::extras::NOT_BUILT_IN.into())
}
