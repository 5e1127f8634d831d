//! `qiyong probes`, `qiyong flash` and `qiyong attach`: boards behind debug probes.

mod args;
#[cfg(feature = "probe")]
mod on_board;

use std::process::ExitCode;

use crate::output::{Output, Verdict};
pub(crate) use args::{AttachArgs, FlashArgs};

/// Runs `qiyong probes`. Exit status: 0 there is a probe, 1 there is none.
pub(crate) fn probes(json: bool) -> ExitCode {
    finish(|output| on_board::probes(json, output))
}

/// Runs `qiyong flash`. Exit status: 0 the image is flashed, or with `--check-only` it fits; 1 with `--check-only` it
/// does not fit; 2 it was not possible.
pub(crate) fn flash(args: &FlashArgs) -> ExitCode {
    finish(|output| on_board::flash(args, output))
}

/// Runs `qiyong attach` until it is interrupted. Exit status: 0, or 2 if there is nothing to watch.
pub(crate) fn attach(args: &AttachArgs) -> ExitCode {
    finish(|output| on_board::attach(args, output))
}

fn finish(verb: impl FnOnce(&mut Output) -> Result<Verdict, String>) -> ExitCode {
    let mut output = Output::default();
    let verdict = verb(&mut output).unwrap_or_else(|problem| {
        output.complain(&problem);
        Verdict::BadInput
    });
    output.finish(verdict)
}

#[cfg(not(feature = "probe"))]
mod on_board {
    use super::{AttachArgs, FlashArgs, Output, Verdict};

    /// The error if this program was built without probe-rs.
    const NOT_BUILT_IN: &str = "this qiyong was built without debug probes: build it with \
         `cargo build -p qiyong --features probe`, which needs nothing to be installed";

    pub(super) fn probes(_: bool, _: &mut Output) -> Result<Verdict, String> {
        Err(NOT_BUILT_IN.into())
    }

    pub(super) fn flash(_: &FlashArgs, _: &mut Output) -> Result<Verdict, String> {
        Err(NOT_BUILT_IN.into())
    }

    pub(super) fn attach(_: &AttachArgs, _: &mut Output) -> Result<Verdict, String> {
        Err(NOT_BUILT_IN.into())
    }
}
