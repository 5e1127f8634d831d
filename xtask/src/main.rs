//! `cargo xtask`: the chores of this workspace, each a verb that prints every step it takes.
//!
//! Not part of the product: nothing here is shipped, and no other package depends on it. Each verb is in the module of
//! its name. [`step`] runs commands, [`debian`] installs packages, [`emulator`] installs QEMU, [`arm`] finds a compiler
//! for the target, [`image`] reads what the compiler produced, [`symbol`] reads the names in it, [`board`] makes the
//! image that is flashed, and [`suite`] is the verb `test`.
//!
//! Step rows (`== ...`) go to standard error, so that standard output has only what the user asked for.

#[cfg(feature = "chores")]
mod chores;
mod demo;
mod inner;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    match args.split_first() {
        Some((verb, rest)) if verb == "demo" => demo::run(rest),
        _ => chores(&args),
    }
}

#[cfg(feature = "chores")]
fn chores(_: &[std::ffi::OsString]) -> ExitCode {
    chores::main()
}

#[cfg(not(feature = "chores"))]
fn chores(args: &[std::ffi::OsString]) -> ExitCode {
    demo::cargo(&["run", "--quiet", "--profile", "quick", "--package", "xtask", "--features", "chores", "--"], args)
}
