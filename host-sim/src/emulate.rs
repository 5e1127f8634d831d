//! `qiyong emulate`: a flashable image on an emulated board. `visit` plays one visit, `outside` has another program as its till;
//! both exist only with the feature `lab`.

mod args;
#[cfg(feature = "lab")]
mod outside;
#[cfg(feature = "lab")]
mod visit;

#[cfg(not(feature = "lab"))]
use crate::output::{Output, Verdict};
pub(crate) use args::EmulateArgs;
#[cfg(feature = "lab")]
pub(crate) use visit::run;

/// Without the emulator.
#[cfg(not(feature = "lab"))]
pub(crate) fn run(_: &EmulateArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::extras::NOT_BUILT_IN.into())
}
