//! `cargo xtask dist`: archives that somebody without a compiler installs. `build` makes the programs, `said` is what they print of
//! themselves, `tree` says which file is where in an archive, `traces` that no file names a folder of this machine, `pack` makes archives
//! of trees that are the same bytes each time, `root` tries the package of Debian on a system that has nothing else.

mod build;
mod pack;
mod root;
mod said;
mod traces;
mod tree;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::chores::debian::{self, Package};
use crate::chores::{dll, step};
use build::{How, Parts};
use root::Root;

/// What makes archives, and what tries them.
const PACKAGES: [Package; 4] = [
    Package { name: "man-db", purpose: "man, which must find the pages of the package" },
    Package { name: "mmdebstrap", purpose: "what makes a fresh Debian, on which the package is tried" },
    Package { name: "musl-tools", purpose: "the C compiler of a program that needs no library of the system" },
    Package { name: "zip", purpose: "what packs the programs for Windows" },
];

/// Where the archives are put.
const PLACE: &str = "target/dist";
/// Where they are put to be tried.
const TRIED: &str = "target/dist-tried";
/// The first time that a zip can say: 1980.
const ZIP_BEGINS: u64 = 315_532_800;

/// Installs what is missing. Otherwise prints nothing.
///
/// # Errors
/// Something is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    debian::install(&PACKAGES.each_ref())?;
    dll::has_target(build::STATIC)
}

/// Makes the archives, optimised; twice, which must give the same bytes.
///
/// # Errors
/// Something that it needs cannot be had, or does not build.
pub(crate) fn run() -> Result<()> {
    install()?;
    dll::install()?;
    let parts = build::all(How::Shipped)?;
    let made = twice(&parts, Path::new(PLACE), How::Shipped)?;
    for path in made {
        println!("{}: {} bytes", path.display(), fs::metadata(step::root().join(&path))?.len());
    }
    Ok(())
}

/// Makes them of programs that are built soon, and tries the package of Debian on a fresh root, with faults that must be found. The
/// driver library is the one that the tests have built.
///
/// # Errors
/// Something that it needs cannot be had, or the package is not as it must be.
pub(crate) fn try_out() -> Result<()> {
    install()?;
    // It waits for the network, and what is built waits for the processor.
    let fresh = Root::begin(&step::root().join(TRIED).join("root"))?;
    let parts = build::all(How::Tried)?;
    ensure!(
        !build::is_static(&env::current_exe()?)?,
        "this very program, which is not static, is taken for one that is"
    );
    traces::convict(&step::root().join(TRIED).join("traced"), &build::folders(How::Tried)?)?;
    twice(&parts, Path::new(TRIED), How::Tried)?;
    fresh.finish()?.try_package(&step::root().join(TRIED), &parts)
}

/// The archives and their sums, made twice in this folder: the same bytes.
fn twice(parts: &Parts, folder: &Path, how: How) -> Result<Vec<PathBuf>> {
    let made = archives(parts, folder, how)?;
    let first = fs::read(step::root().join(folder).join(pack::SUMS))?;
    archives(parts, folder, how)?;
    let again = fs::read(step::root().join(folder).join(pack::SUMS))?;
    ensure!(first == again, "packed twice, the archives differ: something in them depends on the moment");
    step::say("packed twice, the archives are the same bytes");
    Ok(made)
}

/// The archives and their sums, in this folder.
fn archives(parts: &Parts, folder: &Path, how: How) -> Result<Vec<PathBuf>> {
    let level = if how == How::Shipped { "9" } else { "1" };
    let moment = moment()?;
    let at = step::root().join(folder);
    let version = env!("CARGO_PKG_VERSION");
    let (linux, windows) = (format!("qiyong-{version}-x86_64-linux"), format!("qiyong-{version}-x86_64-windows"));
    tree::linux(parts, &at.join(&linux))?;
    tree::windows(parts, &at.join(&windows))?;
    tree::debian(parts, &at.join("deb"))?;
    let hidden = build::folders(how)?;
    [&linux, &windows, "deb"].iter().try_for_each(|tree| traces::none(&at.join(tree), &hidden))?;
    let names = [
        pack::tar(&at, &linux, moment, level)?,
        pack::zip(&at, &windows, moment, level)?,
        pack::deb(&at, "deb", &format!("qiyong_{version}_amd64.deb"), moment, level)?,
    ];
    let mut all: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    all.push(folder.join(pack::sums(&at, &names)?));
    Ok(all)
}

/// The time of every file, in seconds since 1970: that of the commit, unless `SOURCE_DATE_EPOCH` says another.
fn moment() -> Result<u64> {
    let said = match env::var("SOURCE_DATE_EPOCH") {
        Ok(said) => said,
        Err(_) => step::ask(step::command("git").args(["log", "-1", "--format=%ct"]))
            .context("the time of the files: this is no clone of a repository, so set SOURCE_DATE_EPOCH")?,
    };
    let moment: u64 = said.trim().parse().with_context(|| format!("SOURCE_DATE_EPOCH is {said}, and no number"))?;
    Ok(moment.max(ZIP_BEGINS))
}
