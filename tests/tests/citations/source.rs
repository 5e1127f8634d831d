//! Reads what a file cites: pages and sections of docs/, clauses of ISO/IEC 7816, and pages that no longer exist.
//! Judges nothing.

use std::sync::LazyLock;

use regex::Regex;

/// What kind of file cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A file that is shipped or run: .rs and .sql, except tests.
    Product,
    /// A test: a scenario, recorded exchanges, and a source below a folder `tests` or `fuzz`, in a file `tests.rs`, or
    /// below `#[cfg(test)] mod ... {`.
    Test,
    /// Text for people, and settings: .md, .toml. Whatever it cites must exist; it proves nothing.
    Text,
}

/// What is cited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A page of docs/, without a section.
    Page(String),
    /// A section of a page: `card.md`, `1.6`; an invariant is `invariant 2`.
    Section(String, String),
    /// A clause of a part of ISO/IEC 7816.
    Clause(u8, String),
    /// A page that was never in a clone.
    Gone(String),
}

/// One citation.
#[derive(Clone, Debug)]
pub(crate) struct Citation {
    /// What is cited.
    pub(crate) target: Target,
    /// The kind of file that cites it.
    pub(crate) by: By,
    /// The row of the file, from 1.
    pub(crate) line: usize,
}

static PAGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bdocs/([a-z0-9-]+\.md)").unwrap());
static GONE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:domain(?:-[a-z]+)?|DESIGN)(?:\.md| §| [0-9])").unwrap());
static SECTION: LazyLock<Regex> = LazyLock::new(|| {
    let number = "[0-9A-Z]+(?:[.][0-9]+)*";
    let page = "(?:([a-z0-9-]+[.]md)[])`\"]*[ ]+)?";
    let more = format!("((?:(?:,| and| to)+ §{number})*)");
    let invariants = "(?:, invariants? ([1-6])(?:(?: to | and )([1-6]))?)?";
    Regex::new(&format!("{page}§({number}){more}{invariants}")).unwrap()
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new("[0-9A-Z]+(?:[.][0-9]+)*").unwrap());
static CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
    let standard = "(7816-[0-9]+(?::[0-9]{4})? |PC/SC part [0-9]+ |IEEE [0-9-]+ )?";
    let more = "((?:, [0-9]+[.][0-9.]*[0-9]|(?: and | to )[0-9]+(?:[.][0-9]+)*)*)";
    Regex::new(&format!("{standard}\\b[Cc]lauses? ([0-9]+(?:[.][0-9]+)*){more}")).unwrap()
});

/// All citations in the file at `path` (from the workspace's folder, with `/`).
#[must_use]
pub(crate) fn citations(path: &str, text: &str) -> Vec<Citation> {
    let flat = Flat::of(path, text);
    let own_page = path.strip_prefix("docs/");
    let mut found = Vec::new();
    let mut add = |target, at| found.push(Citation { target, by: flat.by(at), line: flat.line(at) });

    for page in PAGE.captures_iter(&flat.text) {
        add(Target::Page(page[1].to_owned()), page.get(0).unwrap().start());
    }
    for gone in GONE.find_iter(&flat.text) {
        add(Target::Gone(gone.as_str().to_owned()), gone.start());
    }
    for cited in SECTION.captures_iter(&flat.text) {
        let at = cited.get(0).unwrap().start();
        // In a page, a bare number is one of its own sections; elsewhere it belongs to another document.
        let Some(page) = cited.get(1).map(|page| page.as_str()).or(own_page) else { continue };
        let section = |number: &str| Target::Section(page.to_owned(), number.to_owned());
        add(section(&cited[2]), at);
        NUMBER.find_iter(&cited[3]).for_each(|number| add(section(number.as_str()), at));
        let invariant = |group| cited.get(group).and_then(|digit| digit.as_str().parse::<u8>().ok());
        if let Some(first) = invariant(4) {
            (first..=invariant(5).unwrap_or(first)).for_each(|number| add(section(&format!("invariant {number}")), at));
        }
    }
    for cited in CLAUSE.captures_iter(&flat.text) {
        let part = match cited.get(1).map_or("7816-3", |standard| standard.as_str()) {
            standard if standard.starts_with("7816-3") => 3,
            standard if standard.starts_with("7816-4") => 4,
            _ => continue,
        };
        let at = cited.get(2).unwrap().start();
        add(Target::Clause(part, cited[2].to_owned()), at);
        NUMBER.find_iter(&cited[3]).for_each(|more| add(Target::Clause(part, more.as_str().to_owned()), at));
    }
    found
}

/// A file as one long row without comment marks, so that a citation may continue in the next row of a comment.
struct Flat {
    text: String,
    /// Where each row begins in `text`.
    starts: Vec<usize>,
    whole: By,
    /// The first row, from 1, of the tests at the end of the file.
    tests_from: usize,
}

impl Flat {
    fn of(path: &str, text: &str) -> Self {
        let mut flat = Self { text: String::new(), starts: Vec::new(), whole: whole(path), tests_from: usize::MAX };
        let mut attribute_above = false;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if attribute_above && line.contains("mod ") && line.ends_with('{') {
                flat.tests_from = flat.tests_from.min(index + 1);
            }
            attribute_above = line == "#[cfg(test)]" || (attribute_above && line.starts_with("#["));
            flat.starts.push(flat.text.len());
            let bare = ["//!", "///", "//", "--", "#"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
            flat.text.push_str(bare.trim());
            flat.text.push(' ');
        }
        flat
    }

    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    fn by(&self, at: usize) -> By {
        if self.whole == By::Product && self.line(at) > self.tests_from { By::Test } else { self.whole }
    }
}

fn whole(path: &str) -> By {
    if path.ends_with(".exchanges") || (path.contains("/scenarios/") && path.ends_with(".toml")) {
        By::Test
    } else if !(path.ends_with(".rs") || path.ends_with(".sql")) {
        By::Text
    } else if path.split('/').any(|folder| matches!(folder, "tests" | "fuzz")) || path.ends_with("tests.rs") {
        By::Test
    } else {
        By::Product
    }
}
