//! What must stand in no text, and a quick look whether any of it does. A world has hundreds of secrets and megabytes of film.
//!
//! What is a secret is for [`super::audit`] to say.

use std::collections::{BTreeSet, HashMap};

/// So many bytes from the beginning of a secret lead to it. No secret is shorter.
const START: usize = 8;
/// Bits of the first sieve, as a power of two.
const SIEVE: u32 = 16;

/// Secrets.
pub(super) struct Secrets {
    /// A bit for each beginning: where it is clear, no secret begins so.
    sieve: Vec<bool>,
    /// The secrets by their beginning.
    by_start: HashMap<u64, BTreeSet<String>>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { sieve: vec![false; 1 << SIEVE], by_start: HashMap::new() }
    }
}

/// Where a beginning stands in the sieve: multiplied by a large odd number, whose highest bits depend on all of it.
const fn place(start: u64) -> usize {
    (start.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SIEVE)) as usize
}

fn start(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk::<START>().map(|start| u64::from_le_bytes(*start))
}

impl Secrets {
    /// Adds one. One of fewer than eight bytes is none: it would stand everywhere.
    pub(super) fn add(&mut self, secret: String) {
        let Some(start) = start(secret.as_bytes()) else { return };
        self.sieve.iter_mut().skip(place(start)).take(1).for_each(|bit| *bit = true);
        self.by_start.entry(start).or_default().insert(secret);
    }

    /// Whether one of them stands in this text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.windows(START).enumerate().any(|(at, window)| {
            let Some(start) = start(window) else { return false };
            self.sieve.get(place(start)) == Some(&true)
                && self.by_start.get(&start).is_some_and(|secrets| {
                    let rest = bytes.get(at..).unwrap_or_default();
                    secrets.iter().any(|secret| rest.starts_with(secret.as_bytes()))
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_nothing_else_is() {
        let secrets = ["234567892345", "23456789999999", "11111119400101001X", "AABBCCDDEEFF"];
        let mut known = Secrets::default();
        secrets.iter().for_each(|secret| known.add((*secret).to_string()));
        for secret in secrets {
            for before in ["", "x", "1234567", "2345678", "  23456789 "] {
                for after in ["", "y", "9"] {
                    assert!(known.stand_in(&format!("{before}{secret}{after}")));
                }
                let cut = &secret[..secret.len() - 1];
                assert!(!known.stand_in(&format!("{before}{cut} ")), "{before}{cut}");
                assert!(!known.stand_in(&format!("{before}{}", &secret[1..])), "{before}");
            }
        }
        assert!(!known.stand_in(""));
        assert!(!Secrets::default().stand_in("234567892345"));
    }
}
