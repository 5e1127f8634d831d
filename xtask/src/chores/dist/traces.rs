//! What is packed says nothing of the machine that built it: no file names one of these folders. Files are searched as bytes; what is
//! compressed in a tree stands in another one as it is.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::chores::step;

/// No file of this tree has the name of one of these folders in it.
///
/// # Errors
/// One has: the error says which file, and which folder.
pub(super) fn none(tree: &Path, folders: &[(PathBuf, &str)]) -> Result<()> {
    for (folder, _) in folders {
        let folder = folder.to_string_lossy();
        let search = ["--recursive", "--text", "--fixed-strings", "--files-with-matches", "--regexp", &*folder];
        let found = step::answer(step::command("grep").args(search).arg(tree))?;
        // 1: it is nowhere.
        let named = String::from_utf8_lossy(&found.stdout);
        ensure!(
            named.is_empty(),
            "the folder {folder} of this machine is named in {}",
            named.trim().replace('\n', ", ")
        );
        ensure!(found.status.code() == Some(1), "grep: {}", found.status);
    }
    Ok(())
}

/// A tree with a file that names such a folder is refused, and one without is not.
///
/// # Errors
/// It is the other way round.
pub(super) fn convict(at: &Path, folders: &[(PathBuf, &str)]) -> Result<()> {
    if at.exists() {
        std::fs::remove_dir_all(at)?;
    }
    std::fs::create_dir_all(at.join("man"))?;
    std::fs::write(at.join("qiyong"), b"\x7FELF\0/qiyong/host-sim\0")?;
    none(at, folders)?;
    for (folder, _) in folders {
        let name = at.join("man/traced");
        std::fs::write(&name, format!("\0\0{}/host-sim\0", folder.display()))?;
        let found = none(at, folders);
        let words = found.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(words.contains("man/traced"), "nobody noticed that a file names {}: {words}", folder.display());
        println!("a file names a folder of this machine: {words}");
        std::fs::remove_file(name)?;
    }
    Ok(())
}
