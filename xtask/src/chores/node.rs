//! Packages of Node.js, in the versions that the lock file beside each program names: rp2040js, in which the emulated Pico runs, with what
//! fills its flash from a UF2 file; and koffi, by which the driver library is called.

use anyhow::{Result, bail};

use crate::chores::debian::{self, Package};
use crate::chores::step;

/// What Debian calls Node.js. Others have made packages of it that bring npm along, beside which Debian's npm cannot be: so they are
/// installed only where the programs are missing.
const PACKAGES: [Package; 2] = [
    Package { name: "nodejs", purpose: "what runs the emulated Pico, and calls the driver library" },
    Package { name: "npm", purpose: "what installs rp2040js, which is that Pico's chip, and koffi" },
];

/// A folder with a lock file, the packages that its program loads, and what for.
struct Folder {
    path: &'static str,
    packages: &'static [&'static str],
    purpose: &'static str,
}

const FOLDERS: [Folder; 2] = [
    Folder { path: "host-sim/lab/rp2040", packages: &["rp2040js", "uf2"], purpose: "in which the emulated Pico runs" },
    Folder {
        path: "host-sim/driver/tests/node",
        packages: &["koffi"],
        purpose: "by which programs on Node.js call the driver library",
    },
];

/// Installs what is missing. Otherwise prints nothing.
///
/// # Errors
/// Something is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    FOLDERS.iter().try_for_each(Folder::install)
}

impl Folder {
    fn install(&self) -> Result<()> {
        let folder = step::root().join(self.path);
        let load: String = self.packages.iter().map(|name| format!("await import('{name}'); ")).collect();
        let works = || {
            let mut ask = step::command("node");
            ask.current_dir(&folder).args(["--input-type=module", "--eval", &format!("{load}console.log('yes')")]);
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
            let Self { path, packages, purpose } = self;
            bail!("no {}, {purpose}: `npm ci` in {path}, with Node.js 18 or later", packages.join(" and "));
        }
        Ok(())
    }
}
