//! A Windows to run programs in, by wine: for the driver library's tests, and for those of the program.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What makes programs for it.
pub(crate) const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// A Windows of its own, with nothing in it: its libraries are those of wine itself.
pub(crate) struct Windows(TempDir);

impl Windows {
    /// One that has not started yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("drive_c/windows/system32")).unwrap();
        fs::create_dir(folder.path().join("dosdevices")).unwrap();
        symlink("../drive_c", folder.path().join("dosdevices/c:")).unwrap();
        symlink("/", folder.path().join("dosdevices/z:")).unwrap();
        // Otherwise it would be filled with copies of all libraries, which takes ten seconds and 700 MB.
        fs::write(folder.path().join(".update-timestamp"), "disable").unwrap();
        Self(folder)
    }

    /// A program of wine's, in it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(Path::new("/usr/lib/wine").join(program));
        command
            .env("WINEPREFIX", self.0.path())
            .env("WINEDEBUG", "-all")
            // Takes libraries from wine's own folder.
            .env("WINEBOOTSTRAPMODE", "1")
            .env_remove("DISPLAY");
        command
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        // Its server goes on for a while.
        let _ = self.command("wineserver64").arg("-k").status();
    }
}
