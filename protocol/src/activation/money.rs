//! Amounts of money, in fen (分, a hundredth of a yuan).

use core::fmt;

/// An amount in fen, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(pub u64);

impl Fen {
    /// The largest amount a terminal-centre message carries: twelve digits (domain.md §5.2, F4).
    pub const MAX: Self = Self(999_999_999_999);

    /// The difference, or `None` when `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }
}

/// As yuan with two decimals.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
