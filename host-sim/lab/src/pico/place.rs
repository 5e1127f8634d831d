//! Where the program lies that runs the chip: in the folder that the user names, beside this program, as archives have it, or in the
//! sources that this program was built from. Not here: whether Node.js finds its packages.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::emulator::EmulatorError;

/// The variable that names the folder.
const VARIABLE: &str = "QIYONG_RP2040";
/// What lies in it.
const PROGRAM: &str = "harness.mjs";
/// From the folder of this program: the folder in an archive, and in a package of Debian.
const SHIPPED: [&str; 2] = ["rp2040", "../share/qiyong/rp2040"];
/// Where cargo puts this program, from the root of the sources, and where the folder is from there.
const BUILT: &str = "target";
const SOURCES: &str = "host-sim/lab/rp2040";

/// The program.
///
/// # Errors
/// It is in none of these folders.
pub(super) fn harness() -> Result<PathBuf, EmulatorError> {
    find(env::var_os(VARIABLE), &env::current_exe()?)
}

fn find(named: Option<OsString>, this: &Path) -> Result<PathBuf, EmulatorError> {
    let folders = match named.filter(|named| !named.is_empty()) {
        Some(named) => vec![named.into()],
        None => {
            let beside = SHIPPED.iter().filter_map(|folder| Some(this.parent()?.join(folder)));
            // Only there: a folder of this name somewhere above may be anybody's.
            let built = this.ancestors().filter(|folder| folder.ends_with(BUILT));
            beside.chain(built.filter_map(|folder| Some(folder.parent()?.join(SOURCES)))).collect()
        }
    };
    let found = folders.iter().map(|folder| folder.join(PROGRAM)).find(|program| program.is_file());
    found.ok_or_else(|| EmulatorError::NoHarness {
        folders: folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_named_folder_counts_then_what_was_shipped_then_the_sources() {
        let root = tempfile::tempdir().unwrap();
        let put = |folder: &str| {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(PROGRAM), "").unwrap();
        };
        let found = |named: &str, this: &str| {
            let named = (!named.is_empty()).then(|| root.path().join(named).into());
            let found = find(named, &root.path().join(this)).map(|path| path.canonicalize().unwrap());
            let root = root.path().canonicalize().unwrap();
            found
                .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned())
                .map_err(|why| why.to_string())
        };
        let this = "target/debug/deps/qiyong";
        fs::create_dir_all(root.path().join("target/debug/deps")).unwrap();
        let nowhere = found("", this).unwrap_err();
        for words in ["target/debug/deps/rp2040, ", "/host-sim/lab/rp2040", "QIYONG_RP2040"] {
            assert!(nowhere.contains(words), "{words}: {nowhere}");
        }
        put(SOURCES);
        assert_eq!(found("", this).unwrap(), "host-sim/lab/rp2040/harness.mjs");
        // A folder above that is not the one of a program that was built.
        assert!(found("", "elsewhere/qiyong").is_err());
        put("target/debug/deps/rp2040");
        assert_eq!(found("", this).unwrap(), "target/debug/deps/rp2040/harness.mjs");
        put("own");
        assert_eq!(found("own", this).unwrap(), "own/harness.mjs");
        // Who names a folder wants no other.
        assert!(found("none", this).unwrap_err().contains("none"));
        put("usr/share/qiyong/rp2040");
        fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        assert_eq!(found("", "usr/bin/qiyong").unwrap(), "usr/share/qiyong/rp2040/harness.mjs");
    }
}
