//! Judges whether pages and citations agree, in both directions. Reading files is done in `page` and `source`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::rc::Rc;

use super::page::{Proof, Without, clauses, exceptions, rows, sections};
use super::source::{By, Citation, Target, citations};

/// The page with the sections that need not be cited.
pub(crate) const EXCEPTIONS: &str = "docs/uncited.md";
/// The page with the clauses of ISO/IEC 7816.
pub(crate) const STANDARD: &str = "docs/iso7816.md";
/// The page with the words of the house, in the third column.
pub(crate) const GLOSSARY: &str = "docs/glossary.md";
/// The page with walks through the house.
pub(crate) const WALKS: &str = "docs/walks.md";

/// The kinds of error. For each, at least one deliberate fault shows that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A cited page does not exist.
    NoSuchPage,
    /// A cited section does not exist.
    NoSuchSection,
    /// A cited page was never in a clone.
    GonePage,
    /// The product, a test, or both do not cite a section, and there is no exception.
    Uncited,
    /// An exception for a section that is cited, or does not exist.
    StaleException,
    /// An exception without a reason; or a clause without proof and without a reason.
    NoReason,
    /// A row of the exceptions that cannot be read.
    UnreadableRow,
    /// A cited clause is missing in the table of clauses.
    ClauseNotInTable,
    /// The table names a file that does not cite the clause.
    NotCitedThere,
    /// The table has a clause twice.
    ClauseTwice,
    /// Glossary or walks name a type, function or module that does not exist.
    NoSuchName,
    /// A page links to a page or heading that does not exist.
    BrokenLink,
}

/// All files whose citations count, read and searched. Cheap to copy, so that a copy can get a fault.
#[derive(Clone)]
pub(crate) struct Tree(BTreeMap<String, Rc<File>>);

/// A file and what was found in it.
struct File {
    text: String,
    cites: Vec<Citation>,
    /// The names that a source defines.
    names: Vec<String>,
    /// The targets of a page's links: a page (its own, if none is named) and a heading.
    links: Vec<(String, Option<String>)>,
}

impl Tree {
    /// The workspace at `root`, except files that are built, hidden, other people's, or deliberate faults of this test.
    #[must_use]
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.read_folder(root, "");
        tree
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("the workspace can be read") {
            let entry = entry.expect("the workspace can be read");
            let name = entry.file_name().into_string().expect("names are ASCII");
            let path = format!("{prefix}{name}");
            let foreign = ["target", "node_modules"].contains(&name.as_str());
            if name.starts_with('.') || foreign || path.starts_with("tests/tests/citations") {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.read_folder(&entry.path(), &format!("{path}/"));
            } else if ["rs", "md", "toml", "sql", "exchanges"].iter().any(|end| name.ends_with(&format!(".{end}"))) {
                self.put(&path, fs::read_to_string(entry.path()).expect("sources are UTF-8"));
            }
        }
    }

    /// The text of a file; empty if there is no such file.
    #[must_use]
    pub(crate) fn text(&self, path: &str) -> &str {
        self.0.get(path).map_or("", |file| &file.text)
    }

    /// Adds a file, or replaces the file of this name.
    pub(crate) fn put(&mut self, path: &str, text: String) {
        let cites = citations(path, &text);
        let names = if path.ends_with(".rs") { definitions(&text) } else { Vec::new() };
        let links = if path.ends_with(".md") { links(path, &text) } else { Vec::new() };
        self.0.insert(path.to_owned(), Rc::new(File { text, cites, names, links }));
    }

    fn citations(&self) -> impl Iterator<Item = (&str, &Citation)> {
        self.0.iter().flat_map(|(path, file)| file.cites.iter().map(move |citation| (path.as_str(), citation)))
    }

    /// Whether a file whose path is `path` or ends with it cites `target`; without an extension, `path` is a module.
    fn cites(&self, path: &str, by: By, target: &Target) -> bool {
        let ends = |file: &str, end: &str| format!("/{file}").ends_with(&format!("/{end}"));
        let module =
            |file: &str| ends(file, &format!("{path}.rs")) || format!("/{file}").contains(&format!("/{path}/"));
        let named = |file: &str| ends(file, path) || (!path.contains('.') && module(file));
        self.citations().any(|(file, one)| named(file) && one.by == by && one.target == *target)
    }
}

/// The numbers that are printed.
#[derive(Default)]
pub(crate) struct Counts {
    /// Sections that must be cited, by page.
    pub(crate) sections: BTreeMap<String, usize>,
    /// Citations of sections: by the product, by tests.
    pub(crate) cited: [usize; 2],
    /// Sections with an exception.
    pub(crate) excepted: usize,
    /// Rows of the table of clauses; rows without a citation in product or tests.
    pub(crate) clauses: [usize; 2],
    /// Citations of clauses: by the product, by tests.
    pub(crate) clauses_cited: [usize; 2],
}

