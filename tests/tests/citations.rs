//! The pages of docs/ agree with the code: what is cited exists, and what a page claims is cited by code and by a test.
//!
//! Forwards: each `docs/PAGE.md §N` in a source or page names an existing section. Backwards: each numbered section
//! without sections below it is cited by the product and by a test, or stands in `docs/uncited.md` with a reason. The
//! same holds for clauses of ISO/IEC 7816 and `docs/iso7816.md`. The citing test itself checks that a cited section is
//! followed.

#[path = "citations/judge.rs"]
mod judge;
#[path = "citations/page.rs"]
mod page;
#[path = "citations/source.rs"]
mod source;

use std::path::Path;

use qiyong_tests::closing::closing_line;

use judge::{EXCEPTIONS, GLOSSARY, Kind, STANDARD, Tree, WALKS, judge};

fn tree() -> Tree {
    Tree::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace"))
}

fn main() {
    what_is_cited_is_there_and_what_is_claimed_is_cited();
    each_deliberate_fault_is_found();
}

fn what_is_cited_is_there_and_what_is_claimed_is_cited() {
    let (wrong, counts) = judge(&tree());
    let sections: usize = counts.sections.values().sum();
    println!("sections that claim something: {sections} {:?}", counts.sections);
    println!("citations of sections: {} in code, {} in tests", counts.cited[0], counts.cited[1]);
    println!("sections with an exception: {} ({EXCEPTIONS})", counts.excepted);
    println!("clauses: {} in {STANDARD}, {} of them with an exception", counts.clauses[0], counts.clauses[1]);
    println!("citations of clauses: {} in code, {} in tests", counts.clauses_cited[0], counts.clauses_cited[1]);
    let list: Vec<String> = wrong.iter().map(|(kind, what)| format!("{kind:?}: {what}")).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), list.join("\n"));
    assert!(sections > 50 && counts.clauses[0] > 50, "the pages were not read");
    let checked: usize = counts.cited.iter().chain(&counts.clauses_cited).sum();
    closing_line(&format!("citations checked: {checked} of {sections} sections and {} clauses", counts.clauses[0]));
}

