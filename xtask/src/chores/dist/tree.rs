//! Which file is where in an archive. Trees are made anew each time; who may read or run a file does not depend on the umask.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::build::Parts;
use crate::chores::step;

/// A file for everybody to read.
const READ: u32 = 0o644;
/// A file for everybody to run.
const RUN: u32 = 0o755;

/// What stands beside every program.
const TEXTS: [(&str, &str); 5] = [
    ("README.md", "README.md"),
    ("README.zh.md", "README.zh.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("firmware/src/ui/font/OFL-1.1.txt", "LICENSE-OFL-1.1-glyphs"),
];
/// What a caller of the driver library needs.
const CALLERS: [&str; 2] = ["host-sim/driver/include/sscarddriver.h", "host-sim/driver/include/SSCardDriver.ini"];
/// The program in which the emulated Pico runs, where the program for Linux looks for it. What it needs of others is installed by npm.
const PICO: &str = "host-sim/lab/rp2040";
const PICO_BESIDE: &str = "rp2040";
const PICO_OF_DEBIAN: &str = "usr/share/qiyong/rp2040";
/// Where Debian has documents of the package.
const DOC: &str = "usr/share/doc/qiyong";
/// What the package says of itself. It depends on nothing: `build` makes sure that the program is static.
const CONTROL: &str = "Package: qiyong
Version: VERSION
Architecture: amd64
Maintainer: The Qiyong contributors
Installed-Size: SIZE
Section: utils
Priority: optional
Description: simulator of terminal, card and centre for social security cards
 Puts virtual social security cards of China into use, on a virtual card line,
 with the firmware of a terminal, and against a card centre; plays scenarios
 with faults, decodes ATRs and messages, and serves a centre.
";

/// A folder whose files become an archive.
struct Tree(PathBuf);

impl Tree {
    fn new(at: &Path) -> Result<Self> {
        if at.exists() {
            fs::remove_dir_all(at)?;
        }
        fs::create_dir_all(at)?;
        Ok(Self(at.into()))
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
        let path = self.0.join(name);
        let folder = path.parent().context("a file in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&self.0)) {
            fs::set_permissions(folder, Permissions::from_mode(RUN))?;
        }
        Ok(())
    }

    fn copy(&self, from: &Path, name: &str, mode: u32) -> Result<()> {
        let from = step::root().join(from);
        self.put(name, fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?, mode)
    }

    /// The texts beside a program, the documents, and scenarios to begin with.
    fn texts(&self, parts: &Parts) -> Result<()> {
        TEXTS.iter().try_for_each(|(from, name)| self.copy(Path::new(from), name, READ))?;
        self.put("THIRD-PARTY.txt", &parts.third_party, READ)?;
        self.docs("docs")?;
        self.folder("host-sim/scenarios", "host-sim/scenarios", "toml")?;
        self.copy(Path::new("host-sim/scenarios/README.md"), "host-sim/scenarios/README.md", READ)
    }

    /// The documents, with their pictures and schemas.
    fn docs(&self, to: &str) -> Result<()> {
        ["md", "svg"].iter().try_for_each(|ending| self.folder("docs", to, ending))?;
        ["md", "json"].iter().try_for_each(|ending| self.folder("docs/schemas", &format!("{to}/schemas"), ending))
    }

    /// What the emulated Pico needs.
    fn pico(&self, to: &str) -> Result<()> {
        ["mjs", "json"].iter().try_for_each(|ending| self.folder(PICO, to, ending))
    }

    /// Files whose names end so.
    fn folder(&self, from: &str, to: &str, ending: &str) -> Result<()> {
        for entry in fs::read_dir(step::root().join(from))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == ending) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.copy(&path, &format!("{to}/{name}"), READ)?;
            }
        }
        Ok(())
    }
}

