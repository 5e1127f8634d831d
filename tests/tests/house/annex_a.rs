//! The scenarios of ISO/IEC 7816-3 annex A stand once, in a file that all tests replay.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::tree::Tree;
use super::{Kind, Wrong};

/// The file.
pub(crate) const FILE: &str = "tests/annex_a.exchanges";
/// The file has at least so many scenarios of T=1: those of the annex, and those for rules without a scenario in the
/// annex.
const LEAST: usize = 70;
/// A block of so many hex digits identifies a scenario; shorter blocks occur everywhere.
const BLOCK: usize = 14;
/// A file may contain so many of the blocks, as an example.
const EXAMPLES: usize = 8;

/// Scenarios that stand twice in the file, or also elsewhere.
pub(crate) fn check(tree: &Tree) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut scripts: BTreeMap<&str, &str> = BTreeMap::new();
    let mut names = BTreeSet::new();
    let mut blocks = BTreeSet::new();
    for line in tree.text(FILE).lines().filter(|line| line.contains(": t=1 ")) {
        let Some((name, script)) = line.split_once(':') else { continue };
        // The name as a test would have it.
        if !names.insert(name.replace('-', "_")) {
            wrong.push((Kind::AnnexA, format!("{FILE}: {name} stands twice")));
        }
        if let Some(other) = scripts.insert(script.trim(), name) {
            wrong.push((Kind::AnnexA, format!("{FILE}: {name} is {other} again")));
        }
        let tokens = script.split_whitespace().filter_map(|token| token.strip_prefix(['<', '>']));
        blocks.extend(tokens.filter(|block| block.len() >= BLOCK).map(str::to_string));
    }
    if names.len() < LEAST {
        wrong.push((Kind::AnnexA, format!("{FILE} has {} scenarios, fewer than {LEAST}", names.len())));
    }
    let mut hasher = DefaultHasher::new();
    tree.text(FILE).hash(&mut hasher);
    let of = hasher.finish();
    for (path, text, known) in tree.files().filter(|(path, ..)| *path != FILE) {
        let found = known.get().filter(|found| found.of == of).unwrap_or_else(|| {
            let hex = bare_hex(text);
            let text = text.replace('-', "_");
            let named = names.iter().filter(|name| text.contains(name.as_str())).count();
            let blocks = blocks.iter().filter(|block| hex.contains(block.as_str())).count();
            Found { of, named, blocks }
        });
        known.set(Some(found));
        let Found { named, blocks, .. } = found;
        if named > EXAMPLES || blocks > EXAMPLES {
            wrong.push((Kind::AnnexA, format!("{path} has {named} names and {blocks} blocks of {FILE}")));
        }
    }
    wrong
}

/// How much of the scenarios a file contains. The result is kept, because the same files are judged again and again.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// A hash of the scenarios.
    of: u64,
    named: usize,
    blocks: usize,
}

/// The text in capitals, without the characters between bytes, in whatever form the bytes are written.
fn bare_hex(text: &str) -> String {
    let bare = text.replace("0x", "").replace([' ', '\n', ',', '_', '"'], "");
    bare.to_ascii_uppercase()
}
