//! `cargo xtask bench`: measures what this machine makes of us, beside what limits us and what others do.
//!
//! What is measured, and how, stands in `tests/benches`.

use anyhow::Result;

use crate::{setup, step};

/// Runs the verb; the figures go to standard output.
pub(crate) fn run() -> Result<()> {
    setup::run()?;
    step::run(step::cargo().args(["build", "--release", "--package", "qiyong-host-sim", "--features", "pcsc"]))?;
    step::run(step::cargo().args(["bench", "--package", "qiyong-tests", "--features", "pcsc", "--bench", "pcsc"]))
}
