//! What a terminal and the centre each add up of a batch, to see whether they agree (docs/centre.md §22). Not here: how totals
//! cross the line ([`super::message`]), and what follows when they differ.
//!
//! **What counts:** a transaction that the terminal has confirmed, and whose confirmation the centre has acknowledged. Both
//! sides know this for certain, and of the same transactions. What was reversed counts nothing, on neither side: the terminal
//! cannot know whether the centre ever approved it, since a reversal of what never arrived is acknowledged too, and what nobody
//! confirmed in time the centre has undone by itself. Nor does what was refused. So a sum is of sales that stand, and no order
//! of losses on the line changes it.

use super::Stan;
use crate::rules::decision::Operation;
use crate::rules::money::Fen;

/// What kind of transaction it is. A query is none: it changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Deal {
    /// An application at a bank's counter, without money.
    Apply,
    /// A hospital's bill.
    Settle,
    /// A purchase at a pharmacy.
    Purchase,
}

impl Deal {
    /// Every kind, in the order in which totals have them.
    pub const ALL: [Self; 3] = [Self::Apply, Self::Settle, Self::Purchase];

    /// The kind's word, that of its operation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Settle => "settle",
            Self::Purchase => "purchase",
        }
    }

    /// The kind of an operation; `None` for a query.
    pub const fn of(operation: &Operation) -> Option<Self> {
        match operation {
            Operation::Apply { .. } => Some(Self::Apply),
            Operation::Settle(_) => Some(Self::Settle),
            Operation::Purchase(_) => Some(Self::Purchase),
            Operation::Query => None,
        }
    }

    /// The kind that [`Deal::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deal| deal.as_str() == word)
    }
}

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sum {
    /// How many transactions.
    pub count: u32,
    /// Their whole bills.
    pub total: Fen,
    /// What personal accounts paid of them.
    pub charge: Fen,
}

impl Sum {
    /// With one more of this bill, of which the account paid `charge`. `None`: a batch has no more numbers, or a message no
    /// such amount. Within these bounds a sum has at most 18 digits.
    pub fn and(self, total: Fen, charge: Fen) -> Option<Self> {
        let count = self.count.checked_add(1).filter(|count| *count <= Stan::LAST.0)?;
        let add = |sum: Fen, more: Fen| sum.0.checked_add(more.0).filter(|_| more <= Fen::MAX).map(Fen);
        Some(Self { count, total: add(self.total, total)?, charge: add(self.charge, charge)? })
    }
}

/// The totals of a batch, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Totals {
    /// Applications.
    pub apply: Sum,
    /// Bills of hospitals.
    pub settle: Sum,
    /// Purchases.
    pub purchase: Sum,
}

impl Totals {
    /// The sum of a kind.
    pub const fn of(&self, deal: Deal) -> Sum {
        match deal {
            Deal::Apply => self.apply,
            Deal::Settle => self.settle,
            Deal::Purchase => self.purchase,
        }
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, deal: Deal) -> &mut Sum {
        match deal {
            Deal::Apply => &mut self.apply,
            Deal::Settle => &mut self.settle,
            Deal::Purchase => &mut self.purchase,
        }
    }

    /// With one more confirmed transaction; `None` as [`Sum::and`] says.
    pub fn and(mut self, deal: Deal, total: Fen, charge: Fen) -> Option<Self> {
        let sum = self.of_mut(deal);
        *sum = sum.and(total, charge)?;
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn a_sum_ends_with_the_numbers_of_a_batch_and_never_overflows() {
        let full = Sum { count: 999_998, total: Fen(999_998 * Fen::MAX.0), charge: Fen(0) };
        let last = full.and(Fen::MAX, Fen::MAX).unwrap();
        assert_eq!((last.count, last.total), (999_999, Fen(999_999 * Fen::MAX.0)));
        assert!(last.total.0 < 1_000_000_000_000_000_000, "18 digits");
        assert_eq!(last.and(Fen(0), Fen(0)), None);
        assert_eq!(Sum::default().and(Fen(Fen::MAX.0 + 1), Fen(0)), None);
        assert_eq!(Sum::default().and(Fen(0), Fen(Fen::MAX.0 + 1)), None);
        assert_eq!(Sum { total: Fen(u64::MAX), ..Sum::default() }.and(Fen(1), Fen(0)), None);
        assert_eq!(Sum { charge: Fen(u64::MAX), ..Sum::default() }.and(Fen(0), Fen(1)), None);
    }

    #[test]
    fn a_kind_is_its_operation() {
        for deal in Deal::ALL {
            assert_eq!(Deal::from_word(deal.as_str()), Some(deal));
        }
        assert_eq!((Deal::of(&Operation::Query), Deal::from_word("query")), (None, None));
    }

    proptest! {
        #[test]
        fn totals_are_plain_sums_whatever_the_order(
            deals in prop::collection::vec((0..3usize, 0..=Fen::MAX.0, 0..=Fen::MAX.0), 0..50),
        ) {
            let add = |totals: Totals, (kind, total, charge): &(usize, u64, u64)| {
                totals.and(Deal::ALL[*kind], Fen(*total), Fen(*charge)).unwrap()
            };
            let totals = deals.iter().fold(Totals::default(), add);
            prop_assert_eq!(totals, deals.iter().rev().fold(Totals::default(), add));
            for (at, deal) in Deal::ALL.into_iter().enumerate() {
                let own: Vec<_> = deals.iter().filter(|(kind, ..)| *kind == at).collect();
                let expected = Sum {
                    count: own.len() as u32,
                    total: Fen(own.iter().map(|(_, total, _)| total).sum()),
                    charge: Fen(own.iter().map(|(_, _, charge)| charge).sum()),
                };
                prop_assert_eq!(totals.of(deal), expected);
            }
        }
    }
}
