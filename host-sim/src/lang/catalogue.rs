//! The catalogue: which Chinese template belongs to which English one, and how a text that is made up finds its own.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::cells;
use super::template::Template;

/// Why files are no catalogue.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unusable {
    /// A file is not TOML of texts.
    #[error("host-sim/src/lang/zh/{0}.toml: {1}")]
    File(String, String),
    /// A brace has no partner.
    #[error("host-sim/src/lang/zh/{0}.toml: a brace without its partner in {1:?}")]
    Brace(String, String),
    /// The placeholders are not the same.
    #[error("host-sim/src/lang/zh/{0}.toml: other placeholders in the Chinese text than in {1:?}")]
    Placeholders(String, String),
    /// Two files say something of the same text.
    #[error("host-sim/src/lang/zh/{0}.toml: {1:?} is in another file, too")]
    Twice(String, String),
}

/// English texts and what they are in Chinese.
#[derive(Debug)]
pub struct Catalogue {
    /// Texts without placeholders.
    whole: HashMap<String, String>,
    /// Texts with placeholders: the one with the most literal text first, and among equals in the order of the alphabet.
    templates: Vec<(Template, Template)>,
}

impl Catalogue {
    /// Reads the files, each its name and its text.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn new(files: &[(&str, &str)]) -> Result<Self, Unusable> {
        let (mut whole, mut templates) = (HashMap::new(), Vec::new());
        for (name, text) in files {
            let file = (*name).to_owned();
            let entries: BTreeMap<String, String> =
                toml::from_str(text).map_err(|error| Unusable::File(file.clone(), error.to_string()))?;
            for (english, chinese) in entries {
                let brace = || Unusable::Brace(file.clone(), english.clone());
                let key = Template::new(english.trim()).ok_or_else(brace)?;
                let value = Template::new(&chinese).ok_or_else(brace)?;
                if key.holes() != value.holes() {
                    return Err(Unusable::Placeholders(file.clone(), english));
                }
                let before = if key.holes().is_empty() {
                    whole.insert(key.literal(), value.literal()).is_some()
                } else {
                    let before = templates.iter().any(|(_, (other, _))| *other == key);
                    templates.push((english.clone(), (key, value)));
                    before
                };
                if before {
                    return Err(Unusable::Twice(file.clone(), english));
                }
            }
        }
        templates.sort_by(|(a, (one, _)), (b, (other, _))| other.weight().cmp(&one.weight()).then_with(|| a.cmp(b)));
        Ok(Self { whole, templates: templates.into_iter().map(|(_, pair)| pair).collect() })
    }

    /// The same text in Chinese; as it is, where nothing is known of it.
    pub fn say(&self, text: &str) -> String {
        self.known(text).unwrap_or_else(|| text.to_owned())
    }

    /// The same text in Chinese; `None`: nothing is known of any part of it.
    pub fn known(&self, text: &str) -> Option<String> {
        Look { catalogue: self, seen: HashMap::new() }.known(text)
    }

    /// The English templates, for whoever looks whether each has its place in a source.
    pub fn keys(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        let entries = files.iter().filter_map(|(_, text)| toml::from_str::<BTreeMap<String, String>>(text).ok());
        entries.flatten().collect()
    }
}

/// One look for a text. A part of it is looked for once: parts of parts are the same again and again.
struct Look<'c, 't> {
    catalogue: &'c Catalogue,
    seen: HashMap<&'t str, Option<String>>,
}

impl<'t> Look<'_, 't> {
    /// Each part that is looked for is shorter than the whole, so that this ends.
    fn known(&mut self, text: &'t str) -> Option<String> {
        // Most of what placeholders hold is numbers.
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let core = text.trim();
        let said = match self.seen.get(core) {
            Some(said) => said.clone(),
            None => {
                let said = self.whole(core).or_else(|| self.pair(core)).or_else(|| self.row(core));
                let said = said.or_else(|| self.chain(core));
                self.seen.insert(core, said.clone());
                said
            }
        }?;
        let before = text.len() - text.trim_start().len();
        let after = text.trim_end().len();
        Some(format!("{}{said}{}", &text[..before], &text[after..]))
    }

    /// By one template.
    fn whole(&mut self, text: &'t str) -> Option<String> {
        let catalogue = self.catalogue;
        if let Some(said) = catalogue.whole.get(text) {
            return Some(said.clone());
        }
        let (held, (key, value)) =
            catalogue.templates.iter().find_map(|pair| pair.0.matched(text).map(|held| (held, pair)))?;
        Some(value.filled(key, &held, |held| self.known(held).unwrap_or_else(|| held.to_owned())))
    }

    /// A text that says itself in Chinese after the English, `text (中文)`; or with names after it that stay, `text [a, b]`.
    fn pair(&mut self, text: &'t str) -> Option<String> {
        let is_han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
        if let Some(inner) = text.strip_suffix(')')
            && let Some((english, chinese)) = inner.rsplit_once(" (")
            && chinese.chars().any(is_han)
            && !english.chars().any(is_han)
        {
            return Some(chinese.to_owned());
        }
        let (words, names) = text.strip_suffix(']')?.rsplit_once(" [")?;
        Some(format!("{} [{names}]", self.known(words)?))
    }

    /// As a row of cells.
    fn row(&mut self, text: &'t str) -> Option<String> {
        let cells = cells::split(text)?;
        let said: Vec<_> = cells.iter().map(|cell| self.known(cell.text)).collect();
        if said.iter().all(Option::is_none) {
            return None;
        }
        let texts: Vec<_> =
            cells.iter().zip(said).map(|(cell, said)| said.unwrap_or_else(|| cell.text.to_owned())).collect();
        Some(cells::join(&cells, &texts))
    }

    /// As "what: why", or as texts one after another.
    fn chain(&mut self, text: &'t str) -> Option<String> {
        for (between, said_between) in [(": ", "："), ("; ", "；"), (", ", "，"), (". ", "。")] {
            for (at, _) in text.match_indices(between) {
                let (left, right) = (&text[..at], &text[at + between.len()..]);
                let (first, second) = (self.known(left), self.known(right));
                // Of a list each part must be known; what stands before a colon may be a name.
                let is_known = match between {
                    ": " => second.is_some() || (first.is_some() && !has_words(right)),
                    _ => (first.is_some() || !has_words(left)) && (second.is_some() || !has_words(right)),
                };
                if is_known && (first.is_some() || second.is_some()) {
                    // After a path or an address a colon of Chinese would be copied with it.
                    let said_between = if first.is_none() && between == ": " { between } else { said_between };
                    let (first, second) =
                        (first.unwrap_or_else(|| left.into()), second.unwrap_or_else(|| right.into()));
                    return Some(format!("{first}{said_between}{second}"));
                }
            }
        }
        None
    }
}

/// Whether there may be words in it: two, one after another.
fn has_words(text: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)))
}
