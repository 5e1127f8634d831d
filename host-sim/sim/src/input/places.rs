//! Where the keys of a TOML file stand, so that an error about what a value means names line and column as one about the
//! syntax does.
//!
//! Only names and places are kept: what stands there may be a PIN or a key.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A place in a text: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The place of the character at this byte.
    fn place(&self, at: usize) -> Option<Place> {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let column = self.text.get(start..at)?.chars().count() + 1;
        Some(Place { line, column })
    }
}

/// The place of the character at byte `at` of `text`; `None` beyond its end or inside of a character.
pub fn place(text: &str, at: usize) -> Option<Place> {
    Lines::of(text).place(at)
}

/// Every key of a file, and where its value stands.
///
/// A key is named as errors name it: tables within tables by dots, and what is a list by its number, from 1, as in `step 2: line
/// 1.fault`. The colon is as good as a dot.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<String, Place>);

impl Places {
    /// The keys of this text; none if it is no TOML.
    pub fn of(text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            places.enter("", table.get_ref(), &Lines::of(text));
        }
        places
    }

    /// Where the value of `key` stands. Where the file has no such key, the place of the table in which it would stand; `None` at
    /// the file's own level.
    pub fn find(&self, key: &str) -> Option<Place> {
        let mut name = key.replace(": ", ".");
        loop {
            if let Some(place) = self.0.get(&name) {
                return Some(*place);
            }
            name.truncate(name.rfind('.')?);
        }
    }

    /// Notes the keys of a table.
    fn enter(&mut self, path: &str, table: &DeTable<'_>, lines: &Lines<'_>) {
        for (key, value) in table {
            let name = key.get_ref().replace(": ", ".");
            let name = if path.is_empty() { name } else { format!("{path}.{name}") };
            self.note(name, value.span(), value.get_ref(), lines);
        }
    }

    fn note(&mut self, name: String, span: Range<usize>, value: &DeValue<'_>, lines: &Lines<'_>) {
        match value {
            DeValue::Table(table) => self.enter(&name, table, lines),
            DeValue::Array(items) => {
                for (number, item) in (1..).zip(items) {
                    self.note(format!("{name} {number}"), item.span(), item.get_ref(), lines);
                }
            }
            _ => {}
        }
        if let Some(place) = lines.place(span.start) {
            self.0.entry(name).or_insert(place);
        }
    }
}

/// The problem, with its place before it, if there is one.
pub fn placed(place: Option<&Place>, problem: &str) -> String {
    match place {
        Some(Place { line, column }) => format!("line {line}, column {column}: {problem}"),
        None => problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = \"双\"\n[centre]\narea = \"1\"\n[[step]]\nline = [{ at = 9, fault = \"late\" },\n  \
                        { at = 8 }]\n[[step]]\n  do = \"pay\" \n[card.\"SSSE/EF06\"]\n\"0B.1\" = 2\n[expect]\n";

    #[test]
    fn every_key_has_the_place_of_its_value_and_a_missing_one_that_of_its_table() {
        let places = Places::of(TEXT);
        for (key, line, column) in [
            ("title", 1, 9),
            ("centre.area", 3, 8),
            ("step 1: line 1.fault", 5, 27),
            ("step 1: line 2.at", 6, 10),
            ("step 2: do", 8, 8),
            ("card.SSSE/EF06.0B.1", 10, 10),
            // What is missing.
            ("step 2: total", 7, 1),
            ("step 1: line 2.fault", 6, 3),
            ("centre.institution 1: code", 2, 1),
            ("card.SSSE/EF06.09", 9, 1),
        ] {
            assert_eq!(places.find(key), Some(Place { line, column }), "{key}");
        }
        for key in ["seed", "step 3: do", ""] {
            assert_eq!(places.find(key), None, "{key}");
        }
        assert_eq!(Places::of("a = ").find("a"), None);
        assert_eq!(place("双\n张a", 7), Some(Place { line: 2, column: 2 }));
        assert_eq!(place("双", 1), None, "inside of a character");
    }
}
