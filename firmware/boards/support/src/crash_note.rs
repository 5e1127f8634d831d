//! The note that a crash leaves for the next start: its words and a check, for memory that outlives a reset and after power-on may hold
//! anything. Where that memory is, is the board's.

use qiyong_firmware::storage::Crash;

/// How many words a note has.
pub const LEN: usize = Crash::LEN + 1;
/// Where the check begins.
const MAGIC: u32 = 0x4352_5348;

fn check(words: &[u32]) -> u32 {
    words.iter().fold(MAGIC, |check, word| check.rotate_left(1) ^ word)
}

/// The note.
pub fn seal(crash: Crash) -> [u32; LEN] {
    let mut note = [0; LEN];
    let words = crash.words();
    let all = words.iter().copied().chain([check(&words)]);
    note.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    note
}

/// The crash that this note tells of; `None`: it is no note.
pub fn open(note: [u32; LEN]) -> Option<Crash> {
    let [words @ .., sum] = note;
    if check(&words) == sum { Crash::from_words(words) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_and_no_bit_of_it_may_change() {
        let crash = Crash::fault(0x82, 0x1FFF_FFE0, 0x0800_1234);
        let note = seal(crash);
        assert_eq!(open(note), Some(crash));
        for bit in 0..32 * LEN {
            let mut bent = note;
            bent[bit / 32] ^= 1 << (bit % 32);
            assert_eq!(open(bent), None, "{bit}");
        }
        assert_eq!((open([0; LEN]), open([u32::MAX; LEN])), (None, None));
    }
}
