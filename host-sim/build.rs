//! Gives the program its version with the commit that it is built from: `0.1.0 (a4a7903)`. Without a repository, as in an
//! archive of sources, the version alone. And says whether boards can be emulated: `cfg(boards)`.

use std::env;
use std::process::Command;

fn main() {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = match git(&["rev-parse", "--short", "HEAD"]) {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    println!("cargo::rustc-env=QIYONG_VERSION={version}");
    // HEAD's log grows with each commit and each move to another one.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    // Emulators are programs that are reached over Unix sockets.
    println!("cargo::rustc-check-cfg=cfg(boards)");
    if env::var_os("CARGO_FEATURE_LAB").is_some() && env::var_os("CARGO_CFG_UNIX").is_some() {
        println!("cargo::rustc-cfg=boards");
    }
}

/// What git prints, or nothing if there is no git or no repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
