//! What the end-to-end tests share.

use std::env;
use std::path::PathBuf;

/// The `qiyong` program that this build made: `target/<profile>/qiyong`, beside `deps/` where the test lies.
///
/// `cargo test` does not build another package's program, so it must be there already: `cargo xtask test` sees to that,
/// and so does `cargo build -p qiyong-host-sim`.
///
/// # Panics
/// If the program is missing; the message says what to do.
#[must_use]
pub fn qiyong() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("the test lies in target/<profile>/deps");
    let program = profile.join(format!("qiyong{}", env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is missing: run `cargo build -p qiyong-host-sim` first", program.display());
    program
}