/// All errors of `tree`, and the numbers.
#[must_use]
pub(crate) fn judge(tree: &Tree) -> (Vec<(Kind, String)>, Counts) {
    let mut court = Court { tree, wrong: Vec::new(), counts: Counts::default() };
    let pages = tree.0.iter().filter_map(|(path, file)| Some((path.strip_prefix("docs/")?, sections(&file.text))));
    let pages: BTreeMap<&str, BTreeSet<String>> = pages.collect();
    court.forwards(&pages);
    court.backwards(&pages);
    court.standard();
    court.names();
    court.links();
    (court.wrong, court.counts)
}

struct Court<'a> {
    tree: &'a Tree,
    wrong: Vec<(Kind, String)>,
    counts: Counts,
}

impl Court<'_> {
    fn say(&mut self, kind: Kind, what: String) {
        self.wrong.push((kind, what));
    }

    /// Whatever is cited must exist.
    fn forwards(&mut self, pages: &BTreeMap<&str, BTreeSet<String>>) {
        let tree = self.tree;
        for (path, citation) in tree.citations() {
            let here = format!("{path}:{}", citation.line);
            match &citation.target {
                Target::Page(page) if !pages.contains_key(page.as_str()) => {
                    self.say(Kind::NoSuchPage, format!("{here}: there is no docs/{page}"));
                }
                Target::Gone(page) => self.say(Kind::GonePage, format!("{here}: {page} is in no clone")),
                Target::Section(page, section) => match pages.get(page.as_str()) {
                    None => self.say(Kind::NoSuchPage, format!("{here}: there is no docs/{page}")),
                    Some(there) if !there.contains(section) => {
                        self.say(Kind::NoSuchSection, format!("{here}: docs/{page} has no §{section}"));
                    }
                    Some(_) => self.counts.cited.count(citation.by),
                },
                Target::Page(_) | Target::Clause(..) => {}
            }
        }
    }

    /// What a page claims must be cited, or stand in the exceptions with a reason. A section that has sections below it
    /// is a heading, and claims nothing.
    fn backwards(&mut self, pages: &BTreeMap<&str, BTreeSet<String>>) {
        let mut excepted = Vec::new();
        for row in exceptions(self.tree.text(EXCEPTIONS)) {
            match row {
                Ok(exception) if exception.reason.is_empty() => {
                    self.say(Kind::NoReason, format!("{EXCEPTIONS}:{}: a reason is missing", exception.line));
                }
                Ok(exception) => excepted.push((exception, 0)),
                Err(row) => self.say(Kind::UnreadableRow, format!("{EXCEPTIONS}: {row}")),
            }
        }
        for (page, there) in pages {
            let leaves: Vec<&String> = there
                .iter()
                .filter(|section| !there.iter().any(|other| other.starts_with(&format!("{section}."))))
                .collect();
            if !leaves.is_empty() {
                self.counts.sections.insert((*page).to_owned(), leaves.len());
            }
            for section in leaves {
                let target = Target::Section((*page).to_owned(), section.clone());
                let lacks = self.lacks(&target);
                let lacks_any = lacks.product || lacks.test;
                let exception = excepted.iter_mut().find(|(exception, _)| exception.covers(page, section));
                match exception {
                    Some((exception, used)) if exception.without == lacks => *used += 1,
                    Some((exception, used)) => {
                        *used += 1;
                        let line = exception.line;
                        let what =
                            format!("{EXCEPTIONS}:{line}: not so of {page} §{section}, which lacks {}", said(lacks));
                        self.say(Kind::StaleException, what);
                    }
                    None if lacks_any => {
                        self.say(Kind::Uncited, format!("docs/{page} §{section} lacks {}", said(lacks)));
                    }
                    None => {}
                }
            }
        }
        for (exception, used) in &excepted {
            self.counts.excepted += used;
            if *used == 0 {
                let what = format!("{EXCEPTIONS}:{}: speaks for no section, or one spoken for above", exception.line);
                self.say(Kind::StaleException, what);
            }
        }
    }

    /// Cited clauses stand in the table, and the table is right. A clause without a dot is a chapter: it may stand
    /// there, but need not.
    fn standard(&mut self) {
        let tree = self.tree;
        let mut table = BTreeSet::new();
        for row in clauses(tree.text(STANDARD)) {
            let target = Target::Clause(row.part, row.clause.clone());
            let lacks = self.lacks(&target);
            let here = format!("{STANDARD}:{}: clause {}", row.line, row.clause);
            for (by, proof, lacks) in [(By::Product, &row.product, lacks.product), (By::Test, &row.test, lacks.test)] {
                match proof {
                    Proof::None(reason) if reason.is_empty() => self.say(Kind::NoReason, format!("{here}: no reason")),
                    Proof::None(_) if !lacks => {
                        self.say(Kind::StaleException, format!("{here} is said to be cited by no {by:?}, and is"));
                    }
                    Proof::None(_) => {}
                    Proof::Files(files) => {
                        for file in files.iter().filter(|file| !tree.cites(file, by, &target)) {
                            self.say(Kind::NotCitedThere, format!("{here}: {file} does not cite it as {by:?}"));
                        }
                    }
                }
            }
            self.counts.clauses[0] += 1;
            self.counts.clauses[1] += usize::from(lacks.product || lacks.test);
            if !table.insert((row.part, row.clause)) {
                self.say(Kind::ClauseTwice, format!("{here} stands there twice"));
            }
        }
        for (path, citation) in tree.citations() {
            let Target::Clause(part, clause) = &citation.target else { continue };
            self.counts.clauses_cited.count(citation.by);
            if clause.contains('.') && !table.contains(&(*part, clause.clone())) {
                let here = format!("{path}:{}", citation.line);
                self.say(
                    Kind::ClauseNotInTable,
                    format!("{here}: clause {clause} of part {part} is not in {STANDARD}"),
                );
            }
        }
    }

    /// The code must define what glossary and walks name.
    fn names(&mut self) {
        let names: BTreeSet<&str> = self.tree.0.values().flat_map(|file| &file.names).map(String::as_str).collect();
        let words = rows(self.tree.text(GLOSSARY)).filter(|(_, cells)| cells.len() == 4);
        let words = words.map(|(line, mut cells)| (GLOSSARY, line, cells.swap_remove(2)));
        let lines = self.tree.text(WALKS).lines().enumerate();
        let walks = lines.map(|(index, line)| (WALKS, index + 1, line.to_owned()));
        for (page, line, text) in words.chain(walks) {
            for named in text.split('`').skip(1).step_by(2) {
                // A path of modules, types and functions, whose first name may be a crate; not a file or a command.
                let name = named.rsplit("::").next().unwrap_or(named);
                let path = named.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | ':'));
                if path && !names.contains(name) && !name.starts_with("qiyong") {
                    self.say(Kind::NoSuchName, format!("{page}:{line}: nothing is called {name}"));
                }
            }
        }
    }

    /// Links from page to page, with their headings.
    fn links(&mut self) {
        let tree = self.tree;
        for (path, file) in &tree.0 {
            for (page, heading) in &file.links {
                let there = tree.0.get(page).is_some_and(|page| {
                    heading.as_ref().is_none_or(|heading| headings(&page.text).any(|there| there == *heading))
                });
                if !there {
                    let heading = heading.as_deref().unwrap_or("any heading");
                    self.say(
                        Kind::BrokenLink,
                        format!("{path}: a link leads to {page}, {heading}, which is not there"),
                    );
                }
            }
        }
    }

    fn lacks(&self, target: &Target) -> Without {
        let cited = |by| self.tree.citations().any(|(_, one)| one.by == by && one.target == *target);
        Without { product: !cited(By::Product), test: !cited(By::Test) }
    }
}

