//! What stands in a recorded card for what belongs to card and holder: plainly made up, of the same length and form.

use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::files::{SSSE_NAME, tag};
use qiyong_protocol::iso7816::atr::{Atr, Tck};

/// The area of a card that names none.
pub(super) const AREA: &str = "320100";
/// A number of a holder without a citizen's number.
const FOREIGN: &[u8; 18] = b"USA000000123456789";
/// The date and the counter in a maker's historical bytes (docs/card.md §3.4).
const SERIAL: [u8; 6] = [0x26, 0x01, 0x01, 0x00, 0x00, 0x01];
/// The shortest historical bytes that are taken to end in a serial number.
const WITH_SERIAL: usize = 8;
/// Digits in a row that could be somebody's number, and bytes of packed digits.
const DIGITS_MIN: usize = 8;
const PACKED_MIN: usize = 6;
/// So many bytes of a value in a row are a part of it.
const PART: usize = 6;

/// The value that stands for `real`. `sample` is what the made-up card has there.
pub(super) fn value(tag: u8, real: &[u8], sample: &[u8]) -> Vec<u8> {
    match tag {
        tag::CARD_NUMBER if CardNumber::new(real).is_err() => masked(real),
        tag::ID_NUMBER => match IdNumber::new(real) {
            Ok(number) if number.digits().is_none() => FOREIGN.to_vec(),
            Ok(_) => sample.to_vec(),
            Err(_) => masked(real),
        },
        tag::NAME | tag::NAME_EXTENSION => name(real, tag == tag::NAME),
        tag if is_of_the_card(tag) => real.to_vec(),
        _ => sample.to_vec(),
    }
}

/// Whether the value is about the card, and as it is on thousands of others.
pub(super) const fn is_of_the_card(tag: u8) -> bool {
    matches!(tag, tag::CARD_TYPE | tag::VERSION | tag::INSTITUTION | tag::ISSUED | tag::EXPIRES)
}

/// A name of the same form: 张某某, X for each letter. Filling, spaces and points stay.
fn name(real: &[u8], first: bool) -> Vec<u8> {
    let (zhang, mou) = ([0xD5, 0xC5], [0xC4, 0xB3]);
    let mut out = Vec::with_capacity(real.len());
    let mut rest = real;
    while let Some((byte, after)) = rest.split_first() {
        rest = match (byte, after.split_first()) {
            (0x81..=0xFE, Some((0x30..=0xFE, after))) => {
                out.extend(if first && out.is_empty() { zhang } else { mou });
                after
            }
            (byte, _) => {
                out.push(match byte {
                    0x00 | 0xFF | b' ' | b'.' | b'-' => *byte,
                    _ => b'X',
                });
                after
            }
        };
    }
    out
}

/// Text that is no code of its kind: a 0 for each character; filling stays.
fn masked(real: &[u8]) -> Vec<u8> {
    real.iter().map(|byte| if matches!(byte, 0x00 | 0xFF | b' ') { *byte } else { b'0' }).collect()
}

/// A UID of this many bytes, or of four if there is none so long.
pub(super) fn uid(len: usize) -> Vec<u8> {
    let len = if [4, 7, 10].contains(&len) { len } else { 4 };
    let mut uid = vec![0; len];
    uid.iter_mut().take(1).for_each(|first| *first = 0x10);
    uid.iter_mut().last().into_iter().for_each(|last| *last = 0x01);
    uid
}

/// Historical bytes with another serial number at their end.
pub(super) fn historical(real: &[u8]) -> Vec<u8> {
    match real.split_last_chunk::<{ SERIAL.len() }>() {
        Some((before, _)) if real.len() >= WITH_SERIAL => [before, &SERIAL].concat(),
        _ => real.to_vec(),
    }
}

/// An ATR with other historical bytes, and with TCK where it had one; `None`: it is no sound ATR, in which they could not be found.
pub(super) fn atr(real: &[u8]) -> Option<Vec<u8>> {
    let view = Atr::new(real);
    view.check().ok()?;
    let own = view.historical();
    // They lie at the end, before TCK.
    let has_tck = view.tck() == Tck::Ok;
    let end = real.len().checked_sub(usize::from(has_tck))?;
    let (before, tail) = (real.get(..end.checked_sub(own.len())?)?, real.get(end..)?);
    let mut atr = [before, &historical(own), tail].concat();
    if has_tck {
        let change = real.iter().zip(&atr).fold(0, |sum, (a, b)| sum ^ a ^ b);
        atr.iter_mut().last().into_iter().for_each(|tck| *tck ^= change);
    }
    Some(atr)
}

/// Whether an answer to SELECT contains nothing that could belong to somebody: no part of the values that were read, no digits
/// in a row that could be a number, and besides the names of applications no Chinese that could be a name.
pub(super) fn is_harmless(answer: &[u8], values: &[&[u8]]) -> bool {
    let name = answer.windows(SSSE_NAME.len()).position(|part| part == SSSE_NAME);
    let (before, behind) = match name {
        Some(at) => (answer.get(..at).unwrap_or_default(), answer.get(at + SSSE_NAME.len()..).unwrap_or_default()),
        None => (answer, [].as_slice()),
    };
    [before, behind].into_iter().all(|part| {
        !values.iter().any(|value| has_part_of(part, value))
            && longest(part, |byte| byte.is_ascii_digit()) < DIGITS_MIN
            && longest(part, |byte| byte >> 4 <= 9 && byte & 0x0F <= 9 && byte != 0) < PACKED_MIN
            && !part.windows(4).any(|four| matches!(four, [0x81..=0xFE, 0x40..=0xFE, 0x81..=0xFE, 0x40..=0xFE]))
    })
}

