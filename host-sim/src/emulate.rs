//! `qiyong emulate`: a flashable image on an emulated board. `visit` plays one visit, `outside` has another program as its till;
//! both exist only with the feature `lab`.

mod args;
#[cfg(feature = "lab")]
mod outside;
#[cfg(feature = "lab")]
mod pad;
#[cfg(feature = "lab")]
mod visit;

use crate::output::{Output, Verdict};
pub(crate) use args::EmulateArgs;
#[cfg(all(test, feature = "lab"))]
pub(crate) use {outside::Told as Outside, visit::Told as Visit};

/// Plays a visit, or serves tills.
#[cfg(feature = "lab")]
pub(crate) fn run(args: &EmulateArgs, output: &mut Output) -> Result<Verdict, String> {
    match &args.till_line {
        Some(line) => outside::run(args, line, output),
        None => visit::run(args, output),
    }
}

/// Without the emulator.
#[cfg(not(feature = "lab"))]
pub(crate) fn run(_: &EmulateArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::extras::NOT_BUILT_IN.into())
}
