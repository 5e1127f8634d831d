//! `cargo xtask setup`: installs what the tests need and this machine lacks. Prints nothing if nothing is missing.
//!
//! The list of what the tests need from Debian is here; what a compiler for the target needs is in `arm`, QEMU in
//! `emulator`.

use anyhow::Result;

use crate::chores::arm;
use crate::chores::debian::{self, Package};
use crate::chores::emulator;

/// The packages of Debian that the tests need.
const PACKAGES: [Package; 8] = [
    Package {
        name: "libpcsclite-dev",
        purpose: "what `qiyong readers` and `qiyong terminal` reach PC/SC readers through",
    },
    Package { name: "opensc", purpose: "opensc-tool, which must see our virtual readers and cards" },
    Package { name: "pcsc-tools", purpose: "the list of known ATRs that our decoder is held against, and pcsc_scan" },
    Package { name: "pcscd", purpose: "the PC/SC daemon, whose programs must see our cards through vpcd" },
    Package {
        name: "python3-pyscard",
        purpose: "another implementation of ATR decoding, as oracle, and a PC/SC program",
    },
    Package { name: "vsmartcard-vpcd", purpose: "a virtual reader for that daemon" },
    Package { name: "valgrind", purpose: "callgrind, which counts the instructions of the engines" },
    Package { name: "tshark", purpose: "Wireshark's dissectors, which must read our captures as we mean them" },
];

/// Runs the verb.
pub(crate) fn run() -> Result<()> {
    debian::install(&PACKAGES.each_ref())?;
    arm::compiler()?;
    emulator::install()?;
    Ok(())
}
