//! Which settings files there are: `qiyong.toml` in the folder where one works or the nearest above it, and the user's own.

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use qiyong_sim::input::read_text;

/// The name of the file.
const NAME: &str = "qiyong.toml";
/// Names the one file that is read; with an empty value, none is.
const NAMED: &str = "QIYONG_SETTINGS";

/// A file, as it is told, and its text.
pub(super) struct File {
    pub(super) shown: String,
    pub(super) text: String,
}

/// The files, the nearest first.
///
/// # Errors
/// One cannot be read, or is not UTF-8.
pub(super) fn found() -> Result<Vec<File>, String> {
    if let Some(named) = env::var_os(NAMED) {
        let one = |path: &OsString| {
            read(Path::new(path))?
                .ok_or_else(|| format!("{NAMED}: there is no file {}: name another, or leave it empty", path.display()))
        };
        return if named.is_empty() { Ok(Vec::new()) } else { one(&named).map(|file| vec![file]) };
    }
    let here = env::current_dir().ok().map(|folder| folder.ancestors().map(|folder| folder.join(NAME)).collect());
    let here: Vec<PathBuf> = here.unwrap_or_default();
    let mut files = Vec::new();
    for path in here {
        if let Some(file) = read(&path)? {
            files.push(file);
            break;
        }
    }
    if let Some(file) = own().map(|path| read(&path)).transpose()?.flatten() {
        files.push(file);
    }
    Ok(files)
}

/// The user's own.
fn own() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        folder("APPDATA")
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("qiyong").join(NAME))
}

/// The file, if there is one.
fn read(path: &Path) -> Result<Option<File>, String> {
    match read_text(path) {
        Ok(text) => Ok(Some(File { shown: path.display().to_string(), text })),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!(
            "{}: the settings cannot be read: {error}; let this user read them, or name others in QIYONG_SETTINGS",
            path.display()
        )),
    }
}
