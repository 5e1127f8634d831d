//! No circle of files within a crate.
//!
//! A file uses another file if its code (not its tests) names a path into it: `use crate::a::B`, `super::b()`,
//! `crate::a::c()`, `child::D`. If the path goes through a name that a module only re-exports, it leads to the file
//! that defines the name. A parent that declares a child (`mod child`) or re-exports its names (`pub use child::D`)
//! does not thereby use it. Methods called on a value, and names from macros, leave no path and are not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::exceptions::Exceptions;
use super::source::How;
use super::tree::Tree;
use super::{Kind, Wrong, arrows};

/// A module's place in its crate; the root is empty.
type Place = Vec<String>;

/// A crate: a root file, and the modules that are reached from it.
struct Crate<'t> {
    tree: &'t Tree,
    /// The file of each module; one in braces is in its parent's.
    files: BTreeMap<Place, String>,
    /// By module, the names that it imports or re-exports, and the paths for which they stand, as written there.
    names: BTreeMap<Place, BTreeMap<String, Vec<String>>>,
    /// By module, the paths that it re-exports as a whole.
    globs: BTreeMap<Place, Vec<Vec<String>>>,
}

/// Which files each file uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The circles of all crates, except those with an exception.
pub(crate) fn check(tree: &Tree, exceptions: &mut Exceptions) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for root in roots(tree) {
        let uses = Crate::read(tree, &root).uses();
        for circle in circles(&uses) {
            if !exceptions.allows_circle(&circle) {
                let inner = |file: &String| uses[file].iter().filter(|other| circle.contains(other)).cloned();
                let arrows: Vec<_> =
                    circle.iter().flat_map(|file| inner(file).map(move |other| format!("{file} -> {other}"))).collect();
                wrong.push((Kind::Circle, format!("{circle:?}: {}", arrows.join(", "))));
            }
        }
    }
    wrong
}

/// How much was examined, in words.
pub(crate) fn count(tree: &Tree) -> String {
    let uses: Vec<Uses> = roots(tree).iter().map(|root| Crate::read(tree, root).uses()).collect();
    let arrows: usize = uses.iter().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
    let circles: usize = uses.iter().map(|uses| circles(uses).len()).sum();
    format!("{arrows} arrows between files, {circles} circles")
}

/// The root files of all crates of packages.
fn roots(tree: &Tree) -> Vec<String> {
    let places = tree
        .packages
        .values()
        .flat_map(|package| ["lib.rs", "main.rs"].map(|root| format!("{}/src/{root}", package.folder)));
    places.filter(|root| tree.source(root).is_some()).collect()
}

impl<'t> Crate<'t> {
    fn read(tree: &'t Tree, root: &str) -> Self {
        let mut all = Self { tree, files: BTreeMap::new(), names: BTreeMap::new(), globs: BTreeMap::new() };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        all.enter(Vec::new(), root, folder);
        all
    }

    /// Reads the module in `file`, whose children's files are in `folder`.
    fn enter(&mut self, place: Place, file: &str, folder: &str) {
        let Some(source) = self.tree.source(file) else { return };
        self.files.insert(place.clone(), file.to_string());
        for named in &source.named {
            let module = [place.clone(), named.within.clone()].concat();
            match &named.how {
                How::Use(Some(name)) | How::ReExport(Some(name)) => {
                    self.names.entry(module).or_default().insert(name.clone(), named.segments.clone());
                }
                How::ReExport(None) => self.globs.entry(module).or_default().push(named.segments.clone()),
                How::Use(None) | How::Code => {}
            }
        }
        for declared in &source.declared {
            let inner = [place.clone(), declared.within.clone(), vec![declared.name.clone()]].concat();
            if declared.inline {
                self.files.insert(inner, file.to_string());
                continue;
            }
            let below = [vec![folder.to_string()], declared.within.clone()].concat().join("/");
            let own = file.rsplit_once('/').map_or("", |(own, _)| own);
            let (flat, deep) = match &declared.path {
                Some(path) => (format!("{own}/{path}"), String::new()),
                None => (format!("{below}/{}.rs", declared.name), format!("{below}/{}/mod.rs", declared.name)),
            };
            let child = if self.tree.source(&flat).is_some() { flat } else { deep };
            let children = format!("{below}/{}", declared.name);
            self.enter(inner, &child, &children);
        }
    }

