//! What a terminal's transactions are known by: its number, the batch that this number belongs to, and the token of the
//! terminal that has the batch. The centre gives batches (docs/centre.md §12); how messages carry them is not known
//! here.

/// System trace audit number (STAN, F11), 1 to 999 999. Institution, terminal, batch and number together identify a
/// transaction for ever. A repeated or reversed transaction keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stan(pub u32);

impl Stan {
    /// The last number of a batch.
    pub const LAST: Self = Self(999_999);

    /// The number; `None` if no transaction can have it.
    pub const fn new(number: u32) -> Option<Self> {
        if number == 0 || number > Self::LAST.0 { None } else { Some(Self(number)) }
    }

    /// The number after this one. Numbers only go up: `None` after 999 999, when the batch is used up.
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0.saturating_add(1))
    }

    /// The number of a start's first message that is about no transaction. Two starts of a terminal, of which this is
    /// the one with the number `starts`, begin far from each other, so that an answer which comes after a restart has
    /// not the number of a new message.
    pub const fn of_start(starts: u32) -> Self {
        // Some 0.618 of all numbers on, and prime to 999 999: each start has its own number, and those of starts that
        // follow each other lie hundreds of thousands apart.
        const STEP: u64 = 618_034;
        Self((starts as u64 * STEP % Self::LAST.0 as u64) as u32 + 1)
    }

    /// The number of the message after one with this number, if they are about no transaction: 1 follows 999 999, since
    /// such a number is needed for a minute only.
    pub const fn next_message(self) -> Self {
        match self.next() {
            Some(next) => next,
            None => Self(1),
        }
    }
}

/// The number of a batch of transactions (F60.2), 1 to 999 999. The centre gives it at sign-in. A new batch has its own
/// numbers, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Batch(pub u32);

impl Batch {
    /// The batch of a terminal that has none, as its sign-in has it.
    pub const NONE: Self = Self(0);
    /// The last batch that a terminal's name can have.
    pub const LAST: Self = Self(999_999);
}

/// Eight random bytes that tell a terminal from every other one that has the same name. A terminal makes them once and
/// keeps them with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Token(pub [u8; 8]);

/// What the centre gives at sign-in: the terminal alone may work under its name, and uses these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lease {
    /// The batch that its messages name.
    pub batch: Batch,
    /// The lowest number of the batch that the centre has not met.
    pub next: Stan,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn numbers_go_up_and_end() {
        let rows = [(0, None), (1, Some(Stan(1))), (999_999, Some(Stan(999_999))), (1_000_000, None)];
        for (number, stan) in rows.into_iter().chain([(4_000_000_000, None), (u32::MAX, None)]) {
            assert_eq!(Stan::new(number), stan, "{number}");
        }
        assert_eq!((Stan(7).next(), Stan::LAST.next(), Stan(u32::MAX).next()), (Some(Stan(8)), None, None));
        assert_eq!((Stan(7).next_message(), Stan::LAST.next_message()), (Stan(8), Stan(1)));
    }

    /// A terminal sends some ten messages a visit: the messages of a start do not meet those of the starts before.
    #[test]
    fn starts_begin_far_from_each_other() {
        let first: Vec<u32> = (0..100).map(|start| Stan::of_start(start).0).collect();
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] > 3_000), "a hundred starts");
        assert!(first.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 300_000), "one after the other");
        assert!([0, 1, u32::MAX].map(Stan::of_start).iter().all(|stan| Stan::new(stan.0).is_some()));
    }
}
