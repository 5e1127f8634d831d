//! The xor of bytes, with which an ATR, a PPS and a T=1 block with an LRC are checked.

/// A word of the processor.
const WORD: usize = size_of::<usize>();

/// The xor of all bytes: 0 over an ATR from T0 to TCK, over a PPS, and over a T=1 block with its LRC.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn xor(bytes: &[u8]) -> u8 {
    let (words, others) = bytes.as_chunks::<WORD>();
    let sum = words.iter().fold(0, |sum, word| sum ^ usize::from_ne_bytes(*word));
    // The upper half is added to the lower one, until that is a byte.
    let halves = (3..WORD.ilog2() + 3).rev().map(|log| 1 << log);
    let sum = halves.fold(sum, |sum, bits: u32| sum ^ sum >> bits);
    others.iter().fold(sum as u8, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_that_of_one_byte_after_the_other(bytes: Vec<u8>) {
            prop_assert_eq!(xor(&bytes), bytes.iter().fold(0, |sum, byte| sum ^ byte));
        }
    }
}
