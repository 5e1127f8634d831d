//! The xor of bytes, with which an ATR, a PPS and a T=1 block with an LRC are checked.

use super::SHORT_WAYS;

/// A word of the processor.
const WORD: usize = size_of::<usize>();

/// The xor of all bytes: 0 over an ATR from T0 to TCK, over a PPS, and over a T=1 block with its LRC.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn xor(bytes: &[u8]) -> u8 {
    let mut sum = 0;
    let mut others = bytes;
    while let Some((word, behind)) = others.split_first_chunk() {
        sum ^= usize::from_ne_bytes(*word);
        others = behind;
    }
    if SHORT_WAYS {
        if let Some((four, behind)) = others.split_first_chunk() {
            sum ^= u32::from_ne_bytes(*four) as usize;
            others = behind;
        }
        if let Some((two, behind)) = others.split_first_chunk() {
            sum ^= usize::from(u16::from_ne_bytes(*two));
            others = behind;
        }
        if let [one] = others {
            sum ^= usize::from(*one);
        }
        others = &[];
    }
    // The upper half is added to the lower one, until that is a byte.
    let halves = (3..WORD.ilog2() + 3).rev().map(|log| 1 << log);
    let sum = halves.fold(sum, |sum, bits: u32| sum ^ sum >> bits);
    others.iter().fold(sum as u8, |sum, byte| sum ^ byte)
}

/// Copies all bytes, and returns their xor: one walk instead of two. `None`: the places are not as many, and nothing is copied.
#[inline(never)]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) -> Option<u8> {
    if from.len() != to.len() {
        return None;
    }
    let mut sum = [0; 2];
    let ((from, others), (to, other_places)) = (from.as_chunks::<16>(), to.as_chunks_mut::<16>());
    let ((fours, from), (places, to)) = (from.as_chunks::<4>(), to.as_chunks_mut::<4>());
    // Written out, since the compiler makes two walks of a loop that copies.
    for ([a, b, c, d], [at_a, at_b, at_c, at_d]) in fours.iter().zip(places) {
        copy_16(a, at_a, &mut sum);
        copy_16(b, at_b, &mut sum);
        copy_16(c, at_c, &mut sum);
        copy_16(d, at_d, &mut sum);
    }
    match (from, to) {
        ([a, b, c], [at_a, at_b, at_c]) => {
            copy_16(a, at_a, &mut sum);
            copy_16(b, at_b, &mut sum);
            copy_16(c, at_c, &mut sum);
        }
        ([a, b], [at_a, at_b]) => {
            copy_16(a, at_a, &mut sum);
            copy_16(b, at_b, &mut sum);
        }
        ([a], [at_a]) => copy_16(a, at_a, &mut sum),
        _ => {}
    }
    let [low, high] = sum;
    let mut sum = low ^ high;
    let (others, places) = copy_by::<8>(others, other_places, &mut sum);
    let (others, places) = copy_by::<4>(others, places, &mut sum);
    let (others, places) = copy_by::<2>(others, places, &mut sum);
    copy_by::<1>(others, places, &mut sum);
    Some(folded(sum))
}

/// Copies `N` of less than twice as many bytes, adds them to a word, and returns the others.
#[inline(always)]
fn copy_by<'f, 't, const N: usize>(from: &'f [u8], to: &'t mut [u8], sum: &mut u64) -> (&'f [u8], &'t mut [u8]) {
    let ((first, others), (place, places)) = (from.as_chunks::<N>(), to.as_chunks_mut::<N>());
    if let ([first], [place]) = (first, place) {
        *place = *first;
        let mut word = [0; 8];
        if let Some((low, _)) = word.split_first_chunk_mut() {
            *low = *first;
        }
        *sum ^= u64::from_ne_bytes(word);
    }
    (others, places)
}

/// Copies 16 bytes, and adds them to two words.
#[inline(always)]
fn copy_16(from: &[u8; 16], to: &mut [u8; 16], [low, high]: &mut [u64; 2]) {
    *to = *from;
    if let (Some((first, _)), Some((_, last))) = (from.split_first_chunk(), from.split_last_chunk()) {
        *low ^= u64::from_ne_bytes(*first);
        *high ^= u64::from_ne_bytes(*last);
    }
}

/// The xor of the bytes of a word: the upper half is added to the lower one, until that is a byte.
fn folded(sum: u64) -> u8 {
    [32, 16, 8].into_iter().fold(sum, |sum, bits| sum ^ sum >> bits) as u8
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

        #[test]
        fn what_is_copied_is_the_same_and_has_the_same_xor(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            room in 0usize..300,
        ) {
            let mut places = std::vec![0; bytes.len()];
            prop_assert_eq!(copy(&bytes, &mut places), Some(xor(&bytes)));
            prop_assert_eq!(&bytes, &places);
            let mut other = std::vec![0xA5; room];
            prop_assert_eq!(copy(&bytes, &mut other).is_some(), room == bytes.len());
            prop_assert!(room == bytes.len() || other.iter().all(|byte| *byte == 0xA5));
        }
    }
}
