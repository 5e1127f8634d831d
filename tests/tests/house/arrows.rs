//! Which package may depend on which (docs/design.md §2), and what only the program may print.

use super::exceptions::Exceptions;
use super::tree::Tree;
use super::{Kind, Wrong};

/// The program: the only package that prints for its user.
const PROGRAM: &str = "qiyong";
/// Packages by folder, and the packages of the house on which each may depend. The tests of a package may use any.
const MAY: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("firmware", &["qiyong-protocol"]),
    ("firmware/boards/support", &["qiyong-firmware", "qiyong-protocol"]),
    ("firmware/boards/b-l475e-iot01a", &["qiyong-board-support", "qiyong-firmware", "qiyong-protocol"]),
    ("firmware/boards/template", &["qiyong-board-support", "qiyong-firmware", "qiyong-protocol"]),
    // Made as a maker would: it may have what is a maker's.
    ("tests/lm3s6965evb", &["qiyong-board-support", "qiyong-board-template", "qiyong-firmware", "qiyong-protocol"]),
    ("firmware/boards/pico", &["qiyong-board-support", "qiyong-firmware", "qiyong-protocol"]),
    // The world gets a function from request bytes to answer bytes: it never knows the centre.
    ("host-sim/sim", &["qiyong-firmware", "qiyong-pki", "qiyong-protocol"]),
    // Keys and certificates; no card, no centre.
    ("host-sim/pki", &["qiyong-protocol"]),
    // The centre knows neither the terminal nor the simulator.
    ("host-sim/centre", &["qiyong-protocol"]),
    ("host-sim/http", &["qiyong-centre", "qiyong-protocol"]),
    // A line's other end knows no simulator.
    ("host-sim/iso", &["qiyong-centre", "qiyong-protocol"]),
    ("host-sim/pcsc", &["qiyong-firmware", "qiyong-protocol", "qiyong-sim"]),
    // Of the simulator only the card in a file, behind a feature; no database and no centre.
    ("host-sim/driver", &["qiyong-firmware", "qiyong-pcsc", "qiyong-pki", "qiyong-protocol", "qiyong-sim"]),
    // Of the house the library alone: what it does not do, no page can make it do.
    ("host-sim/page", &["qiyong-driver"]),
    ("host-sim/lab", &["qiyong-firmware", "qiyong-protocol", "qiyong-sim"]),
    (
        "host-sim",
        &[
            "qiyong-centre",
            "qiyong-driver",
            "qiyong-firmware",
            "qiyong-http",
            "qiyong-iso",
            "qiyong-lab",
            "qiyong-page",
            "qiyong-pcsc",
            "qiyong-protocol",
            "qiyong-sim",
        ],
    ),
];
/// No part of the product: these may depend on everything, and print.
const BESIDE: &[&str] = &["fuzz", "tests", "tests/instructions", "tests/libusb", "xtask"];
/// Crates of the command line.
const COMMAND_LINE: &[&str] = &["clap", "clap_complete", "clap_mangen", "indicatif", "rpassword"];

/// Whether a package is part of the product and below the program.
fn is_below(folder: &str) -> bool {
    folder != "host-sim" && !BESIDE.contains(&folder)
}

/// The arrows between packages.
pub(crate) fn check(tree: &Tree) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (name, package) in &tree.packages {
        let folder = package.folder.as_str();
        if BESIDE.contains(&folder) {
            continue;
        }
        let Some((_, may)) = MAY.iter().find(|(other, _)| *other == folder) else {
            wrong.push((Kind::Package, format!("{folder}: no rule says what {name} may depend on")));
            continue;
        };
        for on in package.depends.iter().filter(|on| tree.packages.contains_key(*on)) {
            if !may.contains(&on.as_str()) {
                wrong.push((Kind::Arrow, format!("{name} depends on {on}")));
            }
        }
        for on in package.depends.iter().filter(|on| COMMAND_LINE.contains(&on.as_str())) {
            if is_below(folder) {
                wrong.push((Kind::CommandLine, format!("{name} depends on {on}, which is for {PROGRAM}")));
            }
        }
    }
    for folder in MAY.iter().map(|(folder, _)| folder).chain(BESIDE) {
        if !tree.packages.values().any(|package| package.folder == *folder) {
            wrong.push((Kind::Package, format!("{folder}: a rule for a package that is not there")));
        }
    }
    wrong
}

/// Output below the program.
pub(crate) fn check_words(tree: &Tree, exceptions: &mut Exceptions) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (path, source) in tree.sources() {
        let below = tree.package_of(path).is_some_and(|package| is_below(&tree.packages[package].folder));
        if !below || !path.contains("/src/") || is_test_file(path) {
            continue;
        }
        for (line, word) in &source.spoken {
            if !exceptions.allows_word(path, word) {
                wrong.push((Kind::Speaks, format!("{path}:{line}: {word} below the program")));
            }
        }
    }
    wrong
}

/// Whether a file contains only tests: another file declares it under `#[cfg(test)]`.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}
