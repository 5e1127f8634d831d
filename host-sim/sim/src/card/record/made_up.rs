//! What stands in a recorded card for what belongs to card and holder: plainly made up, of the same length and form.

use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::files::tag;
use qiyong_protocol::iso7816::atr::{Atr, Tck};

/// The area of a card that names none.
pub(super) const AREA: &str = "320100";
/// A number of a holder without a citizen's number.
const FOREIGN: &[u8; 18] = b"USA000000123456789";
/// The date and the counter in a maker's historical bytes (docs/card.md §3.4).
const SERIAL: [u8; 6] = [0x26, 0x01, 0x01, 0x00, 0x00, 0x01];
/// The shortest historical bytes that are taken to end in a serial number.
const WITH_SERIAL: usize = 8;
/// Digits in a row that could be somebody's number.
const NUMBER_MIN: usize = 8;

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

/// Whether an answer to SELECT contains neither a value of the card's records nor digits that could be a number of somebody.
/// Values of three bytes and fewer, such as a sex, identify nobody.
pub(super) fn is_harmless(answer: &[u8], values: &[&[u8]]) -> bool {
    let contains = |value: &&[u8]| value.len() > 3 && answer.windows(value.len()).any(|part| part == *value);
    !values.iter().any(contains)
        && longest(answer, 1, |byte| byte.is_ascii_digit()) < NUMBER_MIN
        && longest(answer, 2, |byte| byte >> 4 <= 9 && byte & 0x0F <= 9 && byte != 0) < NUMBER_MIN
}

/// The most digits in a row, where each byte that `is_part` has this many.
fn longest(bytes: &[u8], digits: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let runs = bytes.split(|byte| !is_part(*byte));
    runs.map(|run| run.len() * digits).max().unwrap_or_default()
}
