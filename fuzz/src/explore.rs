//! Runs a target over its seeds and over changed forms of them, the same forms in every run.
//!
//! Coverage does not guide the changes: `cargo bolero` does that. Its finds are in the corpus and are changed here too.

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::{env, fs};

/// How many changed forms are tried unless `QIYONG_FUZZ` says otherwise.
const CASES: usize = 6_000;

/// The longest input made here.
const LONGEST: usize = 2048;

/// Runs `target` over `seeds`, and over changed forms of seeds and corpus.
pub(crate) fn explore(name: &str, mut seeds: Vec<Vec<u8>>, target: fn(&[u8])) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let corpus: PathBuf = [env!("CARGO_MANIFEST_DIR"), "src/__fuzz__", name, "corpus"].iter().collect();
    if env::var("QIYONG_FUZZ_SEEDS").is_ok_and(|value| value == "write") {
        fs::create_dir_all(&corpus).unwrap();
        for (at, seed) in seeds.iter().enumerate() {
            fs::write(corpus.join(format!("seed-{at:02}")), seed).unwrap();
        }
    }
    seeds.iter().for_each(|seed| attempt(name, seed, target));

    let files = fs::read_dir(corpus).into_iter().flatten().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    // Sorted, so that each run tries the same forms.
    files.sort();
    seeds.extend(files.iter().map(|file| fs::read(file).unwrap()));

    let cases = env::var("QIYONG_FUZZ").map_or(CASES, |count| count.parse().expect("QIYONG_FUZZ is a number"));
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..cases {
        let mut bytes = random.of(&seeds).clone();
        for _ in 0..=random.below(4) {
            change(&mut bytes, &seeds, &mut random);
        }
        bytes.truncate(LONGEST);
        attempt(name, &bytes, target);
    }
}

/// Runs the target; if the target panics, prints the bytes that caused it.
fn attempt(name: &str, bytes: &[u8], target: fn(&[u8])) {
    if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        eprintln!("{name} failed with these bytes: to keep them, put them into src/__fuzz__/{name}/crashes");
        eprintln!("{}", hex::encode_upper(bytes));
        panic::resume_unwind(panic);
    }
}

/// Makes one change: inverts a bit, replaces a byte, or removes, repeats or inserts a piece (from another seed).
fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    /// Bytes at the limits of lengths and codes, and bytes that have a meaning for one of the targets.
    const TELLING: [u8; 24] = [
        0x00, 0x01, 0x02, 0x0F, 0x10, 0x1F, 0x3B, 0x3F, 0x60, 0x61, 0x6C, 0x6F, 0x7F, 0x80, 0x81, 0x82, 0x90, 0xC0,
        0xC3, 0xE0, 0xEE, 0xFE, 0xFF, 0x5F,
    ];
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(12)).min(bytes.len());
    match random.below(6) {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = *random.of(&TELLING)),
        2 => bytes.insert(at, random.next() as u8),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => {
            let other = random.of(seeds);
            let from = random.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
    }
}

/// xorshift64: random enough for spreading the changes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 16) % limit as u64) as usize
    }

    fn of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}
