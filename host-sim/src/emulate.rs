//! `qiyong emulate`: one visit at the flashable image on an emulated board. `visit` plays the visit, and exists only
//! with the feature `lab`.

mod args;
#[cfg(feature = "lab")]
mod visit;

use std::process::ExitCode;

use crate::output::{Output, Verdict};
pub(crate) use args::EmulateArgs;
#[cfg(feature = "lab")]
use visit::play;

/// Runs the verb. Exit status: 0 approved, 1 not approved, 2 the visit could not be played.
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
