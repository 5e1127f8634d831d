//! `cargo xtask setup`: installs what the tests need and this machine lacks. Prints nothing if nothing is missing.
//!
//! The list of what the tests need from Debian is here; what a compiler for the target needs is in `arm`, QEMU in
//! `emulator`, a Windows in `dll`, archives in `dist`, what comes from Python's packages in `python`, and from those of Node.js in `node`.

use anyhow::Result;

use crate::chores::arm;
use crate::chores::debian::{self, Package};
use crate::chores::dist;
use crate::chores::dll;
use crate::chores::emulator;
use crate::chores::node;
use crate::chores::python;

/// The packages of Debian that the tests need.
const PACKAGES: &[Package] = &[
    Package { name: "chromium", purpose: "a browser, which must show the card centre's page" },
    Package { name: "chromium-driver", purpose: "what leads that browser from page to page" },
    Package { name: "curl", purpose: "an independent client of the card centre" },
    Package { name: "groff-base", purpose: "what sets pages of a manual, which must find no fault in ours" },
    Package { name: "libjna-java", purpose: "what calls the driver library from Java" },
    Package {
        name: "libpcsclite-dev",
        purpose: "what `qiyong readers` and `qiyong terminal` reach PC/SC readers through",
    },
    Package { name: "libxml2-utils", purpose: "xmllint, which must read our reports for build servers" },
    Package { name: "mono-mcs", purpose: "the compiler of C#, in which hospitals' programs call the driver library" },
    Package { name: "mono-runtime", purpose: "what runs those programs" },
    Package { name: "openjdk-17-jdk-headless", purpose: "Java, from which the driver library is called" },
    Package { name: "opensc", purpose: "opensc-tool, which must see our virtual readers and cards" },
    Package { name: "openssl", purpose: "a second witness of SM2 signatures, certificates and what is sealed" },
    Package { name: "pcsc-tools", purpose: "the list of known ATRs that our decoder is held against, and pcsc_scan" },
    Package { name: "pcscd", purpose: "the PC/SC daemon, whose programs must see our cards through vpcd" },
    Package { name: "pgbouncer", purpose: "a pool of connections before that server" },
    Package { name: "postgresql", purpose: "the server on which the card centre must work as it does on a file" },
    Package { name: "python3-pexpect", purpose: "a person at a terminal, who is asked and keys answers" },
    Package {
        name: "python3-pyscard",
        purpose: "another implementation of ATR decoding, as oracle, and a PC/SC program",
    },
    Package {
        name: "python3-venv",
        purpose: "the environment of schemathesis, which tests the card centre's interface",
    },
    Package { name: "vsmartcard-vpcd", purpose: "a virtual reader for that daemon" },
    Package { name: "valgrind", purpose: "callgrind, which counts the instructions of the engines" },
    Package { name: "tshark", purpose: "Wireshark's dissectors, which must read our captures as we mean them" },
    Package { name: "zsh", purpose: "a shell that must load our completions" },
];

/// Runs the verb.
pub(crate) fn run() -> Result<()> {
    debian::install(&PACKAGES.iter().collect::<Vec<_>>())?;
    arm::compiler()?;
    emulator::install()?;
    python::install()?;
    node::install()?;
    dll::install()?;
    dist::install()?;
    Ok(())
}
