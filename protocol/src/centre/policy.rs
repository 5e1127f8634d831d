//! How often and how long a terminal tries to tell the centre what it owes: data with defaults, which an area may change and a
//! sign-in brings (docs/centre.md §18). What is owed, and when it is parked, is the terminal's.

/// The policy of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    /// How often a reversal or confirmation, or a message of a settlement, is sent in a round before it is left for later.
    pub tries: u8,
    /// After so many rounds a transaction is parked: it holds up no other, and has one more round after the next start.
    pub rounds: u8,
    /// How long an answer is awaited, in seconds.
    pub wait: u8,
    /// How long the terminal rests between two tries of a round, in seconds.
    pub pause: u8,
}

impl Policy {
    /// Three tries and a minute (docs/card.md §5.5), eight rounds, no rest.
    pub const DEFAULT: Self = Self { tries: 3, rounds: 8, wait: 60, pause: 0 };
    /// The lowest values. Who waits less for an answer takes one that is under way for none.
    pub const LEAST: Self = Self { tries: 1, rounds: 1, wait: 5, pause: 0 };
    /// The highest values: a round of them ends within half an hour.
    pub const MOST: Self = Self { tries: 9, rounds: 99, wait: 120, pause: 60 };

    /// In the order in which a message and a record have them.
    pub const fn to_bytes(self) -> [u8; 4] {
        [self.tries, self.rounds, self.wait, self.pause]
    }

    /// What [`Policy::to_bytes`] has made, brought within the bounds. A value out of them would be a mistake of the centre's, for
    /// which no terminal stops to work, nor tries for ever.
    pub fn from_bytes(bytes: [u8; 4]) -> Self {
        let (least, most) = (Self::LEAST, Self::MOST);
        let [tries, rounds, wait, pause] = bytes;
        Self {
            tries: tries.max(least.tries).min(most.tries),
            rounds: rounds.max(least.rounds).min(most.rounds),
            wait: wait.max(least.wait).min(most.wait),
            pause: pause.min(most.pause),
        }
    }

    /// Whether each value is within its bounds.
    pub fn is_sound(self) -> bool {
        Self::from_bytes(self.to_bytes()) == self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_brought_within_them() {
        for sound in [Policy::DEFAULT, Policy::LEAST, Policy::MOST] {
            assert!(sound.is_sound());
            assert_eq!(Policy::from_bytes(sound.to_bytes()), sound);
        }
        assert_eq!(Policy::from_bytes([0; 4]), Policy::LEAST);
        assert_eq!(Policy::from_bytes([u8::MAX; 4]), Policy::MOST);
        assert!(!Policy { pause: 61, ..Policy::DEFAULT }.is_sound());
    }
}
