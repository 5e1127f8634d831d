//! A text with placeholders, as `format!` and `thiserror` have them: `card {number} of {}`. What stands between the placeholders is
//! literal. Matching is plain search: no pattern language, so that a key means what it says.

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Literal(String),
    /// By its name or number; a placeholder without one has the number of those before it.
    Hole(Hole),
}

/// A placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hole {
    name: String,
    /// What it holds is a name or a path, and stays as it is: `{=name}`.
    kept: bool,
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    parts: Vec<Part>,
    /// How much of it is literal: of two templates that match, the one with more counts.
    weight: usize,
}

/// What is never a word of ours.
const KEPT: [&str; 4] = ["file", "path", "folder", "address"];

impl Template {
    /// Reads a template; `{{` and `}}` are braces. What stands after a colon in a placeholder says how it is shown, and is left out.
    /// `None`: a brace has no partner.
    pub fn new(text: &str) -> Option<Self> {
        let (mut parts, mut literal, mut unnamed) = (Vec::new(), String::new(), 0);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '{' | '}' if characters.next_if_eq(&character).is_some() => literal.push(character),
                '{' => {
                    let mut is_closed = false;
                    let is_inner = |c: &char| {
                        is_closed = *c == '}';
                        !is_closed
                    };
                    let inner: String = characters.by_ref().take_while(is_inner).collect();
                    if !is_closed {
                        return None;
                    }
                    let name = inner.split(':').next().unwrap_or_default().trim();
                    let (kept, name) = name.strip_prefix('=').map_or((false, name), |name| (true, name));
                    let name = if name.is_empty() {
                        unnamed += 1;
                        (unnamed - 1).to_string()
                    } else {
                        name.to_owned()
                    };
                    let kept = kept || KEPT.contains(&name.as_str());
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Hole(Hole { name, kept }));
                }
                '}' => return None,
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let literal = |part: &Part| match part {
            Part::Literal(text) => weight(text),
            Part::Hole(_) => 0,
        };
        let weight = parts.iter().map(literal).sum();
        Some(Self { parts, weight })
    }

    /// The names and numbers of the placeholders, in alphabetical order.
    pub fn holes(&self) -> Vec<&str> {
        let mut holes: Vec<&str> = self.each_hole().map(|hole| hole.name.as_str()).collect();
        holes.sort_unstable();
        holes
    }

    fn each_hole(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Literal(_) => None,
        })
    }

    /// The template as a key: how values are shown is left out, placeholders without a name have their number, and what joins it to a
    /// text before it (`: `, `, `, `; `) is not part of it.
    pub fn key(text: &str) -> Option<String> {
        let trimmed = text.trim();
        let trimmed = [": ", ", ", "; "].iter().find_map(|join| trimmed.strip_prefix(join)).unwrap_or(trimmed);
        let part = |part: &Part| match part {
            Part::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
            Part::Hole(hole) => format!("{{{}}}", hole.name),
        };
        Some(Self::new(trimmed)?.parts.iter().map(part).collect())
    }

    /// The literal text, with a space for each placeholder.
    pub fn literal(&self) -> String {
        let part = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Hole(_) => " ".to_owned(),
        };
        self.parts.iter().map(part).collect()
    }

    /// The byte that it begins with, unless that is a placeholder's.
    pub(super) fn begin(&self) -> Option<u8> {
        match self.parts.first()? {
            Part::Literal(text) => text.bytes().next(),
            Part::Hole(_) => None,
        }
    }

    /// How much of it is literal.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// What its placeholders hold stays where it stays in the other template, too.
    pub(super) fn keep_as(&mut self, other: &Self) {
        let kept: Vec<String> = other.each_hole().filter(|hole| hole.kept).map(|hole| hole.name.clone()).collect();
        for part in &mut self.parts {
            if let Part::Hole(hole) = part {
                hole.kept |= kept.contains(&hole.name);
            }
        }
    }

    /// What the placeholders hold in `text`, in their order; `None`: this is no such text. Each literal part is sought as early as it
    /// can be; but a path that stays is not cut, where that can be seen and the rest fits as well.
    pub(super) fn matched<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        self.cut(text, |rest, literal, kept| if kept { whole_path(rest, literal) } else { rest.find(literal) })
            .or_else(|| self.cut(text, |rest, literal, _| rest.find(literal)))
    }

    fn cut<'t>(&self, text: &'t str, find: impl Fn(&str, &str, bool) -> Option<usize>) -> Option<Vec<&'t str>> {
        // `Some`: a placeholder is open, which stays, or not.
        let (mut rest, mut found, mut open) = (text, Vec::new(), None);
        let last = self.parts.len().checked_sub(1)?;
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Hole(hole) => {
                    if open.is_some() {
                        // Two without anything between: the second has it all.
                        found.push("");
                    }
                    open = Some(hole.kept);
                }
                Part::Literal(literal) => {
                    let start = match (open, at == last) {
                        (None, _) => rest.starts_with(literal.as_str()).then_some(0)?,
                        (Some(_), true) => rest.ends_with(literal.as_str()).then(|| rest.len() - literal.len())?,
                        (Some(kept), false) => find(rest, literal, kept)?,
                    };
                    if open.is_some() {
                        found.push(rest.get(..start)?);
                    }
                    rest = rest.get(start + literal.len()..)?;
                    open = None;
                }
            }
        }
        if open.is_some() {
            found.push(rest);
        } else if !rest.is_empty() {
            return None;
        }
        Some(found)
    }

    /// The text with `held` in its placeholders; `of` is the template that was matched.
    pub(super) fn filled<'t>(&self, of: &Self, held: &[&'t str], mut say: impl FnMut(&'t str) -> String) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Hole(hole) => {
                    let held = of.each_hole().zip(held).find(|(other, _)| other.name == hole.name);
                    let held = held.map_or("", |(_, held)| *held);
                    if hole.kept { text.push_str(held) } else { text.push_str(&say(held)) }
                }
            }
        }
        text
    }
}

/// How many characters of a text are no space.
pub(super) fn weight(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

/// Where `between` ends a path that `text` begins with: the path goes on over others of it, as long as what stands before the next one
/// is seen to be part of a path.
pub(super) fn whole_path(text: &str, between: &str) -> Option<usize> {
    let mut end = text.find(between)?;
    loop {
        let from = end + between.len();
        let Some(rest) = text.get(from..) else { return Some(end) };
        match rest.find(between) {
            Some(next) if rest.get(..next).is_some_and(is_of_path) => end = from + next,
            _ => return Some(end),
        }
    }
}

/// Whether this is seen to be a part of a path: by what divides its folders, or by what its file's name ends with.
fn is_of_path(text: &str) -> bool {
    let last = text.split_whitespace().next_back().unwrap_or_default();
    let is_ending = |ending: &str| {
        ending.len() <= 6
            && ending.starts_with(|c: char| c.is_ascii_alphabetic())
            && ending.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let begins = |word: &str| ["/", "./", "../"].iter().any(|begin| word.starts_with(begin));
    text.contains('\\')
        || text.split_whitespace().any(begins)
        || last.contains('/')
        || last.rsplit_once('.').is_some_and(|(_, ending)| is_ending(ending))
}
