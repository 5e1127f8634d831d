//! Commands that this program starts: at the root of the workspace, and a cargo as if the user had called it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What an outer `cargo xtask` leaves in the environment for this program. Passed on to an inner cargo, it would make
/// build scripts that watch these variables run again each time.
const LEFT_BY_CARGO_RUN: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"];

/// The root of the workspace: every command runs there, wherever `cargo xtask` was called.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the workspace").to_path_buf()
}

/// A command that starts at the root of the workspace.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    cargo_at("cargo")
}

/// A cargo, without what the cargo that runs this program left in the environment; and without what would make its next build
/// quicker, which would fill twice the disk.
pub(crate) fn cargo_at(program: &str) -> Command {
    let mut command = command(program);
    command.env("CARGO_INCREMENTAL", "0");
    for (name, _) in env::vars_os() {
        if LEFT_BY_CARGO_RUN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}
