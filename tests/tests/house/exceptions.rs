//! The exceptions in `tests/house.toml`: each with a reason, and each for something that is there.

use serde::Deserialize;

use super::{Kind, Wrong};

/// The file.
pub(crate) const FILE: &str = "tests/house.toml";

/// The exceptions, and whether each was needed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exceptions {
    #[serde(default)]
    circle: Vec<Entry>,
    #[serde(default)]
    repeat: Vec<Entry>,
    #[serde(default)]
    word: Vec<Entry>,
}

/// One exception.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    files: Vec<String>,
    /// If it is about a word: which.
    word: Option<String>,
    reason: String,
    #[serde(skip)]
    met: bool,
}

impl Exceptions {
    /// # Panics
    /// If the text is no such file.
    pub(crate) fn read(text: &str) -> Self {
        toml::from_str(text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
    }

    /// A circle of exactly these files.
    pub(crate) fn allows_circle(&mut self, files: &[String]) -> bool {
        meet(&mut self.circle, |entry| sorted(&entry.files) == sorted(files))
    }

    /// Rows that these two files share.
    pub(crate) fn allows_repeat(&mut self, one: &str, other: &str) -> bool {
        meet(&mut self.repeat, |entry| sorted(&entry.files) == sorted(&[one.to_string(), other.to_string()]))
    }

    /// A word in a file.
    pub(crate) fn allows_word(&mut self, file: &str, word: &str) -> bool {
        meet(&mut self.word, |entry| entry.files == [file] && entry.word.as_deref() == Some(word))
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &Entry)> {
        let [circles, repeats, words] = [("circle", &self.circle), ("repeat", &self.repeat), ("word", &self.word)]
            .map(|(kind, entries)| entries.iter().map(move |entry| (kind, entry)));
        circles.chain(repeats).chain(words)
    }

    pub(crate) fn counts(&self) -> String {
        format!("{} circles, {} repeats, {} words", self.circle.len(), self.repeat.len(), self.word.len())
    }

    /// The errors in the exceptions, after everything has been judged.
    pub(crate) fn finish(self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for (kind, entry) in self.all() {
            let what = format!("{FILE}: {kind} {:?} {}", entry.files, entry.word.as_deref().unwrap_or_default());
            if entry.reason.trim().is_empty() {
                wrong.push((Kind::NoReason, what.clone()));
            }
            if !entry.met {
                wrong.push((Kind::StaleException, what));
            }
        }
        wrong
    }
}

fn sorted(files: &[String]) -> Vec<String> {
    let mut files = files.to_vec();
    files.sort();
    files
}

fn meet(entries: &mut [Entry], is_it: impl Fn(&Entry) -> bool) -> bool {
    let mut found = false;
    for entry in entries.iter_mut().filter(|entry| is_it(entry)) {
        (entry.met, found) = (true, true);
    }
    found
}