/// Whether `bytes` contain six bytes in a row of the value, or all of it if it is shorter. What has three bytes and fewer
/// identifies nobody.
fn has_part_of(bytes: &[u8], value: &[u8]) -> bool {
    let filling = |byte: &u8| matches!(byte, 0x00 | 0xFF | b' ');
    let end = value.iter().rposition(|byte| !filling(byte)).map_or(0, |last| last + 1);
    let value = value.get(..end).unwrap_or_default();
    let size = value.len().min(PART);
    size > 3 && value.windows(size).any(|part| bytes.windows(size).any(|there| there == part))
}

/// The most bytes in a row that are so.
fn longest(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.split(|byte| !is_part(*byte)).map(<[u8]>::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_length_and_form_and_nothing_else() {
        let long = [0xC5, 0xB7, 0xD1, 0xF4, 0xD0, 0xDE, 0, 0];
        assert_eq!(name(&long, true), [0xD5, 0xC5, 0xC4, 0xB3, 0xC4, 0xB3, 0, 0]);
        assert_eq!(name(b"ANNA B. C-D\0\0", true), *b"XXXX X. X-X\0\0");
        assert_eq!(name(&[0xC5, 0xB7], false), [0xC4, 0xB3]);
        // Four bytes of GB18030, half a character, and nothing.
        assert_eq!(name(&[0x81, 0x30, 0x81, 0x30, 0xC5], true), [0xD5, 0xC5, 0xC4, 0xB3, b'X']);
        assert!(name(&[], true).is_empty());
    }

    #[test]
    fn numbers_have_the_form_of_the_real_ones() {
        let sample = b"111111198101011110";
        assert_eq!(value(tag::ID_NUMBER, b"11010519491231002X", sample), sample);
        assert_eq!(value(tag::ID_NUMBER, b"HKG000000987654321", sample), FOREIGN);
        assert_eq!(value(tag::ID_NUMBER, b"110105491231002\0\0\0", sample), b"000000000000000\0\0\0");
        assert_eq!(value(tag::CARD_NUMBER, b"A12345670", b"X00000019"), b"X00000019");
        assert_eq!(value(tag::CARD_NUMBER, b"a1234567 ", b"X00000019"), b"00000000 ");
        assert_eq!(value(tag::ISSUED, &[0x20, 0x12, 3, 4], &[0x20, 0x26, 1, 1]), [0x20, 0x12, 3, 4]);
        assert_eq!(value(tag::BIRTH_DATE, &[0x19, 0x49, 0x12, 0x31], &[0x19, 0x81, 1, 1]), [0x19, 0x81, 1, 1]);
    }

    #[test]
    fn atr_and_uid_have_another_serial_number_and_a_right_check_byte() {
        let real = hex::decode("3B6D000000814E43238697159900BF7C7A").unwrap();
        assert_eq!(hex::encode_upper(atr(&real).unwrap()), "3B6D000000814E43238697260101000001");
        let with_tck = hex::decode("3B8D80010090543100866026010100000138").unwrap();
        assert_eq!(atr(&with_tck), Some(with_tck));
        let mut other = hex::decode("3B8D80010090543100866011223344556600").unwrap();
        let tck = other.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        *other.last_mut().unwrap() = tck;
        assert!(Atr::new(&atr(&other).unwrap()).check().is_ok());
        assert_eq!(atr(&[0x3B, 0x6D, 0x00]), None);
        assert_eq!([uid(4), uid(7), uid(3)], [vec![0x10, 0, 0, 1], vec![0x10, 0, 0, 0, 0, 0, 1], vec![0x10, 0, 0, 1]]);
    }

    #[test]
    fn an_answer_that_could_name_somebody_is_not_harmless() {
        let fci = [&[0x6F, 0x19, 0x84, 0x0F], SSSE_NAME.as_slice(), &[0xA5, 6, 0x9F, 0x0C, 3, 0x86, 1, 3]].concat();
        let (number, name) = (b"A12345670".as_slice(), [0xC5, 0xB7, 0xD1, 0xF4].as_slice());
        let values = [number, name, b"1"];
        assert!(is_harmless(&fci, &values));
        assert!(is_harmless(&hex::decode("6F0A8406D15600000500A500").unwrap(), &values));
        assert!(is_harmless(&[fci.as_slice(), b"1"].concat(), &values), "too short to say anything");
        let packed = [0x62, 0x17, 0x00, 0x12, 0x34, 0x56, 0x78, 0x91, 0x23];
        for secret in [b"234567".as_slice(), b"98765432", name, &packed, &[0xD5, 0xC5, 0xC8, 0xFD]] {
            assert!(!is_harmless(&[fci.as_slice(), secret].concat(), &values), "{secret:02X?}");
        }
    }
}
