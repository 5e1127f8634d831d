//! Compares the catalogue with the sources: nothing is missing, nothing is dead, and each entry says the same in both languages.

use std::collections::{BTreeMap, BTreeSet};

use qiyong::lang::{Catalogue, Template};

use super::sources::Sources;
use super::ways::{instructs, instructs_in_chinese, names_a_way_out, names_a_way_out_in_chinese};

/// Files whose keys are other people's words: clap's, the system's.
const OTHERS: [&str; 2] = ["clap", "system"];

/// What is wrong, each with what to do.
pub(crate) fn judge(files: &[(&str, &str)], sources: &Sources) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(Catalogue::faults(files).iter().map(ToString::to_string));
    let mut keys: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for (name, _) in files {
        let own = files.iter().copied().filter(|(other, _)| other == name).collect::<Vec<_>>();
        for (english, chinese) in Catalogue::keys(&own) {
            let Some(key) = Template::key(&english) else { continue };
            keys.insert(key, (name, chinese));
        }
    }
    for (key, at) in &sources.required {
        if !keys.contains_key(key) {
            wrong.push(format!(
                "{at}: no Chinese for {key:?}: add it to a file of host-sim/src/lang/zh, the English text as the key"
            ));
        }
    }
    let errors = sources.errors.iter().map(|error| &error.text).chain(sources.complaints.keys());
    let errors: BTreeSet<&str> = errors.map(String::as_str).collect();
    for (key, (name, chinese)) in &keys {
        if !OTHERS.contains(name) && !sources.texts.contains(key) {
            wrong.push(format!(
                "host-sim/src/lang/zh/{name}.toml: no source says {key:?}: take the entry out, or correct its key"
            ));
        }
        let keeps_it = if errors.contains(key.as_str()) {
            names_a_way_out(key) && !names_a_way_out_in_chinese(chinese)
        } else {
            !name.starts_with("help") && instructs(key) && !instructs_in_chinese(chinese)
        };
        if keeps_it {
            wrong.push(format!("host-sim/src/lang/zh/{name}.toml: {key:?} says what to do, and {chinese:?} does not"));
        }
        let is_han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
        let has_words =
            key.split_whitespace().filter(|word| word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase()));
        if has_words.count() > 1 && !key.contains("qiyong ") && !chinese.chars().any(is_han) {
            wrong.push(format!("host-sim/src/lang/zh/{name}.toml: {key:?} is not in Chinese"));
        }
    }
    for unused in sources.unused_exceptions() {
        wrong.push(format!("tests/tests/lang/sources.rs: the exception {unused:?} is not needed"));
    }
    wrong
}
