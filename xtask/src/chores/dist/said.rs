//! What the program for Linux prints of itself: the pages of its manual, and what completes its words in shells.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Shells, and where Debian has what completes words in them.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/qiyong"),
    ("zsh", "usr/share/zsh/vendor-completions/_qiyong"),
    ("fish", "usr/share/fish/vendor_completions.d/qiyong.fish"),
];

/// What the program for Linux prints.
fn said(qiyong: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(qiyong).args(arguments).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("qiyong {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

/// The pages of the manual, by their names.
pub(super) fn pages(qiyong: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = qiyong.with_file_name("man1");
    let listed = said(qiyong, &["manual", "--out", &folder.to_string_lossy()])?;
    let listed = String::from_utf8(listed)?;
    let mut pages = Vec::new();
    for path in listed.lines().map(Path::new) {
        let name = path.file_name().context("a page has a name")?;
        pages.push((name.to_string_lossy().into_owned(), fs::read(path)?));
    }
    pages.sort();
    ensure!(!pages.is_empty(), "the manual has no page");
    Ok(pages)
}

/// What completes words in each shell, by its place in Debian.
pub(super) fn completions(qiyong: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    SHELLS.iter().map(|(shell, place)| Ok((*place, said(qiyong, &["completions", shell])?))).collect()
}
