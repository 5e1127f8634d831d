//! What a judge finds between terminals' notes and a centre's books.

use std::fmt;

/// The kinds of what does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Both sides have it, and say different things of it; or one has what it cannot have.
    Mismatch,
    /// One side has it, and the other does not.
    Missing,
    /// The centre has it twice.
    Duplicate,
    /// The centre has two different things under one number.
    ConflictingDuplicate,
    /// A terminal does not know what became of it when the load ended.
    Open,
}

impl Class {
    /// Its words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::ConflictingDuplicate => "conflicting duplicate",
            Self::Open => "open",
        }
    }
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Of what kind.
    pub class: Class,
    /// What it is, by its number, card or account.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.as_str(), self.what)
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Sales of which both sides say the same.
    pub matched: usize,
    /// Of these the ones that were approved and stand.
    pub standing: usize,
    /// Of these the ones that put a card into use.
    pub activations: usize,
    /// Sales that are undone on both sides, or of which neither has anything left.
    pub undone: usize,
    /// Everything that does not agree.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether everything agrees.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Notes something that does not agree.
    pub(super) fn find(&mut self, class: Class, what: impl Into<String>) {
        self.findings.push(Finding { class, what: what.into() });
    }
}

/// As a table, with the first twenty findings.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { matched, standing, activations, undone, findings } = self;
        write!(f, "{matched} match ({standing} stand, {activations} activate, {undone} undone)")?;
        let classes = [Class::Mismatch, Class::Missing, Class::Duplicate, Class::ConflictingDuplicate, Class::Open];
        for class in classes {
            let count = findings.iter().filter(|finding| finding.class == class).count();
            write!(f, ", {count} {}", class.as_str())?;
        }
        findings.iter().take(20).try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}
