//! Finds a compiler for the targets, a Cortex-M4 with FPU, a Cortex-M0+ and a Cortex-M3, and installs one if the machine has none.
//!
//! It tries, in this order: the rustup toolchain, if it has the targets; `rustup target add`; the distribution's
//! compiler, which builds `core` from source. The last one is used only for the target: everything else stays with
//! rustup's compiler.
//!
//! Either compiler builds an image with `core` from source, for size ([`cargo_build_image`]); rustup's needs `rust-src`
//! for that. The library that is checked for panics is built with the ordinary `core`: it must contain the panics that
//! an image turns into faults.
//!
//! A static library needs no linker. An image needs `rust-lld`, which comes with the rustup toolchain (Debian's has
//! none), in `lib/rustlib/HOST/bin` under `rustc --print sysroot`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::chores::debian::{self, Package};
use crate::chores::step;

/// The target: ARMv7E-M, hard float, no operating system.
pub(crate) const TARGET: &str = "thumbv7em-none-eabihf";

/// That of the Pico: ARMv6-M, no operating system.
pub(crate) const TARGET_M0: &str = "thumbv6m-none-eabi";

/// That of the board made from the template: ARMv7-M, no operating system.
pub(crate) const TARGET_M3: &str = "thumbv7m-none-eabi";

/// All of them.
const TARGETS: [&str; 3] = [TARGET, TARGET_M0, TARGET_M3];

/// Where builds for the targets go. They are separate from the host's, because the compiler may be another one.
pub(crate) const FOLDER: &str = "target/arm";

/// Debian's compiler, able to build `core` for a target that it does not ship.
const PACKAGES: [Package; 3] = [
    Package { name: "rustc-web", purpose: "a compiler for the target" },
    Package { name: "cargo-web", purpose: "the cargo of that compiler" },
    Package { name: "rust-web-src", purpose: "the source of `core`" },
];

/// Where a compiler for the target comes from.
#[derive(Clone, Copy)]
pub(crate) enum Compiler {
    /// The rustup toolchain, which has the target.
    Rustup,
    /// Debian's packages.
    Debian,
}

/// Finds a compiler, and installs one if necessary. Prints nothing if rustup's compiler has the target. Searches once
/// per run: `setup` and `firmware` both ask, and a request to a network that does not answer takes a minute.
///
/// # Errors
/// No compiler can be had: the error says what to do by hand.
pub(crate) fn compiler() -> Result<Compiler> {
    static FOUND: OnceLock<Compiler> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(*found);
    }
    let found = find()?;
    Ok(*FOUND.get_or_init(|| found))
}

fn find() -> Result<Compiler> {
    let has_all = || TARGETS.iter().all(|target| rustup_has_target(target));
    if has_all() {
        return Ok(Compiler::Rustup);
    }
    let targets = TARGETS.join(" ");
    step::say(format!("the rustup toolchain lacks one of {targets}: trying to add them"));
    let mut add = step::command("rustup");
    add.args(["target", "add"]).args(TARGETS);
    if step::try_within(Duration::from_secs(120), &mut add)? && has_all() {
        return Ok(Compiler::Rustup);
    }
    step::say("rustup cannot add them: using the compiler of Debian's packages, which builds `core` from source");
    debian::install(&PACKAGES.each_ref()).with_context(|| {
        format!("no compiler for the targets; where rustup works, `rustup target add {targets}` is enough")
    })?;
    Ok(Compiler::Debian)
}

/// What makes an image small. `core` is built with it, for size. A panic becomes an instruction that faults, instead of
/// a message that nobody reads; the fault handler records where it was. In stable compilers this needs a switch.
const SMALL: [&str; 3] = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zmir-opt-level=3"];
/// The arguments of cargo for this.
const SMALL_CORE: [&str; 2] = ["-Zbuild-std=core", "-Zbuild-std-features=optimize_for_size"];

/// A `cargo build` of an image; the caller adds what to build.
///
/// # Errors
/// No compiler has the source of `core`: the error says what to do by hand.
pub(crate) fn cargo_build_image(target: &str) -> Result<Command> {
    let variable = |what: &str| format!("CARGO_TARGET_{}_{what}", target.to_uppercase().replace('-', "_"));
    let compiler = compiler()?;
    let mut build = match compiler {
        Compiler::Rustup if rustup_has_source()? => {
            let mut build = compiler.cargo_build(target);
            // `-Z` needs a nightly compiler, or this variable.
            build.env("RUSTC_BOOTSTRAP", "1").args(SMALL_CORE);
            build
        }
        _ => {
            debian::install(&PACKAGES.each_ref()).context(
                "no compiler with the source of `core`; where rustup works, `rustup component add rust-src` is enough",
            )?;
            let mut build = Compiler::Debian.cargo_build(target);
            // Debian's compiler comes without a linker for the target.
            build.env(variable("LINKER"), linker()?).args(SMALL_CORE.get(1));
            build
        }
    };
    build.env(variable("RUSTFLAGS"), SMALL.join(" "));
    Ok(build)
}

/// Whether the rustup toolchain has the source of `core`; adds it if necessary.
fn rustup_has_source() -> Result<bool> {
    let root = step::ask(step::command("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let source = Path::new(&root).join("lib/rustlib/src/rust/library/core");
    if source.is_dir() {
        return Ok(true);
    }
    step::say("the rustup toolchain has no source of `core`: trying to add it");
    let mut add = step::command("rustup");
    add.args(["component", "add", "rust-src"]);
    Ok(step::try_within(Duration::from_secs(60), &mut add)? && source.is_dir())
}

impl Compiler {
    /// A `cargo build` for the target; the caller adds what to build.
    pub(crate) fn cargo_build(self, target: &str) -> Command {
        let mut cargo = match self {
            Self::Rustup => step::cargo(),
            Self::Debian => debian_cargo(),
        };
        cargo.args(["build", "--target", target]);
        if matches!(self, Self::Debian) {
            cargo.arg("-Zbuild-std=core");
        }
        cargo
    }
}

/// Debian's cargo and rustc, without the variables of the rustup toolchain that runs this program.
fn debian_cargo() -> Command {
    let mut cargo = step::cargo_at("/usr/bin/cargo");
    for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOC", "LD_LIBRARY_PATH"]
    {
        cargo.env_remove(name);
    }
    // `-Z` needs a nightly compiler, or this variable, which permits `-Zbuild-std`.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
    cargo
}

/// The linker that comes with the rustup toolchain.
///
/// # Errors
/// When it is not there.
pub(crate) fn linker() -> Result<PathBuf> {
    let root = step::ask(step::command("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let host = step::ask(step::command("rustc").args(["--print", "host-tuple"])).unwrap_or_default();
    let linker = Path::new(&root).join("lib/rustlib").join(host).join("bin/rust-lld");
    ensure!(linker.is_file(), "no linker for the target: {} is missing; reinstall the toolchain", linker.display());
    Ok(linker)
}

fn rustup_has_target(target: &str) -> bool {
    step::ask(step::command("rustc").args(["--print", "target-libdir", "--target", target]))
        .is_some_and(|folder| Path::new(&folder).is_dir())
}
