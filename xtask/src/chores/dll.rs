//! Windows: builds the driver library, `SSCardDriver.dll`, and the program, `qiyong.exe`, on Linux by Debian's mingw, for the tests
//! that run them in wine. Both at once, so that what both need is compiled once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::chores::debian::{self, Package};
use crate::chores::step;

/// Windows on x86-64, with the GNU linker.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";
/// What links for it, and what runs it.
const PACKAGES: [Package; 2] = [
    Package { name: "gcc-mingw-w64-x86-64", purpose: "what links library and program for Windows, and makes callers" },
    Package { name: "wine64", purpose: "what runs library and program for Windows" },
];
/// What is in them: readers come by the system's own library, so that nothing more is needed for building.
const FEATURES: &str = "qiyong/pcsc,qiyong/serve,qiyong/lab,qiyong-driver/pcsc,qiyong-driver/card-file";
/// Where they are put, and what cargo calls them: the library by the name that callers load it by.
const PLACE: &str = "target/windows";
const MADE: [(&str, &str); 2] = [("SSCardDriver.dll", "sscarddriver.dll"), ("qiyong.exe", "qiyong.exe")];
/// Options of cargo for programs that tests run for seconds, and nobody debugs: a minute of compiling costs more than it saves.
pub(crate) const LIGHT: [&str; 6] = [
    "--config",
    "profile.dev.debug=false",
    "--config",
    "profile.dev.package.libsqlite3-sys.opt-level=0",
    "--config",
    "profile.dev.package.qiyong-sim.opt-level=0",
];

/// Installs what is missing. Otherwise prints nothing.
///
/// # Errors
/// Something is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    debian::install(&PACKAGES.each_ref())?;
    has_target(TARGET)
}

/// Makes sure that the toolchain can compile for a target.
///
/// # Errors
/// It cannot, and it could not be added.
pub(crate) fn has_target(target: &str) -> Result<()> {
    let has = || {
        step::ask(step::command("rustc").args(["--print", "target-libdir", "--target", target]))
            .is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if has() {
        return Ok(());
    }
    step::say(format!("the rustup toolchain lacks {target}: trying to add it"));
    step::try_within(Duration::from_secs(120), step::command("rustup").args(["target", "add", target]))?;
    ensure!(has(), "the toolchain has no {target}, for which something is built: `rustup target add {target}`");
    Ok(())
}

/// Runs the verb.
///
/// # Errors
/// Something that it needs cannot be had, or they do not build.
pub(crate) fn run() -> Result<()> {
    install()?;
    step::run(building().args(LIGHT))?;
    let (place, built) = (step::root().join(PLACE), step::root().join("target").join(TARGET).join("debug"));
    fs::create_dir_all(&place)?;
    for (name, made) in MADE {
        fs::copy(built.join(made), place.join(name)).with_context(|| format!("cannot copy {made} to {PLACE}"))?;
        println!("{PLACE}/{name}: {} bytes", fs::metadata(place.join(name))?.len());
    }
    Ok(())
}

/// What builds both.
pub(crate) fn building() -> Command {
    let packages = ["build", "--package", "qiyong-driver", "--package", "qiyong", "--target", TARGET];
    let mut cargo = step::cargo();
    cargo.args(packages).args(["--no-default-features", "--features", FEATURES]);
    cargo
}
