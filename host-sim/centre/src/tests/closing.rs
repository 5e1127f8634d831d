//! The closing lines of a test run, which `cargo xtask test` collects and prints once all tests have passed; as in
//! `qiyong-tests`, on which this crate cannot depend.

use std::fs::OpenOptions;
use std::io::Write;

/// Prints a closing line, and adds it to the file that `cargo xtask test` names.
pub(crate) fn closing_line(line: &str) {
    println!("{line}");
    if let Some(path) = std::env::var_os("QIYONG_CLOSING_LINES") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}
