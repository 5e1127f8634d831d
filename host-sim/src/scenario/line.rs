//! The keys of a step that say what goes wrong on the card line: `line`, `noise`, `pull_at`.
//!
//! What the words do on the wire is said at [`Disturbance`].

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde::Deserialize;

use crate::card::contact::Misbehaviour;
use crate::line::{Disturbance, Fault, Noise};

/// How many etu a late or early character is off, unless the file says so.
const ETU: u32 = 4;
/// The moments that `garbled` inverts: two, so that parity does not see it.
const GARBLED: u16 = 0b11;

/// One entry of `line`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFault {
    at: u64,
    fault: String,
    times: Option<u64>,
    etu: Option<u32>,
}

/// The words of `fault`; those with `true` may be repeated.
const WORDS: [(&str, Disturbance, bool); 12] = [
    ("flipped", Disturbance::Flip(1), true),
    ("garbled", Disturbance::Flip(GARBLED), true),
    ("lost", Disturbance::Lose, true),
    ("doubled", Disturbance::Double, true),
    ("late", Disturbance::Late(ETU), true),
    ("early", Disturbance::Early(ETU), true),
    ("silent", Disturbance::Silence, false),
    ("short-circuit", Disturbance::ShortCircuit, false),
    ("pulled", Disturbance::Pull, false),
    ("null-storm", Disturbance::Misbehave(Misbehaviour::NullForever), false),
    ("extension-storm", Disturbance::Misbehave(Misbehaviour::ExtensionForever), false),
    ("wrong-numbers", Disturbance::Misbehave(Misbehaviour::WrongNumbers), false),
];

impl RawFault {
    /// The faults this entry stands for: `times` of them, one a character; `key` leads to it in errors.
    pub(super) fn check(&self, key: &str) -> Result<Vec<Fault>, String> {
        let found = WORDS.into_iter().find(|(word, ..)| *word == self.fault);
        let Some((word, what, repeats)) = found else {
            let words: Vec<_> = WORDS.iter().map(|(word, ..)| *word).collect();
            return Err(format!("`{key}.fault` is {:?}; allowed are {}", self.fault, words.join(", ")));
        };
        let times = match self.times {
            None => 1,
            Some(times) if repeats && (1..=1000).contains(&times) => times,
            Some(_) if repeats => return Err(format!("`{key}.times` must be 1 to 1000")),
            Some(_) => return Err(format!("`{key}.times` does not go with {word:?}, which lasts")),
        };
        let what = match (what, self.etu) {
            (what, None) => what,
            (Disturbance::Late(_), Some(etu)) => Disturbance::Late(etu),
            (Disturbance::Early(_), Some(etu)) => Disturbance::Early(etu),
            (_, Some(_)) => return Err(format!("`{key}.etu` goes with \"late\" and \"early\" only")),
        };
        let at = |n: u64| self.at.saturating_add(n);
        Ok((0..times).map(|n| Fault { at: at(n), what }).collect())
    }
}

/// The noise of a step: one character in `one_in`, by chance from the scenario's seed and the step's number.
pub(super) fn noise(one_in: u32, seed: u64, step: usize) -> Noise {
    Noise { random: ChaCha8Rng::seed_from_u64(seed ^ (step as u64) << 48), one_in }
}
