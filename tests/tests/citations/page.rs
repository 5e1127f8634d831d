//! Reads the pages of docs/: numbered sections, the exceptions of `uncited.md`, the clauses of `iso7816.md`. Judges
//! nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^##+ (?:(Invariant [1-6])$|([0-9]+(?:\.[0-9]+)*)\.? |([A-Z](?:\.[0-9]+)+) |([A-Z])\. )").unwrap()
});

/// The numbered sections of a page: `1.6`, `A.2`, `invariant 3`.
#[must_use]
pub(crate) fn sections(text: &str) -> BTreeSet<String> {
    let mut inside_example = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        inside_example ^= line.starts_with("```");
        if inside_example || !line.starts_with('#') {
            continue;
        }
        if let Some(heading) = HEADING.captures(line) {
            let number = heading.iter().skip(1).flatten().next().expect("one of the four forms");
            found.insert(number.as_str().replace("Invariant", "invariant"));
        }
    }
    found
}

/// A section that need not be cited, from [`EXCEPTIONS`](super::judge::EXCEPTIONS).
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    /// The row of the file, for the message.
    pub(crate) line: usize,
    /// The page, as `card.md`.
    pub(crate) page: String,
    /// The section.
    pub(crate) section: String,
    /// Whether it also covers all sections below.
    pub(crate) below: bool,
    /// Which citations are missing.
    pub(crate) without: Without,
    /// The reason.
    pub(crate) reason: String,
}

/// Which citations a section or clause does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Without {
    /// None in the product's code.
    pub(crate) product: bool,
    /// None in a test.
    pub(crate) test: bool,
}

impl Exception {
    /// Whether it covers `section` of `page`.
    #[must_use]
    pub(crate) fn covers(&self, page: &str, section: &str) -> bool {
        let below = || self.below && section.strip_prefix(&self.section).is_some_and(|rest| rest.starts_with('.'));
        self.page == page && (self.section == section || below())
    }
}

/// The rows of the table `| page §section (and below) | code, test or both | reason |`; `Err` for a row of another
/// form.
#[must_use]
pub(crate) fn exceptions(text: &str) -> Vec<Result<Exception, String>> {
    let name =
        Regex::new(r"^([a-z0-9-]+\.md) (?:§([0-9A-Z.]+[0-9A-Z]|[0-9A-Z])|(invariant [1-6]))( and below)?$").unwrap();
    let row = |(line, cells): (usize, Vec<String>)| {
        let wrong = || format!("line {line}: {}", cells.join(" | "));
        let [place, without, reason] = cells.as_slice() else { return Err(wrong()) };
        let named = name.captures(place).ok_or_else(wrong)?;
        let without = match without.as_str() {
            "code" => Without { product: true, test: false },
            "test" => Without { product: false, test: true },
            "both" => Without { product: true, test: true },
            _ => return Err(wrong()),
        };
        let section = named.get(2).or(named.get(3)).expect("one of the two forms").as_str().to_owned();
        let (page, below) = (named[1].to_owned(), named.get(4).is_some());
        Ok(Exception { line, page, section, below, without, reason: reason.clone() })
    };
    rows(text).filter(|(_, cells)| cells[0] != "Section").map(row).collect()
}

/// The claim about one clause of ISO/IEC 7816.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// The row of the file, for the message.
    pub(crate) line: usize,
    /// The part of the standard: 3 or 4.
    pub(crate) part: u8,
    /// The clause, as `12.2.3`.
    pub(crate) clause: String,
    /// The files of the product that cite it, or why there is none.
    pub(crate) product: Proof,
    /// The tests that cite it, or why there is none.
    pub(crate) test: Proof,
}

/// Where a clause is cited.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// In these files.
    Files(Vec<String>),
    /// Nowhere, for this reason.
    None(String),
}

/// The rows of the tables `| clause | claim | files | tests |` below the headings `## Part N`.
#[must_use]
pub(crate) fn clauses(text: &str) -> Vec<Clause> {
    let headings: Vec<(usize, u8)> = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, line.strip_prefix("## Part ")?.get(..1)?.parse().ok()?)))
        .collect();
    let row = |(line, cells): (usize, Vec<String>)| {
        let (_, part) = *headings.iter().rfind(|(heading, _)| *heading < line)?;
        let [clause, _, product, test] = cells.as_slice() else { return None };
        Some(Clause { line, part, clause: clause.clone(), product: proof(product), test: proof(test) })
    };
    rows(text).filter(|(_, cells)| cells[0] != "Clause").filter_map(row).collect()
}

fn proof(cell: &str) -> Proof {
    match cell.strip_prefix("none:") {
        Some(reason) => Proof::None(reason.trim().to_owned()),
        None => Proof::Files(cell.split(',').map(|file| file.trim().trim_matches('`').to_owned()).collect()),
    }
}

/// The cells of each table row, with the row's number in the file; without the rule below the heading.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<String>)> + '_ {
    text.lines().enumerate().filter_map(|(index, line)| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
        (!cells[0].starts_with("---")).then_some((index + 1, cells))
    })
}
