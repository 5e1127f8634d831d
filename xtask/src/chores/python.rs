//! Python packages that the tests run as programs, in an environment of their own below `target/`.
//!
//! Which version: the one that is named here, so that a run of today and one of next year ask the same.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::chores::step;

/// What holds the centre's OpenAPI document against its answers.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// The environment. Its name has the version, so that another version gets another one.
fn environment() -> PathBuf {
    step::root().join("target/python").join(SCHEMATHESIS.replace("==", "-"))
}

/// Makes the environment if it is missing. Otherwise prints nothing.
///
/// # Errors
/// The package is still missing afterwards: the error says what to do by hand.
pub(crate) fn install() -> Result<()> {
    let folder = environment();
    let program = folder.join("bin/schemathesis");
    let works = || step::ask(Command::new(&program).arg("--version")).is_some();
    if works() {
        return Ok(());
    }
    step::status(step::command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS];
    step::status(Command::new(folder.join("bin/pip")).args(install))?;
    if !works() {
        let folder = folder.display();
        bail!(
            "no {SCHEMATHESIS}, which holds the centre's answers against its OpenAPI document: \
             `python3 -m venv {folder} && {folder}/bin/pip install {SCHEMATHESIS}`"
        );
    }
    Ok(())
}
