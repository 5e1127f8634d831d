//! The catalogue: which Chinese template belongs to which English one, and how a text that is made up finds its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use thiserror::Error;

use super::cells;
use super::template::{Template, weight, whole_path};

/// What of a catalogue cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unusable {
    /// A file is not TOML of texts.
    #[error("host-sim/src/lang/zh/{0}.toml: {1}")]
    File(String, String),
    /// A brace has no partner.
    #[error("host-sim/src/lang/zh/{0}.toml: a brace without its partner in {1:?}: add it")]
    Brace(String, String),
    /// The placeholders are not the same, or there is nothing else.
    #[error("host-sim/src/lang/zh/{0}.toml: other placeholders in the Chinese text than in {1:?}: use the same")]
    Placeholders(String, String),
    /// Two files say something of the same text.
    #[error("host-sim/src/lang/zh/{0}.toml: {1:?} is in another file, too: take one of the two out")]
    Twice(String, String),
}

/// English texts and what they are in Chinese.
#[derive(Debug)]
pub struct Catalogue {
    /// Texts without placeholders.
    whole: HashMap<String, String>,
    /// Texts with placeholders, by the byte that they begin with; `None`: by a placeholder. The one with the most literal text is the
    /// first, and among equals in the order of the alphabet.
    templates: HashMap<Option<u8>, Vec<(Template, Template)>>,
}

impl Catalogue {
    /// Reads the files, each its name and its text. What cannot be used is left out, so that its text stays English: the tests find it
    /// by [`Self::faults`].
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::read(files).0
    }

    /// What cannot be used.
    pub fn faults(files: &[(&str, &str)]) -> Vec<Unusable> {
        Self::read(files).1
    }

    fn read(files: &[(&str, &str)]) -> (Self, Vec<Unusable>) {
        let (mut whole, mut templates, mut known) = (HashMap::new(), Vec::new(), HashSet::new());
        let mut faults = Vec::new();
        for (name, text) in files {
            let file = (*name).to_owned();
            let entries: BTreeMap<String, String> = toml::from_str(text).unwrap_or_else(|error| {
                faults.push(Unusable::File(file.clone(), error.to_string()));
                BTreeMap::new()
            });
            for (english, chinese) in entries {
                let (Some(mut key), Some(value)) = (Template::new(english.trim()), Template::new(&chinese)) else {
                    faults.push(Unusable::Brace(file.clone(), english));
                    continue;
                };
                if key.holes() != value.holes() || key.weight() == 0 {
                    faults.push(Unusable::Placeholders(file.clone(), english));
                } else if !known.insert(key.clone()) {
                    faults.push(Unusable::Twice(file.clone(), english));
                } else if key.holes().is_empty() {
                    whole.insert(key.literal(), value.literal());
                } else {
                    key.keep_as(&value);
                    templates.push((english, (key, value)));
                }
            }
        }
        templates.sort_by(|(a, (one, _)), (b, (other, _))| other.weight().cmp(&one.weight()).then_with(|| a.cmp(b)));
        let mut by_begin: HashMap<_, Vec<_>> = HashMap::new();
        for (_, (key, value)) in templates {
            by_begin.entry(key.begin()).or_default().push((key, value));
        }
        (Self { whole, templates: by_begin }, faults)
    }

    /// The same text in Chinese; as it is, where nothing is known of it.
    pub fn say(&self, text: &str) -> String {
        self.known(text).unwrap_or_else(|| text.to_owned())
    }

    /// The same text in Chinese; `None`: nothing is known of any part of it.
    pub fn known(&self, text: &str) -> Option<String> {
        Look { catalogue: self, seen: HashMap::new() }.known(text).map(|said| said.text)
    }

    /// The English templates, for whoever looks whether each has its place in a source.
    pub fn keys(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        let entries = files.iter().filter_map(|(_, text)| toml::from_str::<BTreeMap<String, String>>(text).ok());
        entries.flatten().collect()
    }
}

