//! QEMU for `qiyong emulate`: whether it is installed and new enough, and where to get it.
//!
//! The QEMU of Debian 12 is too old to have the board; the backports have a newer one.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::chores::debian;
use crate::chores::step;

const PROGRAM: &str = "qemu-system-arm";
/// The first version with the board `b-l475e-iot01a` and its USARTs.
const OLDEST: (u32, u32) = (9, 1);
/// The file that names a source of backports.
const SOURCE: &str = "/etc/apt/sources.list.d/qiyong-backports.list";

/// Installs QEMU if it is missing or too old. Otherwise prints nothing.
///
/// # Errors
/// QEMU is still missing or too old afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    step::say(format!("{PROGRAM} is missing or older than {}.{}", OLDEST.0, OLDEST.1));
    // In newer Debians the ordinary package is new enough.
    let backports = debian::codename().filter(|name| name == "bookworm").map(|name| format!("{name}-backports"));
    if let Some(backports) = &backports {
        add_source(backports);
    }
    debian::apt_get(&["update"]);
    let from: Vec<&str> = backports.iter().flat_map(|name| ["-t", name]).collect();
    debian::apt_get(&[&["install", "-y", "--no-install-recommends"], from.as_slice(), &[PROGRAM]].concat());
    if !is_there() {
        bail!(
            "no {PROGRAM} of version {}.{} or later, in which `qiyong emulate` and its tests run the image: install the \
             package {PROGRAM}, in Debian 12 from bookworm-backports",
            OLDEST.0,
            OLDEST.1
        );
    }
    Ok(())
}

fn is_there() -> bool {
    let said = step::ask(step::command(PROGRAM).arg("--version")).unwrap_or_default();
    let number = said.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// Adds the release's backports, unless they are there, from the mirror that the machine already uses.
fn add_source(backports: &str) {
    let mirror = |release: &str| debian::source("$(RELEASE) $(REPO_URI)", release);
    if mirror(backports).is_some() {
        return;
    }
    let release = backports.trim_end_matches("-backports");
    let Some(mirror) = mirror(release) else {
        step::say(format!("no apt source for {release} to take {backports} from"));
        return;
    };
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let signed = if Path::new(keyring).exists() { format!("[signed-by={keyring}] ") } else { String::new() };
    step::say(format!("adding {backports} to apt's sources: {SOURCE}"));
    if let Err(error) = fs::write(SOURCE, format!("deb {signed}{mirror} {backports} main\n")) {
        step::say(format!("cannot write {SOURCE}: {error}"));
    }
}
