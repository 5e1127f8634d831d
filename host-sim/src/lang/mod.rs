//! The language in which the program speaks to people: English, or Chinese.
//!
//! Crates say English, each error by its `Display`, and know nothing of this. The door (`output`) hands each text to [`say`],
//! which looks it up in a catalogue, in the manner of gettext: the English template is the key. A text that the catalogue does not
//! know stays English. What programs read (JSON, times, hex, names, paths) never comes here.
//!
//! Not a kept crate: fluent, rust-i18n and gettext want a call at each place where a text is made, with a key and its arguments. Our
//! texts are made in libraries without a heap, in `thiserror`'s attributes and in clap; they come to the door made up.

mod catalogue;
mod cells;
mod template;
mod zh;

use std::borrow::Cow;
use std::sync::OnceLock;

pub use catalogue::{Catalogue, Unusable};
pub use template::Template;
pub use zh::FILES;

/// The languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// The languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// As it is written after `--lang`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The language that is asked for: by the command line, else by QIYONG_LANG, else by the locale (the first of LC_ALL,
    /// LC_MESSAGES and LANG that says something). A word that is no language of ours asks for none.
    pub fn asked_for<S: AsRef<str>>(arguments: &[S], variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_zh = |locale: &str| locale == "zh" || locale.starts_with("zh_") || locale.starts_with("zh-");
        let named = |text: &str| Self::ALL.into_iter().find(|lang| lang.as_str() == text);
        typed(arguments, "--lang").and_then(named).or_else(|| named(&variable("QIYONG_LANG")?)).unwrap_or_else(|| {
            let locale =
                ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|text| !text.is_empty());
            if locale.is_some_and(|locale| is_zh(&locale)) { Self::Zh } else { Self::En }
        })
    }
}

/// What is typed after a flag; of several the last. Needed before clap reads the arguments, since that may have to complain of them.
pub fn typed<'a, S: AsRef<str>>(arguments: &'a [S], flag: &str) -> Option<&'a str> {
    let mut words = arguments.iter().map(AsRef::as_ref).take_while(|word| *word != "--");
    let mut typed = None;
    while let Some(word) = words.next() {
        if word == flag {
            typed = words.next();
        } else if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            typed = Some(value);
        }
    }
    typed
}

/// The catalogue of the language in force; none for English.
static IN_FORCE: OnceLock<Option<Catalogue>> = OnceLock::new();

/// Puts a language into force, once, before anything is said.
pub fn set(lang: Lang) {
    let catalogue = match lang {
        Lang::En => None,
        Lang::Zh => Some(Catalogue::new(&FILES)),
    };
    let _ = IN_FORCE.set(catalogue);
}

/// The language in force.
pub fn in_force() -> Lang {
    if catalogue().is_some() { Lang::Zh } else { Lang::En }
}

/// The same text in the language in force; as it is, where the catalogue does not know it.
pub fn say(text: &str) -> Cow<'_, str> {
    match catalogue() {
        Some(catalogue) => Cow::Owned(catalogue.say(text)),
        None => Cow::Borrowed(text),
    }
}

/// For texts that exist in both languages: both to a reader of English, who may have to show a holder the other; Chinese alone to a
/// reader of Chinese.
pub fn both(english: &str, chinese: &str) -> String {
    match in_force() {
        Lang::En => format!("{english} {chinese}"),
        Lang::Zh => chinese.to_owned(),
    }
}

fn catalogue() -> Option<&'static Catalogue> {
    IN_FORCE.get().and_then(Option::as_ref)
}

#[cfg(test)]
mod tests;
