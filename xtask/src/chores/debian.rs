//! Installs Debian packages that are missing.
//!
//! This file knows dpkg and apt. `setup` and `arm` know which packages the project needs.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::chores::step;

/// A Debian package, and what the project needs it for.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
}

/// Installs those of `packages` that are missing. Prints nothing if none is missing.
///
/// # Errors
/// A package is still missing afterwards: the error names each one, what it is for, and what to do.
pub(crate) fn install(packages: &[&Package]) -> Result<()> {
    let wanted = missing(packages);
    if wanted.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = wanted.iter().map(|package| package.name).collect();
    step::say(format!("installing Debian packages: {}", names.join(" ")));

    // The exit code does not decide: an unreachable third-party source makes `update` fail, although all wanted
    // packages can be installed. What counts is which packages are installed in the end.
    apt_get(&["update"]);
    let install = ["install", "-y", "--no-install-recommends"];
    apt_get(&[&install, names.as_slice()].concat());

    let missing = missing(&wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = missing.iter().map(|package| format!("{} ({})", package.name, package.purpose)).collect();
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    let by_hand = match step::ask(step::command("dpkg-query").arg("--version")) {
        Some(_) => format!("install them by hand, as root: `apt-get install {}`", names.join(" ")),
        None => "this machine has no dpkg: install their like from your system's packages, and run \
                 `cargo test --workspace` and `cargo xtask firmware` in place of `cargo xtask test`"
            .to_string(),
    };
    bail!("Debian packages not installed: {}; apt-get's own message is above; {by_hand}", list.join(", "));
}

/// Those of `packages` that are not installed; all of them if there is no dpkg.
fn missing<'a>(packages: &[&'a Package]) -> Vec<&'a Package> {
    let installed = |package: &Package| {
        step::ask(step::command("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package.name]))
            .is_some_and(|status| status == "installed")
    };
    packages.iter().copied().filter(|package| !installed(package)).collect()
}

/// The name of this release of Debian, such as bookworm; `None` where there is none.
pub(crate) fn codename() -> Option<String> {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = about.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(codename.trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// What is left of the line that begins with `known` and a blank, among those of this format, one for each list of packages that apt is
/// set up with.
pub(crate) fn source(format: &str, known: &str) -> Option<String> {
    let lists = ["indextargets", "--format", format, "Created-By: Packages"];
    let said = step::ask(step::command("apt-get").args(lists))?;
    said.lines().find_map(|line| line.strip_prefix(known)?.strip_prefix(' ')).map(str::to_owned)
}

/// A command of root's, without questions: by sudo, unless this is root.
pub(crate) fn as_root(program: &str) -> Command {
    if step::ask(step::command("id").arg("-u")).is_some_and(|user| user == "0") {
        return step::command(program);
    }
    let mut sudo = step::command("sudo");
    sudo.args(["-n", program]);
    sudo
}

/// Runs apt-get as root, without questions. Waits if another apt is at work. Prints a message if apt-get cannot start.
pub(crate) fn apt_get(args: &[&str]) {
    // `env` passes the variable, since sudo drops its own.
    let apt_get = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"];
    if let Err(error) = step::status(as_root("env").args(apt_get).args(args)) {
        step::say(format!("{error:#}"));
    }
}