/// The names that a source defines.
fn definitions(text: &str) -> Vec<String> {
    let words = text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_')).filter(|word| !word.is_empty());
    let pairs = words.clone().zip(words.skip(1));
    let defines = |word| matches!(word, "struct" | "enum" | "trait" | "type" | "mod" | "fn" | "as");
    pairs.filter(|(before, _)| defines(*before)).map(|(_, name)| name.to_owned()).collect()
}

/// The links to pages in the page `path`.
fn links(path: &str, text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for rest in text.split("](").skip(1) {
        let Some((target, _)) = rest.split_once(')') else { continue };
        let (page, heading) = target.split_once('#').map_or((target, None), |(page, heading)| (page, Some(heading)));
        if page.is_empty() {
            found.push((path.to_owned(), heading.map(str::to_owned)));
        } else if page.ends_with(".md") && !page.contains(':') {
            found.push((resolved(path, page), heading.map(str::to_owned)));
        }
    }
    found
}

/// The target of a link from the page `from`, from the workspace's folder.
fn resolved(from: &str, to: &str) -> String {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for step in to.split('/') {
        if step != ".." {
            folders.push(step);
        } else if folders.pop().is_none() {
            return to.to_owned();
        }
    }
    folders.join("/")
}

/// The anchors of a page's headings on the web: lower case, spaces as hyphens, without other signs.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '_')).collect()
    })
}

const fn said(lacks: Without) -> &'static str {
    match (lacks.product, lacks.test) {
        (true, true) => "a citation in code and in a test",
        (true, false) => "a citation in code",
        (false, true) => "a citation in a test",
        (false, false) => "nothing",
    }
}

trait Count {
    fn count(&mut self, by: By);
}

impl Count for [usize; 2] {
    fn count(&mut self, by: By) {
        match by {
            By::Product => self[0] += 1,
            By::Test => self[1] += 1,
            By::Text => {}
        }
    }
}