/// What is longer than any text of ours, in bytes, is not looked for: it is somebody else's, and would be looked for at length.
const LONGEST: usize = 800;
/// A template with fewer letters fits much that it does not mean: only where what its placeholders hold is known, or no words, it
/// counts.
const WEAK: usize = 8;

/// What was made of a text.
#[derive(Clone, Debug)]
struct Said {
    text: String,
    /// How many letters of the English text are those of templates: of several ways to read it the one with the most counts.
    explained: usize,
}

/// One look for a text. A part of it is looked for once: parts of parts are the same again and again.
struct Look<'c, 't> {
    catalogue: &'c Catalogue,
    seen: HashMap<&'t str, Option<Said>>,
}

impl<'t> Look<'_, 't> {
    /// Each part that is looked for is shorter than the whole, so that this ends.
    fn known(&mut self, text: &'t str) -> Option<Said> {
        // Most of what placeholders hold is numbers.
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let core = text.trim();
        if core.len() > LONGEST {
            return None;
        }
        let said = match self.seen.get(core) {
            Some(said) => said.clone(),
            None => {
                let said = self.best(core);
                self.seen.insert(core, said.clone());
                said
            }
        }?;
        let before = text.len() - text.trim_start().len();
        let after = text.trim_end().len();
        Some(Said { text: format!("{}{}{}", &text[..before], said.text, &text[after..]), ..said })
    }

    fn best(&mut self, text: &'t str) -> Option<Said> {
        if let Some(said) = self.catalogue.whole.get(text) {
            return Some(Said { text: said.clone(), explained: weight(text) });
        }
        let catalogue = self.catalogue;
        let mut best = better(self.pair(text), self.marked(text));
        let begin = text.bytes().next();
        for (key, value) in [begin, None].iter().filter_map(|begin| catalogue.templates.get(begin)).flatten() {
            if let Some(held) = key.matched(text) {
                let (mut explained, mut is_guessed) = (key.weight(), false);
                let said = value.filled(key, &held, |held| match self.known(held) {
                    Some(said) => {
                        explained += said.explained;
                        said.text
                    }
                    None => {
                        is_guessed |= key.weight() < WEAK && has_words(held);
                        held.to_owned()
                    }
                });
                if !is_guessed {
                    best = better(best, Some(Said { text: said, explained }));
                }
            }
        }
        best = better(best, self.row(text));
        if best.is_none() {
            self.chain(text).or_else(|| self.coded(text)).or_else(|| self.commanded(text))
        } else {
            best
        }
    }

    /// A text between arrows, lines, or behind a number: `→ text`, `━━ 1. text ━━`.
    fn marked(&mut self, text: &'t str) -> Option<Said> {
        let is_mark = |character: char| "━─→←│·•-* ".contains(character);
        let inner = text.trim_matches(is_mark);
        let numbered = inner.trim_start_matches(|character: char| character.is_ascii_digit());
        let inner = numbered.strip_prefix(". ").filter(|_| numbered.len() < inner.len()).unwrap_or(inner);
        if inner.len() == text.len() {
            return None;
        }
        let said = self.known(inner)?;
        let before = text.find(inner)?;
        let (before, after) = (&text[..before], &text[before + inner.len()..]);
        Some(Said { text: format!("{before}{}{after}", said.text), ..said })
    }

    /// A text with a code, a number or a value behind it: `pharmacy P32010000017`, `expiry date "20360302"`.
    fn coded(&mut self, text: &'t str) -> Option<Said> {
        if let Some((words, value)) = text.strip_suffix('"').and_then(|text| text.split_once(" \"")) {
            let said = self.known(words)?;
            return Some(Said { text: format!("{} \"{value}\"", said.text), ..said });
        }
        let (words, code) = text.rsplit_once(' ')?;
        let is_code = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '.';
        if !code.chars().all(is_code) || !code.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let said = self.known(words)?;
        Some(Said { text: format!("{} {code}", said.text), ..said })
    }

    /// The name of a command, and what it is about: `SELECT file EF05 card data`.
    fn commanded(&mut self, text: &'t str) -> Option<Said> {
        let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let mut rest = text;
        while let Some((word, more)) = rest.split_once(' ')
            && (word.chars().all(is_capital) || (word == "file" && rest.len() < text.len()))
        {
            rest = more;
        }
        let said = if rest.len() < text.len() { self.known(rest)? } else { return None };
        Some(Said { text: format!("{}{}", &text[..text.len() - rest.len()], said.text), ..said })
    }

    /// A text that says itself in Chinese after the English, `text (中文)`; or with names after it that stay, `text [a, b]`.
    fn pair(&mut self, text: &'t str) -> Option<Said> {
        let is_han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
        if let Some(inner) = text.strip_suffix(')')
            && let Some((english, chinese)) = inner.rsplit_once(" (")
            && chinese.starts_with(is_han)
            && !english.chars().any(is_han)
        {
            return Some(Said { text: chinese.to_owned(), explained: weight(text) });
        }
        let (words, names) = text.strip_suffix(']')?.rsplit_once(" [")?;
        let said = self.known(words)?;
        Some(Said { text: format!("{} [{names}]", said.text), ..said })
    }

    /// As a row of cells. What a screen shows, behind a bar, is in both languages.
    fn row(&mut self, text: &'t str) -> Option<Said> {
        if text.contains('│') {
            return None;
        }
        let cells = cells::split(text)?;
        let said: Vec<_> = cells.iter().map(|cell| self.known(cell.text)).collect();
        let explained = said.iter().flatten().map(|said| said.explained).sum();
        if said.iter().all(Option::is_none) {
            return None;
        }
        let text = |(cell, said): (&cells::Cell<'_>, Option<Said>)| said.map_or(cell.text.to_owned(), |said| said.text);
        let texts: Vec<_> = cells.iter().zip(said).map(text).collect();
        Some(Said { text: cells::join(&cells, &texts), explained })
    }

    /// The end of the path that a text begins with, which a colon does not cut; 0 if it begins with words of ours.
    fn after_path(&mut self, text: &'t str) -> usize {
        match text.find(": ").map(|at| &text[..at]) {
            Some(first) if self.known(first).is_none() => whole_path(text, ": ").unwrap_or_default(),
            _ => 0,
        }
    }

    /// As "what: why", or as texts one after another.
    fn chain(&mut self, text: &'t str) -> Option<Said> {
        for (between, said_between) in [(": ", "："), ("; ", "；"), (", ", "，"), (". ", "")] {
            let begin = if between == ": " { self.after_path(text) } else { 0 };
            for (at, _) in text.match_indices(between).filter(|(at, _)| *at >= begin) {
                // A sentence has its full stop.
                let end = if between == ". " { at + 1 } else { at };
                let (left, right) = (&text[..end], &text[at + between.len()..]);
                let (first, second) = (self.known(left), self.known(right));
                // Of a list each part must be known; what stands before a colon may be a name.
                let is_known = match between {
                    ": " => second.is_some() || (first.is_some() && !has_words(right)),
                    _ => (first.is_some() || !has_words(left)) && (second.is_some() || !has_words(right)),
                };
                if is_known && (first.is_some() || second.is_some()) {
                    // After a path or an address a colon of Chinese would be copied with it.
                    let said_between = if first.is_none() && between == ": " { between } else { said_between };
                    let explained = [&first, &second].into_iter().flatten().map(|said| said.explained).sum();
                    let first = first.map_or(left.to_owned(), |said| said.text);
                    let second = second.map_or(right.to_owned(), |said| said.text);
                    return Some(Said { text: format!("{first}{said_between}{second}"), explained });
                }
            }
        }
        None
    }
}

fn better(one: Option<Said>, other: Option<Said>) -> Option<Said> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.explained > one.explained { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// Whether there may be words in it: two, one after another.
fn has_words(text: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)))
}
