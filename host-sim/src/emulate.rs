//! `qiyong emulate`: a flashable image on an emulated board. `visit` plays one visit, `outside` has another program as its till,
//! `nobody` is a board that `attach` looks at; all exist only where boards can be emulated.

mod args;
#[cfg(all(boards, feature = "probe"))]
pub(crate) mod nobody;
#[cfg(boards)]
mod outside;
#[cfg(boards)]
mod pad;
#[cfg(boards)]
mod visit;

use crate::output::{Output, Verdict};
pub(crate) use args::EmulateArgs;
#[cfg(all(test, feature = "lab"))]
pub(crate) use {outside::Told as Outside, visit::Told as Visit};

/// Plays a visit, or serves tills.
#[cfg(boards)]
pub(crate) fn run(args: &EmulateArgs, output: &mut Output) -> Result<Verdict, String> {
    match &args.till_line {
        Some(line) => outside::run(args, line, output),
        None => visit::run(args, output),
    }
}

/// Without the emulator.
#[cfg(not(boards))]
pub(crate) fn run(_: &EmulateArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::extras::NO_BOARDS.into())
}