/// A deliberate fault: its name, what it does to a copy of the tree, and the kind of error that must be reported.
type Fault = (&'static str, fn(&mut Tree), Kind);

/// A file of the product without tests in it.
const CODE: &str = "protocol/src/rules/mod.rs";

fn each_deliberate_fault_is_found() {
    let faults: &[Fault] = &[
        (
            "code cites a section that is not there",
            |tree| append(tree, CODE, "// docs/card.md §1.99"),
            Kind::NoSuchSection,
        ),
        (
            "the second of two sections is not there",
            |tree| append(tree, CODE, "// docs/card.md §1.2, §1.99"),
            Kind::NoSuchSection,
        ),
        (
            "a citation over two lines",
            |tree| append(tree, CODE, "/// see (docs/card.md\n/// §1.99)"),
            Kind::NoSuchSection,
        ),
        (
            "a page cites a section of its own that is gone",
            |tree| append(tree, "docs/card.md", "See §9.9."),
            Kind::NoSuchSection,
        ),
        ("code cites a page that is not there", |tree| append(tree, CODE, "// docs/cards.md"), Kind::NoSuchPage),
        ("a section of a page that is not there", |tree| append(tree, CODE, "// docs/cards.md §1"), Kind::NoSuchPage),
        ("a leftover", |tree| append(tree, CODE, concat!("// domain", ".md 1.7")), Kind::GonePage),
        ("another leftover", |tree| append(tree, "README.md", concat!("as DESIGN", ".md says")), Kind::GonePage),
        (
            "a page claims a section that nobody cites",
            |tree| append(tree, "docs/card.md", "### 9.7 New"),
            Kind::Uncited,
        ),
        (
            "code cites it, no test does",
            |tree| {
                append(tree, "docs/card.md", "### 9.7 New");
                append(tree, CODE, "// docs/card.md §9.7");
            },
            Kind::Uncited,
        ),
        (
            "a test cites it, no code does",
            |tree| {
                append(tree, "docs/card.md", "### 9.7 New");
                append(tree, "tests/tests/card.rs", "// docs/card.md §9.7");
            },
            Kind::Uncited,
        ),
        (
            "the test of an invariant is gone",
            |tree| edit(tree, "tests/tests/scenarios/edited.rs", "§1, invariant 5", "§1"),
            Kind::Uncited,
        ),
        (
            "an exception for what is cited",
            |tree| append(tree, EXCEPTIONS, "| card.md §1.6 | both | why not |"),
            Kind::StaleException,
        ),
        (
            "an exception for what is not there",
            |tree| append(tree, EXCEPTIONS, "| card.md §9.7 | both | gone |"),
            Kind::StaleException,
        ),
        (
            "what was excepted is cited now",
            |tree| append(tree, CODE, "// docs/card.md §8, docs/centre.md §9"),
            Kind::StaleException,
        ),
        ("an exception without a reason", |tree| append(tree, EXCEPTIONS, "| card.md §9.7 | both | |"), Kind::NoReason),
        (
            "an exception that cannot be read",
            |tree| append(tree, EXCEPTIONS, "| card.md 1.6 | both | why |"),
            Kind::UnreadableRow,
        ),
        ("a clause that the table lacks", |tree| append(tree, CODE, "// clause 99.1"), Kind::ClauseNotInTable),
        (
            "the last of three clauses is lacking",
            |tree| append(tree, CODE, "// clauses 7.2, 8.1 and 99.1"),
            Kind::ClauseNotInTable,
        ),
        (
            "a file that does not cite the clause",
            |tree| edit(tree, STANDARD, "`iso7816/pps`", "`iso7816/sw`"),
            Kind::NotCitedThere,
        ),
        (
            "a clause is no longer cited by the test named",
            |tree| {
                let test = "tests/tests/slot.rs";
                tree.put(test, tree.text(test).replace("lause 6.3.2", "lause"));
            },
            Kind::NotCitedThere,
        ),
        (
            "a clause without proof and without reason",
            |tree| append(tree, STANDARD, "| 99.1 | all | none: | none: |"),
            Kind::NoReason,
        ),
        (
            "a clause that is said to be untested, and is",
            |tree| {
                append(tree, STANDARD, "| 99.1 | all | none: hardware | none: hardware |");
                append(tree, "tests/tests/slot.rs", "// ISO/IEC 7816-4 clause 99.1");
            },
            Kind::StaleException,
        ),
        (
            "a clause twice",
            |tree| append(tree, STANDARD, "| 99.1 | a | none: b | none: c |\n| 99.1 | a | none: b | none: c |"),
            Kind::ClauseTwice,
        ),
        (
            "a word that nothing in the code bears",
            |tree| append(tree, GLOSSARY, "| a | b | `NobodyIsCalledSo` | c |"),
            Kind::NoSuchName,
        ),
        ("a walk past a type that is gone", |tree| edit(tree, WALKS, "`Layered`", "`Layers`"), Kind::NoSuchName),
        (
            "a link to a page that is not there",
            |tree| append(tree, "README.md", "[a](docs/cards.md)"),
            Kind::BrokenLink,
        ),
        (
            "a link to a heading that is gone",
            |tree| edit(tree, "docs/design.md", "## 2. The house", "## 2. Rooms"),
            Kind::BrokenLink,
        ),
    ];
    let sound = tree();
    let before = judge(&sound).0;
    println!("{:<52} {:<18} found", "fault", "must be called");
    let mut missed = 0;
    for (name, break_it, kind) in faults {
        let mut broken = sound.clone();
        break_it(&mut broken);
        let said = judge(&broken).0.into_iter().find(|wrong| wrong.0 == *kind && !before.contains(wrong));
        println!("{name:<52} {:<18} {}", format!("{kind:?}"), said.as_ref().map_or("NO", |(_, what)| what));
        missed += usize::from(said.is_none());
    }
    assert_eq!(missed, 0, "faults not found");
    closing_line(&format!("faults in citations caught: {0} of {0}", faults.len()));
}

fn append(tree: &mut Tree, path: &str, line: &str) {
    let text = format!("{}\n{line}\n", tree.text(path));
    tree.put(path, text);
}

fn edit(tree: &mut Tree, path: &str, from: &str, to: &str) {
    let text = tree.text(path).replacen(from, to, 1);
    assert_ne!(text, tree.text(path), "{path} has no {from}");
    tree.put(path, text);
}
