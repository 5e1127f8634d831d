//! `cargo xtask`: the chores of this workspace, each a verb that prints every step it takes.
//!
//! Not part of the product: nothing here is shipped, and no other package depends on it. The verbs are in `chores` and need
//! crates. The demo needs none, and runs at once. For any other verb this program has itself built with the feature
//! `chores`, and runs that.

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
