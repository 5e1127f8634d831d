//! Archives of trees, by the system's tar, zip and dpkg-deb: sorted, of one time, and owned by root, so that the same tree gives the
//! same bytes.

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;

use anyhow::Result;

use super::tree;
use crate::chores::step;

/// The file with the sums of the others.
pub(super) const SUMS: &str = "SHA256SUMS";

/// NAME.tar.gz of the folder of this name.
pub(super) fn tar(at: &Path, name: &str, moment: u64, level: &str) -> Result<String> {
    let made = format!("{name}.tar.gz");
    let same = ["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner"];
    let compress = format!("--use-compress-program=gzip -n -{level}");
    let mut tar = step::command("tar");
    tar.current_dir(at).args(same).args([&format!("--mtime=@{moment}"), &compress]);
    step::run(tar.args(["--create", "--file", &made, name]))?;
    Ok(made)
}

/// NAME.zip of the folder of this name.
pub(super) fn zip(at: &Path, name: &str, moment: u64, level: &str) -> Result<String> {
    let made = format!("{name}.zip");
    // It adds to an archive that is there.
    if at.join(&made).exists() {
        fs::remove_file(at.join(&made))?;
    }
    set_time(&at.join(name), moment)?;
    let mut list = tempfile::tempfile()?;
    for file in tree::files(&at.join(name))? {
        writeln!(list, "{name}/{file}")?;
    }
    list.rewind()?;
    let mut zip = step::command("zip");
    // A zip has times without their zone.
    zip.current_dir(at).env("TZ", "UTC").args(["-X", "-D", "-q", &format!("-{level}"), &made, "-@"]).stdin(list);
    step::run(&mut zip)?;
    Ok(made)
}

/// A package of Debian of the tree `name`.
pub(super) fn deb(at: &Path, name: &str, made: &str, moment: u64, level: &str) -> Result<String> {
    set_time(&at.join(name), moment)?;
    let mut deb = step::command("dpkg-deb");
    deb.current_dir(at).env("SOURCE_DATE_EPOCH", moment.to_string());
    // What a dpkg of any age reads.
    step::run(deb.args(["--root-owner-group", "-Zgzip", &format!("-z{level}"), "--build", name, made]))?;
    Ok(made.into())
}

/// The sums of these files, as `sha256sum --check` reads them.
pub(super) fn sums(at: &Path, names: &[String]) -> Result<&'static str> {
    let sums = step::output(step::command("sha256sum").current_dir(at).args(names))?;
    fs::write(at.join(SUMS), sums)?;
    step::run(step::command("sha256sum").current_dir(at).args(["--check", "--quiet", SUMS]))?;
    Ok(SUMS)
}

fn set_time(tree: &Path, moment: u64) -> Result<()> {
    let mut find = step::command("find");
    step::run(find.arg(tree).args(["-exec", "touch", "--no-dereference", &format!("--date=@{moment}"), "{}", "+"]))
}
