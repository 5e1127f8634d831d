//! No two places share more than a dozen rows.
//!
//! Blank rows, comments, imports and lone brackets do not count, nor does white space. Repeated code with other names
//! is for a reader to judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::exceptions::Exceptions;
use super::tree::Tree;
use super::{Kind, Wrong};

/// So many rows may be the same.
pub(crate) const DOZEN: usize = 12;

/// A place: a file, and the index of a row among the counting rows of the file.
type Place<'t> = (&'t str, usize);

/// A run of rows that stands in two places.
struct Run<'t> {
    first: Place<'t>,
    second: Place<'t>,
    length: usize,
}

/// The runs without an exception.
pub(crate) fn check(tree: &Tree, exceptions: &mut Exceptions) -> Vec<Wrong> {
    let lines: BTreeMap<&str, &[(usize, u64)]> = tree.lines().collect();
    let mut wrong = Vec::new();
    for Run { first, second, length } in runs(&lines) {
        if !exceptions.allows_repeat(first.0, second.0) {
            let place = |(path, at): Place<'_>| format!("{path}:{}", lines[path][at].0);
            wrong.push((Kind::Repeat, format!("{} and {} share {length} lines", place(first), place(second))));
        }
    }
    wrong
}

/// The rows of a text that count: their numbers, from 1, and their hashes.
pub(crate) fn that_count(text: &str) -> Vec<(usize, u64)> {
    let mut importing = false;
    let mut counting = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        importing |=
            ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().any(|word| line.starts_with(word));
        let skipped = importing || line.starts_with("//") || !line.contains(|c: char| c.is_alphanumeric());
        if importing && line.ends_with(';') {
            importing = false;
        }
        if !skipped {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            counting.push((number, hasher.finish()));
        }
    }
    counting
}

/// The longest runs that stand twice.
fn runs<'t>(lines: &BTreeMap<&'t str, &[(usize, u64)]>) -> Vec<Run<'t>> {
    let mut windows: HashMap<u64, Vec<Place<'t>>> = HashMap::new();
    for (path, lines) in lines {
        for (at, window) in lines.windows(DOZEN + 1).enumerate() {
            let hash = window
                .iter()
                .fold(0u64, |hash, (_, line)| hash.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ line);
            windows.entry(hash).or_default().push((path, at));
        }
    }
    let mut pairs = BTreeSet::new();
    for places in windows.values() {
        for (number, first) in places.iter().enumerate() {
            pairs.extend(places[number + 1..].iter().map(|second| (*first, *second)));
        }
    }
    let on = |(path, at): Place<'t>| (path, at + 1);
    let mut runs = Vec::new();
    for (first, second) in &pairs {
        let begins =
            first.1 == 0 || second.1 == 0 || !pairs.contains(&((first.0, first.1 - 1), (second.0, second.1 - 1)));
        if begins {
            let (mut a, mut b, mut length) = (*first, *second, DOZEN + 1);
            while pairs.contains(&(on(a), on(b))) {
                (a, b, length) = (on(a), on(b), length + 1);
            }
            runs.push(Run { first: *first, second: *second, length });
        }
    }
    runs
}
