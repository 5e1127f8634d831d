//! `cargo xtask setup`: installs what the tests need and this machine lacks. Says nothing when nothing is missing.
//!
//! The list of what the tests need from Debian is here; what a compiler for the target needs is in `arm`.

use anyhow::Result;

use crate::arm;
use crate::debian::{self, Package};

/// What the tests take from Debian.
const PACKAGES: [Package; 3] = [
    Package { name: "pcsc-tools", purpose: "the list of known ATRs that our decoder is held against" },
    Package { name: "python3-pyscard", purpose: "another implementation of ATR decoding, as oracle" },
    Package { name: "tshark", purpose: "Wireshark's dissectors, which must read our captures as we mean them" },
];

/// Runs the verb.
pub(crate) fn run() -> Result<()> {
    debian::install(&PACKAGES.each_ref())?;
    arm::compiler()?;
    Ok(())
}
