//! Which files are played: those that are named, and all that are in the folders that are named.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep folders lie in each other at most.
const DEPTH: usize = 64;

/// The files that `named` means, in this order; those of a folder by their paths. Of a folder, everything that ends with `.toml`, in
/// it and in the folders in it, but nothing that is hidden.
///
/// # Errors
/// A folder cannot be read, or there is no such file in it.
pub(super) fn all(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            // Whether it is there is told when it is read.
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        enter(path, DEPTH, &mut found)?;
        if found.is_empty() {
            return Err(format!(
                "{}: there is no scenario in this folder, since no file ends with .toml: name another",
                path.display()
            ));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

fn enter(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let wrong = |error: std::io::Error| {
        format!("{}: this folder cannot be read: {error}; let this user read it, or name the files", folder.display())
    };
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(wrong)?);
        if is_hidden(&entry.file_name()) {
            continue;
        }
        // A link to a folder may lead back.
        if kind.is_dir() {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| format!("{}: too many folders in folders: name one further in", path.display()))?;
            enter(&path, depth, found)?;
        } else if path.extension() == Some(OsStr::new("toml")) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_means_its_files_by_path_and_nothing_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b", "b/deep", ".git", "empty", "empty/none"] {
            fs::create_dir(at(name)).unwrap();
        }
        let there =
            ["c.toml", "b/x.toml", "b/deep/y.toml", "a.toml", ".hidden.toml", ".git/z.toml", "b/readme.md", "toml"];
        for name in there {
            fs::write(at(name), "").unwrap();
        }
        let expected = ["a.toml", "b/deep/y.toml", "b/x.toml", "c.toml"].map(at);
        assert_eq!(all(&[folder.path().into()]).unwrap(), expected);
        // The order of the arguments is kept, and what is named is not judged here.
        let named = [at("none.toml"), at("b"), at(".hidden.toml")];
        assert_eq!(all(&named).unwrap(), [at("none.toml"), at("b/deep/y.toml"), at("b/x.toml"), at(".hidden.toml")]);
        let error = all(&[at("b"), at("empty")]).unwrap_err();
        assert!(error.contains("empty: there is no scenario in this folder"), "{error}");
    }
}
