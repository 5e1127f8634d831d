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
    let (words, from) = from.as_chunks::<16>();
    let (places, to) = to.as_chunks_mut::<16>();
    let (fours, words) = words.as_chunks::<4>();
    let (places_of_fours, places) = places.as_chunks_mut::<4>();
    for ([p0, p1, p2, p3], [w0, w1, w2, w3]) in places_of_fours.iter_mut().zip(fours) {
        word(w0, p0, &mut sum);
        word(w1, p1, &mut sum);
        word(w2, p2, &mut sum);
        word(w3, p3, &mut sum);
    }
    if let ([w0, words @ ..], [p0, places @ ..]) = (words, places) {
        word(w0, p0, &mut sum);
        if let ([w0, words @ ..], [p0, places @ ..]) = (words, places) {
            word(w0, p0, &mut sum);
            if let ([w0, ..], [p0, ..]) = (words, places) {
                word(w0, p0, &mut sum);
            }
        }
    }
    let [a, b] = sum;
    let mut sum = a ^ b;
    let (words, from) = from.as_chunks::<8>();
    let (places, to) = to.as_chunks_mut::<8>();
    if let ([w], [p]) = (words, places) {
        *p = *w;
        sum ^= u64::from_ne_bytes(*w);
    }
    let (words, from) = from.as_chunks::<4>();
    let (places, to) = to.as_chunks_mut::<4>();
    if let ([w], [p]) = (words, places) {
        *p = *w;
        sum ^= u64::from(u32::from_ne_bytes(*w));
    }
    let (words, from) = from.as_chunks::<2>();
    let (places, to) = to.as_chunks_mut::<2>();
    if let ([w], [p]) = (words, places) {
        *p = *w;
        sum ^= u64::from(u16::from_ne_bytes(*w));
    }
    if let ([w], [p]) = (from, to) {
        *p = *w;
        sum ^= u64::from(*w);
    }
    sum ^= sum >> 32;
    sum ^= sum >> 16;
    sum ^= sum >> 8;
    Some(sum as u8)
}

#[inline(always)]
fn word(from: &[u8; 16], to: &mut [u8; 16], sum: &mut [u64; 2]) {
    *to = *from;
    let (Some((low, _)), Some((_, high))) = (from.split_first_chunk::<8>(), from.split_last_chunk::<8>()) else { return };
    let [a, b] = sum;
    *a ^= u64::from_ne_bytes(*low);
    *b ^= u64::from_ne_bytes(*high);
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
