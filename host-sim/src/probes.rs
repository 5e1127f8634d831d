//! `qiyong probes`, `qiyong flash` and `qiyong attach`: boards behind debug probes.

mod args;
#[cfg(feature = "probe")]
mod on_board;

use std::process::ExitCode;

use crate::output::{Output, Verdict};
pub(crate) use args::{AttachArgs, FlashArgs};

/// Runs `qiyong probes`: exit 0 when there is a probe, 1 when there is none.
pub(crate) fn probes(json: bool) -> ExitCode {
    finish(|output| on_board::probes(json, output))
}

/// Runs `qiyong flash`: exit 0 when the image is flashed; with `--check-only` 0 when it fits and 1 when not; 2 when it could
/// not be done.
pub(crate) fn flash(args: &FlashArgs) -> ExitCode {
    finish(|output| on_board::flash(args, output))
}

/// Runs `qiyong attach` until it is interrupted: exit 0, or 2 when there is nothing to watch.
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

    /// What is said when this program was built without probe-rs.
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
