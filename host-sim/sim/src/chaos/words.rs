//! Words of a plan's file for what goes wrong with a character, and how a word is looked up.
//!
//! What they mean on the wire is [`Disturbance`]'s.

use crate::line::Disturbance;

/// What can be wrong with a single character on the card line, by its word.
pub(super) const CHARACTER_WORDS: [(&str, Disturbance); 7] = [
    ("flipped", Disturbance::Flip(1)),
    ("garbled", Disturbance::Flip(0b11)),
    ("lost", Disturbance::Lose),
    ("doubled", Disturbance::Double),
    ("silent", Disturbance::Silence),
    ("short-circuit", Disturbance::ShortCircuit),
    ("pulled", Disturbance::Pull),
];

/// What stands beside a word.
pub(super) fn word<T: Copy>(words: &[(&'static str, T)], given: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == given).map(|(_, means)| *means)
}
