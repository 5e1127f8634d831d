//! Deliberate faults, one or more for each rule, and code that looks like a fault but is allowed.

use super::repeats::DOZEN;
use super::tree::Tree;
use super::{Kind, annex_a, exceptions};

/// Its name, what it does to a copy of the tree, and the kind of error that must be reported; `None`: no error.
pub(crate) type Fault = (&'static str, fn(&mut Tree), Option<Kind>);

/// Files of the simulator for the faults; the house has no files of these names.
const A: &str = "host-sim/sim/src/fault_a.rs";
const B: &str = "host-sim/sim/src/fault_b.rs";
const ROOT: &str = "host-sim/sim/src/lib.rs";

#[rustfmt::skip]
pub(crate) const FAULTS: &[Fault] = &[
    ("protocol depends on firmware", |tree| depend(tree, "qiyong-protocol", "qiyong-firmware"), Some(Kind::Arrow)),
    ("firmware depends on the simulator", |tree| depend(tree, "qiyong-firmware", "qiyong-sim"), Some(Kind::Arrow)),
    ("a board depends on the simulator", |tree| depend(tree, "qiyong-board-b-l475e-iot01a", "qiyong-sim"), Some(Kind::Arrow)),
    ("the simulator depends on the centre", |tree| depend(tree, "qiyong-sim", "qiyong-centre"), Some(Kind::Arrow)),
    ("the centre depends on the simulator", |tree| depend(tree, "qiyong-centre", "qiyong-sim"), Some(Kind::Arrow)),
    ("the centre depends on firmware", |tree| depend(tree, "qiyong-centre", "qiyong-firmware"), Some(Kind::Arrow)),
    ("PC/SC depends on the centre", |tree| depend(tree, "qiyong-pcsc", "qiyong-centre"), Some(Kind::Arrow)),
    ("the lab depends on PC/SC", |tree| depend(tree, "qiyong-lab", "qiyong-pcsc"), Some(Kind::Arrow)),
    ("the lab depends on the program", |tree| depend(tree, "qiyong-lab", "qiyong"), Some(Kind::Arrow)),
    ("a package of which no rule speaks", |tree| {
        let mut package = tree.packages["qiyong-sim"].clone();
        package.folder = "host-sim/shed".into();
        tree.packages.insert("qiyong-shed".into(), package);
    }, Some(Kind::Package)),
    ("a rule for a package that is gone", |tree| drop(tree.packages.remove("qiyong-lab")), Some(Kind::Package)),
    ("the centre depends on clap", |tree| depend(tree, "qiyong-centre", "clap"), Some(Kind::CommandLine)),
    ("the program depends on clap", |tree| depend(tree, "qiyong", "clap"), None),
    ("println! in the simulator", |tree| body(tree, "println!(\"x\");"), Some(Kind::Speaks)),
    ("print! in the simulator", |tree| body(tree, "std::print!(\"x\");"), Some(Kind::Speaks)),
    ("eprintln! in the simulator", |tree| body(tree, "loop { eprintln!(\"x\") }"), Some(Kind::Speaks)),
    ("stdout() in the simulator", |tree| body(tree, "std::io::stdout().lock();"), Some(Kind::Speaks)),
    ("ExitCode in the simulator", |tree| body(tree, "use std::process::{Command, ExitCode};"), Some(Kind::Speaks)),
    ("clap in the simulator", |tree| body(tree, "use clap::Parser;"), Some(Kind::Speaks)),
    ("println! in the program", |tree| append(tree, "host-sim/src/lib.rs", "fn f() { println!(); }"), None),
    ("println! in a test", |tree| body(tree, "} #[cfg(test)] mod tests { fn f() { println!(); }"), None),
    ("println! in a comment and a string", |tree| body(tree, "// println!()\n let _ = \"println!()\";"), None),
    ("the standard output of another program", |tree| body(tree, "c.stdout(pipe); c.stdout.take();"), None),
    ("a circle by use", |tree| pair(tree, "use crate::fault_b::B;", "use crate::fault_a::A;"), Some(Kind::Circle)),
    ("a circle by super", |tree| pair(tree, "use super::fault_b::f;", "use super::fault_a;"), Some(Kind::Circle)),
    ("a circle by a path in code", |tree| {
        pair(tree, "fn g() { crate::fault_b::f(); }", "fn g() -> Option<crate::fault_a::T> { None }");
    }, Some(Kind::Circle)),
    ("a circle by a list of names", |tree| pair(tree, "use crate::{fault_b::{f as g}};", "use crate::fault_a::*;"), Some(Kind::Circle)),
    ("a circle through a name that the root passes on", |tree| {
        pair(tree, "use crate::OfB;", "use crate::fault_a::A;");
        append(tree, ROOT, "pub use fault_b::B as OfB;");
    }, Some(Kind::Circle)),
    ("a circle of parent and child", |tree| {
        pair(tree, "use child::g; pub fn f() { g() } mod child;", "");
        tree.put("host-sim/sim/src/fault_a/child.rs", "use super::f;\npub fn g() { f() }\n".into());
    }, Some(Kind::Circle)),
    ("a parent that passes on what its child has", |tree| {
        pair(tree, "pub use child::g; pub fn f() {} mod child;", "");
        tree.put("host-sim/sim/src/fault_a/child.rs", "use super::f;\npub fn g() { f() }\n".into());
    }, None),
    ("a circle of code and test", |tree| {
        pair(tree, "use crate::fault_b::f;", "#[cfg(test)] mod tests { use crate::fault_a::f; }");
    }, None),
    ("arrows that lead one way", |tree| pair(tree, "use crate::fault_b::f;", "use super::other;"), None),
    ("a circle in comments", |tree| pair(tree, "// use crate::fault_b;", "//! [`crate::fault_a`]"), None),
    ("thirteen lines that stand in two files", |tree| lines(tree, DOZEN + 1, ""), Some(Kind::Repeat)),
    ("the same, indented and with a comment between", |tree| lines(tree, DOZEN + 1, "\n\n    // so\n    "), Some(Kind::Repeat)),
    ("twelve lines that stand in two files", |tree| lines(tree, DOZEN, ""), None),
    ("a scenario twice", |tree| {
        let first = tree.text(annex_a::FILE).lines().find(|line| line.contains(": t=1 ")).expect("a scenario").to_string();
        append(tree, annex_a::FILE, &first.replacen(':', "-again:", 1));
    }, Some(Kind::AnnexA)),
    ("the scenarios in a test, by their names", |tree| {
        let names = tree.text(annex_a::FILE).lines().filter_map(|line| line.split_once(": t=1")).map(|(name, _)| name);
        let tests: Vec<_> = names.map(|name| format!("fn {}() {{}}", name.replace('-', "_"))).collect();
        tree.put("protocol/src/fault.rs", tests.join("\n"));
    }, Some(Kind::AnnexA)),
    ("the scenarios in a test, by their bytes", |tree| {
        let text = tree.text(annex_a::FILE).replace('-', "");
        let blocks = text.split_whitespace().filter_map(|token| token.strip_prefix(['<', '>']));
        let blocks: Vec<_> = blocks.map(|block| format!("const B: &[u8] = &hex!(\"{}\");", block.to_lowercase())).collect();
        tree.put("protocol/src/fault.rs", blocks.join("\n"));
    }, Some(Kind::AnnexA)),
    ("an exception for a circle that is not there", |tree| {
        append(tree, exceptions::FILE, "[[circle]]\nfiles = [\"a.rs\", \"b.rs\"]\nreason = \"why\"");
    }, Some(Kind::StaleException)),
    ("an exception for lines that are not there", |tree| {
        append(tree, exceptions::FILE, "[[repeat]]\nfiles = [\"a.rs\", \"b.rs\"]\nreason = \"why\"");
    }, Some(Kind::StaleException)),
    ("an exception for a word that is not there", |tree| {
        append(tree, exceptions::FILE, "[[word]]\nfiles = [\"a.rs\"]\nword = \"clap\"\nreason = \"why\"");
    }, Some(Kind::StaleException)),
    ("an exception without a reason", |tree| {
        pair(tree, "use crate::fault_b::B;", "use crate::fault_a::A;");
        append(tree, exceptions::FILE, &format!("[[circle]]\nfiles = [\"{A}\", \"{B}\"]\nreason = \" \""));
    }, Some(Kind::NoReason)),
    ("a circle with an exception", |tree| {
        pair(tree, "use crate::fault_b::B;", "use crate::fault_a::A;");
        append(tree, exceptions::FILE, &format!("[[circle]]\nfiles = [\"{A}\", \"{B}\"]\nreason = \"why\""));
    }, None),
];

fn depend(tree: &mut Tree, package: &str, on: &str) {
    tree.packages.get_mut(package).expect("a package of the house").depends.insert(on.to_string());
}

fn append(tree: &mut Tree, path: &str, line: &str) {
    let text = format!("{}\n{line}\n", tree.text(path));
    tree.put(path, text);
}

/// A function of the simulator with this body.
fn body(tree: &mut Tree, body: &str) {
    append(tree, ROOT, "mod fault_a;");
    tree.put(A, format!("fn f() {{\n{body}\n}}\n"));
}

/// Two modules of the simulator.
fn pair(tree: &mut Tree, a: &str, b: &str) {
    append(tree, ROOT, "mod fault_a;\nmod fault_b;");
    tree.put(A, format!("{a}\npub struct A;\n"));
    tree.put(B, format!("{b}\npub struct B;\n"));
}

/// Two modules with so many rows in common.
fn lines(tree: &mut Tree, count: usize, between: &str) {
    let text = |between: &str| (0..count).map(|n| format!("static LINE_{n}: u8 = {n};\n{between}")).collect::<String>();
    pair(tree, &text(""), &text(between));
}
