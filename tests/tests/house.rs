//! The house is as docs/design.md §2 says: which package may depend on which, no output below the program, no circle of
//! files, no repeated code. Exceptions stand in `tests/house.toml`, with reasons.
//!
//! The test reads `cargo metadata`, and the sources as tokens. It sees written paths (`use`, `a::b`), but not the paths
//! that a macro of another crate produces, nor methods called on a value.

#[path = "house/annex_a.rs"]
mod annex_a;
#[path = "house/arrows.rs"]
mod arrows;
#[path = "house/circles.rs"]
mod circles;
#[path = "house/exceptions.rs"]
mod exceptions;
#[path = "house/faults.rs"]
mod faults;
#[path = "house/repeats.rs"]
mod repeats;
#[path = "house/source.rs"]
mod source;
#[path = "house/tree.rs"]
mod tree;

use std::path::Path;

use qiyong_tests::closing::closing_line;

use exceptions::Exceptions;
use tree::Tree;

/// The kinds of error. For each, at least one deliberate fault shows that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A package depends on one that it must not know.
    Arrow,
    /// A package without a rule, or a rule without a package.
    Package,
    /// A crate of the command line is a dependency below the program.
    CommandLine,
    /// Code below the program prints something or gives an exit status.
    Speaks,
    /// Files of a crate use each other in a circle.
    Circle,
    /// Two places share more than a dozen lines.
    Repeat,
    /// A scenario of annex A stands twice.
    AnnexA,
    /// An exception for what is not there.
    StaleException,
    /// An exception without a reason.
    NoReason,
}

/// One error: its kind, and where it is.
type Wrong = (Kind, String);

/// All errors of a tree.
fn judge(tree: &Tree) -> Vec<Wrong> {
    let mut exceptions = Exceptions::read(tree.text(exceptions::FILE));
    let mut wrong = arrows::check(tree);
    wrong.extend(arrows::check_words(tree, &mut exceptions));
    wrong.extend(circles::check(tree, &mut exceptions));
    wrong.extend(repeats::check(tree, &mut exceptions));
    wrong.extend(annex_a::check(tree));
    wrong.extend(exceptions.finish());
    wrong
}

fn tree() -> Tree {
    Tree::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace"))
}

fn main() {
    the_house_is_in_order();
    each_deliberate_fault_is_found_and_what_is_allowed_is_not();
}

fn the_house_is_in_order() {
    let tree = tree();
    let wrong = judge(&tree);
    println!("{} packages, {} sources, {}", tree.packages.len(), tree.sources().count(), circles::count(&tree));
    println!("exceptions: {}", Exceptions::read(tree.text(exceptions::FILE)).counts());
    let list: Vec<String> = wrong.iter().map(|(kind, what)| format!("{kind:?}: {what}")).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), list.join("\n"));
}

fn each_deliberate_fault_is_found_and_what_is_allowed_is_not() {
    let sound = tree();
    let before = judge(&sound);
    println!("{:<58} {:<15} found", "fault", "must be called");
    let mut missed = Vec::new();
    for (name, break_it, kind) in faults::FAULTS {
        let mut broken = sound.clone();
        break_it(&mut broken);
        let new: Vec<Wrong> = judge(&broken).into_iter().filter(|wrong| !before.contains(wrong)).collect();
        let found = match kind {
            Some(kind) => new.iter().find(|wrong| wrong.0 == *kind).map(|(_, what)| what.clone()),
            None => new.is_empty().then(|| "nothing, as it should be".to_string()),
        };
        let called = kind.map_or("(allowed)".to_string(), |kind| format!("{kind:?}"));
        println!("{name:<58} {called:<15} {}", found.as_deref().unwrap_or("NO"));
        if found.is_none() {
            missed.push(format!("{name}: {new:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    closing_line(&format!("faults in the house caught: {0} of {0}", faults::FAULTS.len()));
}
