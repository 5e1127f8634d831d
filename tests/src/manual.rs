//! The manual, docs/usage.md: its examples are run as they are written, and their output is compared with what is printed
//! below them. The demo's text is compared elsewhere (`program`).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::programs::Watched;
use crate::qiyong;

/// The fenced blocks of a language under a heading, one after the other.
///
/// # Panics
/// The heading is not there, or has no such block.
#[must_use]
pub fn blocks(heading: &str, language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/usage.md");
    let page = fs::read_to_string(page).expect("the manual");
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut found = String::new();
    let mut inside = false;
    for line in section.lines() {
        match line.strip_prefix("```") {
            Some(opens) => inside = opens == language,
            None if inside => found += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!found.is_empty(), "{heading} has no {language}");
    found
}

/// Runs the `sh` blocks under a heading in an empty folder; what they print must be the `text` blocks.
///
/// # Panics
/// A command fails, or prints something else.
pub fn runs_as_written(heading: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = qiyong().parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command.args(["-eu", "-o", "pipefail", "-c", &blocks(heading, "sh")]).current_dir(folder.path());
    let output = Watched::start(command.env("PATH", format!("{}:{path}", programs.display()))).output();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, blocks(heading, "text"), "{}", String::from_utf8_lossy(&output.stderr));
}