    /// Which files each file uses.
    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (place, file) in &self.files {
            uses.entry(file.clone()).or_default();
            // A module in braces is read together with its file's own module.
            let parent = place.split_last().map(|(_, parent)| self.files.get(parent));
            if parent.is_some_and(|parent| parent == Some(file)) || arrows::is_test_file(file) {
                continue;
            }
            let named = self.tree.source(file).map_or(&[][..], |source| &source.named);
            for named in named {
                let module = [place.clone(), named.within.clone()].concat();
                let Some(leads_to) = self.resolve(&module, &named.segments, matches!(named.how, How::Code), 0) else {
                    continue;
                };
                let other = &self.files[&leads_to];
                let passed_on = matches!(named.how, How::ReExport(_)) && leads_to.starts_with(place);
                if other != file && !passed_on && !arrows::is_test_file(other) {
                    uses.entry(file.clone()).or_default().insert(other.clone());
                }
            }
        }
        uses
    }

    /// The module into which a path named in `module` leads.
    fn resolve(&self, module: &[String], segments: &[String], code: bool, depth: usize) -> Option<Place> {
        let (first, mut rest) = segments.split_first()?;
        let mut here: Place = module.to_vec();
        match first.as_str() {
            "crate" => here.clear(),
            "self" => {}
            "super" => {
                here.pop();
                while let Some((next, more)) = rest.split_first().filter(|(next, _)| *next == "super") {
                    let _ = next;
                    here.pop();
                    rest = more;
                }
            }
            child if self.files.contains_key(&[module, &[child.to_string()]].concat()) => here.push(child.to_string()),
            // The `use` itself has already been read as a path.
            _ if code => return None,
            // `use a::B` after `use crate::a`.
            name => {
                let stands_for = self.names.get(module)?.get(name).filter(|path| path.as_slice() != segments)?;
                if depth > 8 || stands_for.first() == Some(first) {
                    return None;
                }
                let path = [stands_for, rest].concat();
                return self.resolve(module, &path, false, depth + 1);
            }
        }
        self.descend(here, rest, depth)
    }

    /// Follows the rest of a path from a module.
    fn descend(&self, mut here: Place, mut rest: &[String], depth: usize) -> Option<Place> {
        while let Some((next, more)) = rest.split_first() {
            let child = [here.clone(), vec![next.clone()]].concat();
            if self.files.contains_key(&child) {
                (here, rest) = (child, more);
                continue;
            }
            if depth <= 8 && !self.defines(&here, next) {
                if let Some(path) = self.names.get(&here).and_then(|names| names.get(next)) {
                    let path = [path, more].concat();
                    // A name from another crate: the re-exporting module counts.
                    return self.resolve(&here, &path, false, depth + 1).or(Some(here));
                }
                for glob in self.globs.get(&here).into_iter().flatten() {
                    let Some(from) = self.resolve(&here, glob, false, depth + 1) else { continue };
                    let below = [from.clone(), vec![next.clone()]].concat();
                    if self.defines(&from, next) || self.files.contains_key(&below) {
                        return self.descend(from, rest, depth + 1);
                    }
                }
            }
            break;
        }
        self.files.contains_key(&here).then_some(here)
    }

    fn defines(&self, place: &[String], name: &str) -> bool {
        let Some(file) = self.files.get(place) else { return false };
        let Some(source) = self.tree.source(file) else { return false };
        // The module may be one in braces: the end of its place is then its place within the file.
        (0..=place.len()).any(|cut| {
            self.files.get(&place[..cut]) == Some(file)
                && source.items.get(&place[cut..]).is_some_and(|items| items.contains(name))
        })
    }
}

/// The sets of files that reach each other.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reach = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = open.pop() {
            open.extend(uses.get(&file).into_iter().flatten().filter(|next| seen.insert((*next).clone())).cloned());
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = uses.keys().map(|file| (file, reach(file))).collect();
    let mut circles = BTreeSet::new();
    for (file, reaches) in &reached {
        let together = reaches.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(*file)));
        let circle: Vec<String> = together.cloned().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}
