//! rp2040js, in which the emulated Pico runs, and what fills its flash from a UF2 file: packages of Node.js, in the versions that the lock
//! file beside the harness names.

use anyhow::{Result, bail};

use crate::chores::debian::{self, Package};
use crate::chores::step;

/// What Debian calls Node.js. Others have made packages of it that bring npm along, beside which Debian's npm cannot be: so they are
/// installed only where the programs are missing.
const PACKAGES: [Package; 2] = [
    Package { name: "nodejs", purpose: "what runs the emulated Pico" },
    Package { name: "npm", purpose: "what installs rp2040js, which is that Pico's chip" },
];
/// Where the harness is.
const FOLDER: &str = "host-sim/lab/rp2040";

/// Installs it if it is missing. Otherwise prints nothing.
///
/// # Errors
/// It is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    let folder = step::root().join(FOLDER);
    let works = || {
        let mut ask = step::command("node");
        ask.current_dir(&folder).args([
            "--input-type=module",
            "--eval",
            "await import('rp2040js'); await import('uf2'); console.log('yes')",
        ]);
        step::ask(&mut ask).is_some_and(|said| said == "yes")
    };
    if works() {
        return Ok(());
    }
    let is_there = |program| step::ask(step::command(program).arg("--version")).is_some();
    if !(is_there("node") && is_there("npm")) {
        debian::install(&PACKAGES.each_ref())?;
    }
    step::status(step::command("npm").current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]))?;
    if !works() {
        bail!("no rp2040js, in which the emulated Pico runs: `npm ci` in {FOLDER}, with Node.js 18 or later");
    }
    Ok(())
}
