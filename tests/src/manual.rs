//! The manual's pages, docs/usage.md, docs/operating.md and docs/first-steps.md: their examples are run as they are written, and their output is compared
//! with what is printed below them. The demo's text is compared elsewhere (`program`).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::programs::Watched;
use crate::qiyong;

/// A page of docs/.
pub struct Page(String);

/// A fenced block.
pub struct Block {
    /// What stands behind its fence: a language, and who runs it.
    pub info: String,
    /// What is in it.
    pub text: String,
}

impl Page {
    /// The page of this name.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        Self(fs::read_to_string(page).expect("a page of the manual"))
    }

    /// What stands under a heading of the second level.
    ///
    /// # Panics
    /// The heading is not there.
    #[must_use]
    pub fn section(&self, heading: &str) -> &str {
        let (_, section) = self.0.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
        section.split("\n## ").next().unwrap_or(section)
    }

    /// The headings of the second level.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(|line| line.strip_prefix("## "))
    }

    /// The fenced blocks under a heading.
    #[must_use]
    pub fn blocks(&self, heading: &str) -> Vec<Block> {
        let mut found: Vec<Block> = Vec::new();
        let mut inside = false;
        for line in self.section(heading).lines() {
            match (line.strip_prefix("```"), found.last_mut()) {
                (Some(_), _) if inside => inside = false,
                (Some(info), _) => {
                    inside = true;
                    found.push(Block { info: info.to_owned(), text: String::new() });
                }
                (None, Some(block)) if inside => block.text += &format!("{line}\n"),
                _ => {}
            }
        }
        found
    }

    /// The blocks of one kind under a heading, one after the other.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn text(&self, heading: &str, info: &str) -> String {
        let of: Vec<String> =
            self.blocks(heading).into_iter().filter(|block| block.info == info).map(|block| block.text).collect();
        assert!(!of.is_empty(), "{heading} has no {info}");
        of.concat()
    }

    /// Each block of the first kind with the next one, if that is of the second: what is asked, and what is answered.
    #[must_use]
    pub fn pairs(&self, heading: &str, asked: &str, answered: &str) -> Vec<(String, String)> {
        let blocks = self.blocks(heading);
        let pairs = blocks.windows(2).filter(|pair| pair[0].info == asked && pair[1].info == answered);
        pairs.map(|pair| (pair[0].text.clone(), pair[1].text.clone())).collect()
    }

    /// Runs the `sh` blocks under a heading in an empty folder; what they print must be the `text` blocks.
    ///
    /// # Panics
    /// A command fails, or prints something else.
    pub fn runs_as_written(&self, heading: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        self.runs_as_written_in(heading, folder.path());
    }

    /// The same in this folder.
    ///
    /// # Panics
    /// A command fails, or prints something else.
    pub fn runs_as_written_in(&self, heading: &str, folder: &Path) {
        let mut bash = Command::new("bash");
        bash.args(["-eu", "-o", "pipefail", "-c", &self.text(heading, "sh")]).current_dir(folder);
        let output = Watched::start(bash.env("PATH", path())).output();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said, self.text(heading, "text"), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Where the page's programs are, the program of this build first.
///
/// # Panics
/// There is no `PATH`.
#[must_use]
pub fn path() -> String {
    let programs = qiyong().parent().expect("a folder").to_owned();
    format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"))
}
