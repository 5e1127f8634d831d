//! The closing lines of a test run: what was counted, such as mutants caught. `cargo xtask test` collects and prints them
//! when all tests have passed.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// The file that `cargo xtask test` reads names itself in this variable of the environment.
const FILE: &str = "QIYONG_CLOSING_LINES";

/// Prints a closing line, and adds it to the file of this run, if there is one.
///
/// # Panics
/// The file cannot be written.
pub fn closing_line(line: &str) {
    println!("{line}");
    if let Some(path) = env::var_os(FILE) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).expect("the file of closing lines");
        // In one piece, since tests run at the same time.
        file.write_all(format!("{line}\n").as_bytes()).expect("the file of closing lines");
    }
}
