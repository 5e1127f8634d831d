//! A message as a tree of named parts, each with its place. The values are made last, from bytes in which every secret has become
//! `*`: so none can be shown.

use std::ops::Range;

use serde::Serialize;
use thiserror::Error;

use qiyong_protocol::layout::{Form, Part, Secret, Step, Unfit, walk};

use super::value;

/// One part of a message.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Node {
    /// What it is known by, such as `f60.batch`: the name of its field in Wireshark, behind `qiyong.`.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Where it begins, in bytes.
    pub at: usize,
    /// How many bytes it has a share in.
    pub length: usize,
    /// What it is; none if it consists of parts alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the value says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// What it consists of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Node>,
    #[serde(skip)]
    leaf: Option<Leaf>,
}

/// A part that has a value.
#[derive(Clone, Debug)]
struct Leaf {
    form: Form,
    /// In half bytes.
    at: Range<usize>,
    /// In bytes, from the beginning.
    secret: Range<usize>,
}

/// Why bytes are no such message: the place, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}, at byte {at}: {what}")]
pub struct Problem {
    /// The field, object or part.
    pub place: String,
    /// Where, in bytes from the beginning, from 0.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, at: usize, what: impl Into<String>) -> Self {
        Self { place: place.into(), at, what: what.into() }
    }

    /// The same in a field or object.
    pub(super) fn within(self, outer: &str) -> Self {
        let place = if self.place.is_empty() { outer.to_string() } else { format!("{outer}, {}", self.place) };
        Self { place, ..self }
    }
}

/// The last part of a key: letters and digits of a name, with `_` between its words.
pub fn key_of(name: &str) -> String {
    let mut key = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => key.push(c.to_ascii_lowercase()),
            // holder's: holders.
            '\'' => {}
            _ if key.ends_with('_') => {}
            _ => key.push('_'),
        }
    }
    key
}

/// How a part is to be read.
pub(super) struct Written {
    pub(super) form: Form,
    /// In half bytes.
    pub(super) at: Range<usize>,
    pub(super) secret: Secret,
}

impl Node {
    /// A part that consists of others.
    pub(super) fn group(
        key: impl Into<String>,
        name: impl Into<String>,
        bytes: Range<usize>,
        parts: Vec<Self>,
    ) -> Self {
        let (key, name, at, length) = (key.into(), name.into(), bytes.start, bytes.len());
        Self { key, name, at, length, value: None, words: None, parts, leaf: None }
    }

    /// A part that has a value.
    pub(super) fn leaf(key: impl Into<String>, name: impl Into<String>, written: Written) -> Self {
        let Written { form, at, secret } = written;
        let bytes = at.start / 2..at.end.div_ceil(2);
        let counts_digits = matches!(form, Form::Digits(_));
        // The byte of length that some begin with is no secret.
        let begins = 2 * usize::from(matches!(form, Form::Counted | Form::CountedGbk));
        let units = (at.len() - begins) / if counts_digits { 1 } else { 2 };
        let hidden = secret.range(units);
        let of = |unit: usize| at.start + begins + unit * if counts_digits { 1 } else { 2 };
        let secret = if hidden.is_empty() { 0..0 } else { of(hidden.start) / 2..of(hidden.end).div_ceil(2) };
        let leaf = Some(Leaf { form, at, secret });
        Self { leaf, ..Self::group(key, name, bytes, Vec::new()) }
    }

    /// The same under this name.
    pub(super) fn called(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// All that is secret in it, in bytes from the beginning.
    pub(super) fn secrets(&self, found: &mut Vec<Range<usize>>) {
        found.extend(self.leaf.iter().map(|leaf| leaf.secret.clone()).filter(|secret| !secret.is_empty()));
        self.parts.iter().for_each(|part| part.secrets(found));
    }

    /// Gives it and its parts their values.
    pub(super) fn fill(&mut self, masked: &[u8]) {
        if let Some(Leaf { form, at, .. }) = &self.leaf {
            let (value, words) = value::of(form, masked, at.clone());
            (self.value, self.words) = (Some(value), words);
            if let Form::Flags(names) = form {
                let byte = masked.get(self.at).copied().unwrap_or_default();
                let flag = |(bit, name): (usize, &&str)| {
                    let key = format!("{}.{}", self.key, key_of(name));
                    let value = Some((byte >> bit & 1).to_string());
                    Self { value, ..Self::group(key, *name, self.at..self.at + 1, Vec::new()) }
                };
                self.parts = names.iter().enumerate().map(flag).collect();
            }
        }
        self.parts.iter_mut().for_each(|part| part.fill(masked));
    }

    /// What is not what it should be, in it or its parts.
    pub(super) fn nonsense(&self, bytes: &[u8]) -> Option<Problem> {
        let own = self.leaf.as_ref().and_then(|leaf| value::nonsense(&leaf.form, bytes, leaf.at.clone()));
        let own = own.map(|what| Problem::new(self.name.clone(), self.at, what));
        own.or_else(|| {
            self.parts.iter().find_map(|part| part.nonsense(bytes).map(|problem| problem.within(&self.name)))
        })
    }
}

/// The parts of which `bytes` consist, that lie at `start` (in half bytes) of the whole message; `count` half bytes.
pub(super) fn parts_of(
    parts: &'static [Part],
    key: &str,
    whole: &[u8],
    start: usize,
    count: usize,
) -> Result<Vec<Node>, Problem> {
    // A field of digits begins at a byte, too.
    let bytes = whole.get(start / 2..).unwrap_or_default();
    let mut open: Vec<(Vec<Node>, String, &str, usize)> = vec![(Vec::new(), key.to_string(), "", 0)];
    let mut entries = 0;
    let walked = walk(parts, bytes, count, &mut |step| match step {
        Step::Value(part, at) => {
            if let Some((nodes, key, ..)) = open.last_mut() {
                let key = if part.name.is_empty() { key.clone() } else { format!("{key}.{}", key_of(part.name)) };
                let at = start + at.start..start + at.end;
                nodes.push(Node::leaf(key, part.name, Written { form: part.form, at, secret: part.secret }));
            }
        }
        Step::Begins(part, at) => {
            entries += 1;
            let key = format!("{key}.{}", key_of(part.name));
            open.push((Vec::new(), key, part.name, at));
        }
        Step::Ends(end) => {
            if let (Some((nodes, key, name, at)), Some((outer, ..))) = (open.pop(), open.last_mut()) {
                let bytes = (start + at) / 2..(start + end).div_ceil(2);
                outer.push(Node::group(key, format!("{name} {entries}"), bytes, nodes));
            }
        }
    });
    let at = |half_bytes: usize| (start + half_bytes) / 2;
    match walked {
        Ok(()) => Ok(open.pop().map(|(nodes, ..)| nodes).unwrap_or_default()),
        Err(Unfit::Short(name, place)) => Err(Problem::new(name, at(place), "the bytes end within it")),
        Err(Unfit::Choice(name, place)) => {
            let byte = bytes.get(place / 2).copied().unwrap_or_default();
            Err(Problem::new(name, at(place), format!("{byte:02X} has no meaning here")))
        }
        Err(Unfit::Left(half_bytes)) => {
            let what = format!("{half_bytes} half bytes follow the last part");
            Err(Problem::new("", at(count - half_bytes), what))
        }
    }
}
