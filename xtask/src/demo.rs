//! `cargo xtask demo`: a first look at the program.
//!
//! What it takes to build this is waited for by somebody who has just cloned the project: so it is all of this package that
//! needs no other crate, and the program is built without what the demo does not show.

use std::ffi::OsStr;
use std::process::ExitCode;

use crate::inner;

/// Runs `qiyong demo` with these arguments and ends with its exit code: 0 done, 1 the answer is no, 2 bad input or
/// environment.
pub(crate) fn run<S: AsRef<OsStr>>(args: &[S]) -> ExitCode {
    // The profile is the one of this program, whose dependencies are built already.
    cargo(&["run", "--profile", "quick", "--package", "qiyong", "--no-default-features", "--", "demo"], args)
}

/// Runs cargo with these arguments and those of the user, and ends as it does.
pub(crate) fn cargo<S: AsRef<OsStr>>(own: &[&str], args: &[S]) -> ExitCode {
    match inner::cargo().args(own).args(args).status() {
        // A process ended by a signal has no code.
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("error: cannot start cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
