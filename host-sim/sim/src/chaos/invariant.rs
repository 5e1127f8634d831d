//! What must never break (docs/design.md §1), by name, and the news that it has.
//!
//! Who finds out is [`super::audit`].

use std::fmt;

/// What must never break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Invariant 1.
    ChargedAtMostOnce,
    /// Invariant 2.
    ActivatedOnlyForCause,
    /// Invariant 3.
    AgreesInTheEnd,
    /// Invariant 4.
    NoSecretLeaks,
    /// Invariant 5.
    NoPanicNoHang,
    /// Invariant 6.
    LineCostsNoTry,
}

impl Invariant {
    /// All, in the order of docs/design.md §1.
    pub const ALL: [Self; 6] = [
        Self::ChargedAtMostOnce,
        Self::ActivatedOnlyForCause,
        Self::AgreesInTheEnd,
        Self::NoSecretLeaks,
        Self::NoPanicNoHang,
        Self::LineCostsNoTry,
    ];

    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChargedAtMostOnce => "charged-at-most-once",
            Self::ActivatedOnlyForCause => "activated-only-for-cause",
            Self::AgreesInTheEnd => "agrees-in-the-end",
            Self::NoSecretLeaks => "no-secret-leaks",
            Self::NoPanicNoHang => "no-panic-no-hang",
            Self::LineCostsNoTry => "line-costs-no-try",
        }
    }
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl Broken {
    /// The error that says so.
    pub(super) fn that<T>(invariant: Invariant, what: impl FnOnce() -> String) -> Result<T, Self> {
        Err(Self { invariant, what: what() })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant.as_str(), self.what)
    }
}
