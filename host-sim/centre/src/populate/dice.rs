//! What is left to chance about a person: the same for the same seed and place, whoever came before.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The dice of one person.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u8, at: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        rng.set_stream(at.into());
        Self(rng)
    }

    /// From 0 to below `sides`.
    pub(super) fn below(&mut self, sides: u32) -> u32 {
        // The remainder of 32 bits: for a few thousand sides nobody sees which come a little more often.
        self.0.next_u32().checked_rem(sides).unwrap_or(0)
    }

    /// One of these.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T], otherwise: &'a T) -> &'a T {
        of.get(self.below(u32::try_from(of.len()).unwrap_or(0)) as usize).unwrap_or(otherwise)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, often: u32) -> bool {
        self.below(100) < often
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