/// The tree of the archive for Linux.
pub(super) fn linux(parts: &Parts, at: &Path) -> Result<()> {
    let tree = Tree::new(at)?;
    tree.texts(parts)?;
    tree.copy(&parts.qiyong, "qiyong", RUN)?;
    tree.copy(&parts.library, "driver/libsscarddriver.so", READ)?;
    CALLERS.iter().try_for_each(|file| tree.copy(Path::new(file), &in_folder("driver", file), READ))?;
    for (page, text) in &parts.pages {
        tree.put(&format!("man/man1/{page}"), text, READ)?;
    }
    for (place, script) in &parts.completions {
        tree.put(&in_folder("completions", place), script, READ)?;
    }
    tree.pico(PICO_BESIDE)
}

/// The tree of the archive for Windows.
pub(super) fn windows(parts: &Parts, at: &Path) -> Result<()> {
    let tree = Tree::new(at)?;
    tree.texts(parts)?;
    tree.copy(&parts.exe, "qiyong.exe", RUN)?;
    tree.copy(&parts.dll, "driver/SSCardDriver.dll", RUN)?;
    CALLERS.iter().try_for_each(|file| tree.copy(Path::new(file), &in_folder("driver", file), READ))
}

/// The tree of the package of Debian.
pub(super) fn debian(parts: &Parts, at: &Path) -> Result<()> {
    let tree = Tree::new(at)?;
    tree.copy(&parts.qiyong, "usr/bin/qiyong", RUN)?;
    for (page, text) in &parts.pages {
        tree.put(&format!("usr/share/man/man1/{page}.gz"), compressed(text)?, READ)?;
    }
    for (place, script) in &parts.completions {
        tree.put(place, script, READ)?;
    }
    tree.pico(PICO_OF_DEBIAN)?;
    for name in ["README.md", "README.zh.md"] {
        tree.copy(Path::new(name), &format!("{DOC}/{name}"), READ)?;
    }
    tree.docs(&format!("{DOC}/docs"))?;
    tree.put(&format!("{DOC}/third-party"), &parts.third_party, READ)?;
    tree.put(&format!("{DOC}/copyright"), copyright()?, READ)?;

    let files = files(at)?;
    let mut sums = step::command("md5sum");
    sums.current_dir(at).args(&files).stdin(Stdio::null());
    let output = sums.output()?;
    ensure!(output.status.success(), "md5sum: {}", output.status);
    tree.put("DEBIAN/md5sums", output.stdout, READ)?;
    let bytes: u64 = files.iter().map(|file| fs::metadata(at.join(file)).map_or(0, |about| about.len())).sum();
    let control =
        CONTROL.replace("VERSION", env!("CARGO_PKG_VERSION")).replace("SIZE", &bytes.div_ceil(1024).to_string());
    tree.put("DEBIAN/control", control, READ)
}

/// Every file of a tree, sorted, by its path in it.
pub(super) fn files(at: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![at.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(at)?.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn in_folder(folder: &str, file: &str) -> String {
    format!("{folder}/{}", file.rsplit('/').next().unwrap_or(file))
}

/// As Debian wants pages: compressed, without name and time.
fn compressed(text: &[u8]) -> Result<Vec<u8>> {
    let mut file = tempfile::tempfile()?;
    std::io::Write::write_all(&mut file, text)?;
    std::io::Seek::rewind(&mut file)?;
    let output = Command::new("gzip").args(["-9", "-n", "-c"]).stdin(file).output()?;
    ensure!(output.status.success(), "gzip: {}", output.status);
    Ok(output.stdout)
}

/// Who may do what with the package.
fn copyright() -> Result<String> {
    let root = step::root();
    let mit = fs::read_to_string(root.join("LICENSE-MIT"))?;
    let glyphs = fs::read_to_string(root.join("firmware/src/ui/font/OFL-1.1.txt"))?;
    Ok(format!(
        "Qiyong, by the Qiyong contributors: MIT or Apache-2.0, as you like.\nThe crates in it and their licences: \
         third-party, beside this file.\nThe glyphs of its screens are GNU Unifont's: SIL Open Font License 1.1.\n\n\
         == Apache-2.0\n\nOn Debian: /usr/share/common-licenses/Apache-2.0\n\n== MIT\n\n{mit}\n== SIL Open Font License 1.1\n\n{glyphs}"
    ))
}
