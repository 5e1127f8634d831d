//! The driver library for Windows, `SSCardDriver.dll`: builds it on Linux, by Debian's mingw, for the tests that run it in wine.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::chores::debian::{self, Package};
use crate::chores::step;

/// Windows on x86-64, with the GNU linker.
const TARGET: &str = "x86_64-pc-windows-gnu";
/// What links for it, and what runs it.
const PACKAGES: [Package; 2] = [
    Package {
        name: "gcc-mingw-w64-x86-64",
        purpose: "what links the driver library for Windows, and makes its callers",
    },
    Package { name: "wine64", purpose: "what runs the driver library for Windows" },
];
/// Where the library is put, by the name that callers load it by.
const PLACE: &str = "target/windows/SSCardDriver.dll";

/// Installs what is missing. Otherwise prints nothing.
///
/// # Errors
/// Something is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    debian::install(&PACKAGES.each_ref())?;
    let has_target = || {
        step::ask(step::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))
            .is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if has_target() {
        return Ok(());
    }
    step::say(format!("the rustup toolchain lacks {TARGET}: trying to add it"));
    step::try_within(Duration::from_secs(120), step::command("rustup").args(["target", "add", TARGET]))?;
    ensure!(
        has_target(),
        "the toolchain has no {TARGET}, for which the driver library is built: `rustup target add {TARGET}`"
    );
    Ok(())
}

/// Runs the verb.
///
/// # Errors
/// Something that it needs cannot be had, or the library does not build.
pub(crate) fn run() -> Result<()> {
    install()?;
    let build = ["build", "--package", "qiyong-driver", "--features", "pcsc", "--target", TARGET];
    step::run(step::cargo().args(build))?;
    let place = step::root().join(PLACE);
    let built = step::root().join("target").join(TARGET).join("debug/sscarddriver.dll");
    fs::create_dir_all(place.parent().unwrap_or(Path::new(".")))?;
    fs::copy(&built, &place).with_context(|| format!("cannot copy {} to {PLACE}", built.display()))?;
    println!("{PLACE}: {} bytes", fs::metadata(&place)?.len());
    Ok(())
}
