//! Reads the workspace for the rules: packages with their dependencies, and files. Judges nothing.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use serde_json::Value;

use super::source::Source;
use super::{annex_a, repeats};

/// A package of the workspace.
#[derive(Clone)]
pub(crate) struct Package {
    /// Its folder, from the root, with `/`.
    pub(crate) folder: String,
    /// The packages on which it depends to be built and run, on any target. Dependencies of its tests do not count.
    pub(crate) depends: BTreeSet<String>,
}

/// The workspace. Cheap to copy, so that a copy can get a fault.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) packages: BTreeMap<String, Package>,
    files: BTreeMap<String, Rc<File>>,
}

/// A file, with what the rules read from it: read once, however often it is judged.
struct File {
    text: String,
    source: Option<Source>,
    /// For a source, its rows that count, see [`repeats`].
    lines: Vec<(usize, u64)>,
    /// How many of some scenarios it contains, see [`annex_a`].
    scenarios: Cell<Option<annex_a::Found>>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self { packages: packages(root), files: BTreeMap::new() };
        tree.read_folder(root, "");
        tree
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("the workspace can be read") {
            let entry = entry.expect("the workspace can be read");
            let name = entry.file_name().into_string().expect("names are UTF-8");
            if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.read_folder(&entry.path(), &format!("{path}/"));
            } else if ["rs", "toml", "exchanges", "py"].iter().any(|end| name.ends_with(&format!(".{end}"))) {
                self.put(&path, fs::read_to_string(entry.path()).expect("sources are UTF-8"));
            }
        }
    }

    /// The text of a file; empty if there is no such file.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", |file| &file.text)
    }

    /// Adds a file, or replaces the file of this name.
    pub(crate) fn put(&mut self, path: &str, text: String) {
        let source = path.ends_with(".rs").then(|| Source::parse(path, &text));
        let lines = source.as_ref().map_or(Vec::new(), |_| repeats::that_count(&text));
        self.files.insert(path.to_string(), Rc::new(File { text, source, lines, scenarios: Cell::default() }));
    }

    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.files.get(path)?.source.as_ref()
    }

    /// All files: path, text, and how much of some scenarios each contains.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str, &Cell<Option<annex_a::Found>>)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.text.as_str(), &file.scenarios))
    }

    /// All sources with their rows that count: numbers, from 1, and hashes.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, &[(usize, u64)])> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.lines.as_slice()))
    }

    /// All Rust sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files.iter().filter_map(|(path, file)| Some((path.as_str(), file.source.as_ref()?)))
    }

    /// The package to which a file belongs: the one with the deepest folder.
    pub(crate) fn package_of(&self, path: &str) -> Option<&str> {
        let holds = self.packages.iter().filter(|(_, package)| path.starts_with(&format!("{}/", package.folder)));
        holds.max_by_key(|(_, package)| package.folder.len()).map(|(name, _)| name.as_str())
    }
}

fn packages(root: &Path) -> BTreeMap<String, Package> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let root = metadata["workspace_root"].as_str().expect("a folder");
    let text = |value: &Value| value.as_str().expect("a string").to_string();
    let package = |package: &Value| {
        let manifest = text(&package["manifest_path"]);
        let folder = manifest.strip_prefix(root).and_then(|path| path.strip_suffix("/Cargo.toml"));
        let dependencies = package["dependencies"].as_array().expect("a list");
        let depends = dependencies.iter().filter(|one| one["kind"] != "dev").map(|one| text(&one["name"])).collect();
        let folder = folder.expect("below the root").trim_start_matches('/').to_string();
        (text(&package["name"]), Package { folder, depends })
    };
    metadata["packages"].as_array().expect("a list").iter().map(package).collect()
}
