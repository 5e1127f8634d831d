//! The programs and the texts that archives are made of.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use object::Endianness;
use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use serde_json::Value;

use super::said;
use crate::chores::dll::{self, LIGHT};
use crate::chores::{built, step};

/// Linux on x86-64, with a C library that is a part of the program.
pub(super) const STATIC: &str = "x86_64-unknown-linux-musl";
/// The same with the system's own, from which the driver library's callers have theirs.
const OF_THE_SYSTEM: &str = "x86_64-unknown-linux-gnu";
/// All that needs neither libpcsclite nor probe-rs.
const FEATURES: &str = "qiyong/serve,qiyong/lab";

/// For whom programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Optimised.
    Shipped,
    /// As soon as can be.
    Tried,
}

/// What archives are made of.
pub(super) struct Parts {
    /// The program for Linux.
    pub(super) qiyong: PathBuf,
    /// The driver library for Linux.
    pub(super) library: PathBuf,
    /// The program for Windows.
    pub(super) exe: PathBuf,
    /// The driver library for Windows.
    pub(super) dll: PathBuf,
    /// The pages of the manual, by their names.
    pub(super) pages: Vec<(String, Vec<u8>)>,
    /// What completes words in shells, by the place that Debian has for it.
    pub(super) completions: Vec<(&'static str, Vec<u8>)>,
    /// Other people's crates in the programs, with their licences.
    pub(super) third_party: String,
}

/// Builds everything, without what only debuggers read.
pub(super) fn all(how: How) -> Result<Parts> {
    let made = step::root().join("target").join(match how {
        How::Shipped => "dist-built",
        How::Tried => "dist-tried/built",
    });
    fs::create_dir_all(&made)?;
    let target = step::root().join("target");
    let folder = if how == How::Shipped { "release" } else { "debug" };

    let mut cargo = step::cargo();
    cargo.args(["build", "--package", "qiyong", "--bin", "qiyong", "--target", STATIC]);
    cargo.args(["--no-default-features", "--features", FEATURES]).args(options(how));
    step::run(without_paths(&mut cargo, how)?)?;
    let qiyong = stripped("strip", &target.join(STATIC).join(folder).join("qiyong"), &made)?;
    ensure!(is_static(&qiyong)?, "{} asks for a loader of the system: it is not static", qiyong.display());

    // Last, for `cargo xtask dll` and the tests have built them already where all is only tried.
    let mut cargo = dll::building();
    cargo.args(options(how));
    step::run(without_paths(&mut cargo, how)?)?;
    let windows = target.join(dll::TARGET).join(folder);
    let exe = stripped("x86_64-w64-mingw32-strip", &windows.join("qiyong.exe"), &made)?;
    let dll = stripped("x86_64-w64-mingw32-strip", &windows.join("sscarddriver.dll"), &made)?;
    let library = if how == How::Shipped {
        let mut cargo = step::cargo();
        cargo.args(["build", "--package", "qiyong-driver", "--features", "pcsc", "--target", OF_THE_SYSTEM]);
        step::run(without_paths(cargo.args(options(how)), how)?)?;
        target.join(OF_THE_SYSTEM).join("release/libsscarddriver.so")
    } else {
        library_of_the_tests()?
    };
    let library = stripped("strip", &library, &made)?;
    let (pages, completions) = (said::pages(&qiyong)?, said::completions(&qiyong)?);
    Ok(Parts { qiyong, library, exe, dll, pages, completions, third_party: third_party()? })
}

/// The driver library of this tree that the tests use: cargo says where it is, and builds it if it is not there or is another one.
fn library_of_the_tests() -> Result<PathBuf> {
    let library = built::find(|message: Value| {
        let files = message["filenames"].as_array().filter(|_| message["target"]["name"] == "sscarddriver")?;
        files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".so")).map(PathBuf::from)
    });
    library?.context("cargo names no driver library")
}

/// What is shipped names no folder of this machine: panics tell places in sources.
fn without_paths(cargo: &mut Command, how: How) -> Result<&mut Command> {
    if how == How::Tried {
        return Ok(cargo);
    }
    let flags: Vec<_> = folders(how)?
        .into_iter()
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()))
        .collect();
    Ok(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")))
}

/// Folders of this machine that no file may name, each with what is said in its place. What is only tried names those in which
/// other people's sources lie: were they renamed, all would be compiled again.
pub(super) fn folders(how: How) -> Result<Vec<(PathBuf, &'static str)>> {
    let mut folders = vec![(step::root(), "/qiyong")];
    if how == How::Shipped {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
        folders.push((home.context("neither CARGO_HOME nor HOME says where cargo has its crates")?, "/cargo"));
        let rust = step::ask(step::command("rustc").args(["--print", "sysroot"])).context("rustc has no sysroot")?;
        folders.push((rust.into(), "/rust"));
    }
    Ok(folders)
}

fn options(how: How) -> Vec<&'static str> {
    match how {
        How::Shipped => vec!["--release"],
        How::Tried => LIGHT.to_vec(),
    }
}

/// A copy without symbols.
fn stripped(strip: &str, built: &Path, folder: &Path) -> Result<PathBuf> {
    let name = built.file_name().context("a file")?;
    let place = folder.join(name);
    step::run(step::command(strip).arg("-o").arg(&place).arg(built))?;
    Ok(place)
}

/// Whether this program needs no library of the system, nor what would load one.
pub(super) fn is_static(program: &Path) -> Result<bool> {
    let bytes = fs::read(program)?;
    let header = FileHeader64::<Endianness>::parse(&*bytes)?;
    let endian = header.endian()?;
    Ok(header.program_headers(endian, &*bytes)?.iter().all(|part| part.p_type(endian) != PT_INTERP))
}

/// A line for each crate in the programs that is not of this workspace: name, version, licence.
fn third_party() -> Result<String> {
    let tree = ["tree", "--package", "qiyong", "--package", "qiyong-driver", "--edges", "normal", "--prefix", "none"];
    let features = ["--target", "all", "--features", "qiyong/pcsc,qiyong-driver/pcsc", "--format", "{p}: {l}"];
    let said = String::from_utf8(step::output(step::cargo().args(tree).args(features))?)?;
    let mut lines: Vec<&str> = said.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    // Those of this workspace have a folder behind their version.
    lines.retain(|line| !line.is_empty() && !line.contains(" (/"));
    lines.sort_unstable();
    lines.dedup();
    ensure!(lines.len() > 100, "cargo names {} crates only", lines.len());
    Ok(format!("Crates in these programs, with the licences that they name.\n\n{}\n", lines.join("\n")))
}
