//! Measures the engines and the card line (`qiyong_tests::bench`); `cargo xtask bench` runs it, in release mode.

use std::process::ExitCode;

use qiyong_tests::bench::{Effort, report, rows};

fn main() -> ExitCode {
    report::print(&rows(Effort::FULL))
}
