//! The keys of a step that say what goes wrong on the card line: `line`, `noise`, `pull_at`.
//!
//! [`Disturbance`] says what the words mean on the wire.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde::Deserialize;

use super::problem::Problem;
use crate::card::contact::Misbehaviour;
use crate::line::{Disturbance, Fault, Noise};

/// By how many etu a late or early character is off, unless the file says it.
const ETU: u32 = 4;
/// The moments that `garbled` inverts: two, so that parity does not detect it.
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

/// The words of `fault`; a fault with `true` may be repeated.
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

/// `noise`: one character in so many; or this number and the kinds.
#[derive(Deserialize)]
#[serde(untagged, expecting = "invalid value, expected a whole number, or a table with one_in and faults")]
pub(super) enum RawNoise {
    OneIn(u32),
    Of(RawNoiseOf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNoiseOf {
    one_in: u32,
    faults: Vec<String>,
}

/// A fault from [`WORDS`], and whether it may be repeated.
fn word(key: &str, given: &str) -> Result<(Disturbance, bool), Problem> {
    let found = WORDS.into_iter().find(|(word, ..)| *word == given);
    found.map(|(_, what, repeats)| (what, repeats)).ok_or_else(|| {
        let allowed = WORDS.iter().map(|(word, ..)| *word).collect();
        Problem::Word { key: key.into(), given: given.into(), allowed }
    })
}

impl RawFault {
    /// The faults of this entry: `times` of them, one for each character. In errors, `key` names the entry.
    pub(super) fn check(&self, key: &str) -> Result<Vec<Fault>, Problem> {
        let (what, repeats) = word(&format!("{key}.fault"), &self.fault)?;
        let times = match self.times {
            None => 1,
            Some(times) if repeats && (1..=1000).contains(&times) => times,
            Some(_) if repeats => return Err(Problem::Number { key: format!("{key}.times"), allowed: "1 to 1000" }),
            Some(_) => return Err(Problem::FaultLasts { key: format!("{key}.times"), fault: self.fault.clone() }),
        };
        let what = match (what, self.etu) {
            (what, None) => what,
            (Disturbance::Late(_), Some(etu)) => Disturbance::Late(etu),
            (Disturbance::Early(_), Some(etu)) => Disturbance::Early(etu),
            (_, Some(_)) => return Err(Problem::NoShift { key: format!("{key}.etu") }),
        };
        let at = |n: u64| self.at.saturating_add(n);
        Ok((0..times).map(|n| Fault { at: at(n), what }).collect())
    }
}

impl RawNoise {
    /// The noise of a step. Its chance comes from the scenario's `seed` and the step's number. In errors, `key` names
    /// the noise.
    pub(super) fn check(&self, key: &str, seed: u64, step: usize) -> Result<Noise, Problem> {
        let (one_in, kinds) = match self {
            Self::OneIn(one_in) => (*one_in, vec![Disturbance::Flip(1)]),
            Self::Of(RawNoiseOf { one_in, faults }) => {
                let kinds = faults.iter().map(|fault| word(&format!("{key}.faults"), fault).map(|(what, _)| what));
                (*one_in, kinds.collect::<Result<_, _>>()?)
            }
        };
        if one_in == 0 {
            return Err(Problem::OneInNone { key: key.into() });
        }
        if kinds.is_empty() {
            return Err(Problem::NoFaults { key: format!("{key}.faults") });
        }
        Ok(Noise { random: ChaCha8Rng::seed_from_u64(seed ^ (step as u64) << 48), one_in, kinds })
    }
}
