//! A Windows to run programs in, by wine: for the driver library's tests, and for those of the program.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What makes programs for it.
pub(crate) const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// A library of Windows 10 that wine 8 lacks.
const LACKING: &str = include_str!("../bcryptprimitives.c");

/// Makes in this folder, beside a program, what wine lacks.
pub(crate) fn make_what_wine_lacks(folder: &Path) {
    let source = folder.join("bcryptprimitives.c");
    fs::write(&source, LACKING).unwrap();
    let mut compile = Command::new(COMPILER);
    compile.arg("-shared").arg(source).arg("-o").arg(folder.join("bcryptprimitives.dll")).arg("-ladvapi32");
    assert!(compile.status().expect("`cargo xtask setup` installs it").success());
}

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
