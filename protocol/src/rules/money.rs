//! Amounts of money, in fen (分, a hundredth of a yuan).

use core::fmt::{self, Write};

/// An amount in fen, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fen(pub u64);

impl Fen {
    /// The largest amount that a message between terminal and centre carries: twelve digits (docs/card.md §5.2, F4).
    pub const MAX: Self = Self(999_999_999_999);

    /// The difference; `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }
}

/// What is to be paid, and by whom: a total above zero, of which the pooled fund (统筹基金) pays none, some or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bill {
    total: Fen,
    fund: Fen,
}

impl Bill {
    /// `None` for a total of zero or beyond [`Fen::MAX`], and for a fund that pays more than the total.
    pub const fn new(total: Fen, fund: Fen) -> Option<Self> {
        if total.0 == 0 || total.0 > Fen::MAX.0 || fund.0 > total.0 { None } else { Some(Self { total, fund }) }
    }

    /// The whole amount.
    pub const fn total(&self) -> Fen {
        self.total
    }

    /// The pooled fund's part.
    pub const fn fund(&self) -> Fen {
        self.fund
    }

    /// The holder's part, from the personal account.
    pub const fn share(&self) -> Fen {
        Fen(self.total.0 - self.fund.0)
    }
}

impl Fen {
    /// Writes it as yuan with two decimals, a character at a time. `core::fmt` would take more than 1 kB on a target.
    pub fn spell(self, mut put: impl FnMut(char)) {
        let mut digits = [b'0'; 20];
        let mut rest = self.0;
        let mut first = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = at;
            // At least two decimals and a digit before them.
            if rest == 0 && at <= 17 {
                break;
            }
        }
        put('¥');
        for (at, digit) in digits.iter().enumerate().skip(first) {
            if at == 18 {
                put('.');
            }
            put(char::from(*digit));
        }
    }
}

/// As yuan with two decimals.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.spell(|character| result = result.and_then(|()| f.write_char(character)));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn amounts_are_yuan_with_two_decimals() {
        for (fen, text) in [(0, "¥0.00"), (7, "¥0.07"), (99, "¥0.99"), (100, "¥1.00"), (3580, "¥35.80")] {
            assert_eq!(format!("{}", Fen(fen)), text);
        }
        assert_eq!(format!("{}", Fen(u64::MAX)), "¥184467440737095516.15");
    }

    proptest! {
        #[test]
        fn any_amount_reads_as_std_writes_it(fen: u64) {
            prop_assert_eq!(format!("{}", Fen(fen)), format!("¥{}.{:02}", fen / 100, fen % 100));
        }
    }
}
