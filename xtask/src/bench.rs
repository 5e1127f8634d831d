//! `cargo xtask bench`: how fast the engines are, as a table or one JSON object, each figure with its bound.
//!
//! What is measured, and the bounds, are in `tests/src/bench`; here it is only run, in release mode. Not part of
//! `test`: a figure says something about this machine at this moment, too.

use std::process::ExitCode;

use anyhow::Result;

use crate::{setup, step};

/// Runs the verb; ends with 1 if a bound does not hold.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run(json: bool) -> Result<ExitCode> {
    let mut bench = step::cargo();
    bench.args(["bench", "--quiet", "--package", "qiyong-tests", "--bench", "line"]);
    if json {
        bench.args(["--", "--json"]);
    }
    Ok(if step::status(&mut bench)?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures the ways through PC/SC: `tests/benches/pcsc.rs`.
///
/// # Errors
/// When something is missing, or a step fails.
pub(crate) fn pcsc() -> Result<()> {
    setup::run()?;
    step::run(step::cargo().args(["build", "--release", "--package", "qiyong-host-sim", "--features", "pcsc"]))?;
    step::run(step::cargo().args(["bench", "--package", "qiyong-tests", "--features", "pcsc", "--bench", "pcsc"]))
}
