//! What the bytes of one part say. The words are those of the tables; a secret byte has become `*` before.

use std::ops::Range;

use qiyong_protocol::card::date::Date;
use qiyong_protocol::layout::Form;

use crate::gbk;

/// The byte that replaces a secret one: `*`.
pub const MASK: u8 = 0x2A;

/// The half bytes at these places.
fn halves(bytes: &[u8], at: Range<usize>) -> impl Iterator<Item = u8> {
    at.filter_map(|at| bytes.get(at / 2).map(|byte| if at.is_multiple_of(2) { byte >> 4 } else { byte & 0x0F }))
}

/// Digits; `*` for those of a secret byte, which has none.
fn digits(bytes: &[u8], at: Range<usize>) -> String {
    let digit = |at: usize| match bytes.get(at / 2).copied()? {
        MASK => Some('*'),
        byte => Some(match if at.is_multiple_of(2) { byte >> 4 } else { byte & 0x0F } {
            // The separator of a magnetic stripe's track 2.
            0x0D => '=',
            half => char::from_digit(half.into(), 16).map_or('?', |c| c.to_ascii_uppercase()),
        }),
    };
    at.filter_map(digit).collect()
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// ASCII; what is none is escaped.
fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn chinese(bytes: &[u8]) -> String {
    gbk::decode(bytes).unwrap_or_else(|| text(bytes))
}

fn is_masked(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == MASK)
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02} yuan", fen / 100, fen % 100)
}

/// 20260703 as 2026-07-03, 20260703091200 as 2026-07-03 09:12:00.
fn dashed(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let date = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    if digits.len() > 8 { format!("{date} {}:{}:{}", part(8, 10), part(10, 12), part(12, 14)) } else { date }
}

/// The value of a part at these half bytes of a message, and what it says.
pub(super) fn of(form: &Form, message: &[u8], at: Range<usize>) -> (String, Option<String>) {
    let bytes = message.get(at.start / 2..at.end.div_ceil(2)).unwrap_or_default();
    let behind = bytes.get(1..).unwrap_or_default();
    let owned = |word: Option<&'static str>| word.map(str::to_string);
    let of_digits = || digits(message, at.clone()).parse::<u64>().unwrap_or_default();
    let byte = bytes.first().copied().unwrap_or_default();
    match form {
        Form::Number(_) => (number(bytes).to_string(), None),
        Form::Fen => (number(bytes).to_string(), Some(yuan(number(bytes)))),
        Form::Digits(_) => (digits(message, at), None),
        Form::FenDigits(_) => (of_digits().to_string(), Some(yuan(of_digits()))),
        Form::FenText(_) => {
            let fen: u64 = text(bytes).parse().unwrap_or_default();
            (fen.to_string(), Some(yuan(fen)))
        }
        Form::Text(_) | Form::Rest => (text(bytes), None),
        Form::Gbk => (chinese(bytes), None),
        Form::Bytes(_) | Form::RestBytes if is_masked(bytes) => ("***".into(), None),
        Form::Bytes(_) | Form::RestBytes => (hex(bytes), None),
        Form::Date if number(bytes) == 0 => (dashed(&digits(message, at)), Some("without end".into())),
        Form::Date | Form::Time => (dashed(&digits(message, at)), None),
        Form::PlainTime => {
            let date = digits(message, at.start..at.start + 8);
            let time: String = bytes.get(4..).unwrap_or_default().iter().map(|byte| format!("{byte:02}")).collect();
            (dashed(&(date + &time)), None)
        }
        Form::Code(word) => (byte.to_string(), owned(word(byte.into()))),
        Form::DigitCode(_, word) => {
            let code = u32::try_from(of_digits()).ok();
            (digits(message, at), owned(code.and_then(word)))
        }
        Form::TextCode(_, word) => (text(bytes), owned(word(bytes))),
        Form::Flags(names) => {
            let set = names.iter().enumerate().filter(|(bit, _)| byte >> bit & 1 == 1).map(|(_, name)| *name);
            (byte.to_string(), Some(set.collect::<Vec<_>>().join(", ")).filter(|set| !set.is_empty()))
        }
        Form::Counted => (text(behind), None),
        Form::CountedGbk => (chinese(behind), None),
        Form::Maybe(_) => (byte.to_string(), Some(if byte == 0 { "no" } else { "yes" }.into())),
        Form::Choice(all) => {
            (byte.to_string(), owned(all.iter().find(|(code, ..)| *code == byte).map(|(_, word, _)| *word)))
        }
        Form::Repeat(_) => (hex(bytes), None),
    }
}

/// What is wrong with a value; `None`: nothing that one sees by itself.
pub(super) fn nonsense(form: &Form, message: &[u8], at: Range<usize>) -> Option<String> {
    let bytes = message.get(at.start / 2..at.end.div_ceil(2)).unwrap_or_default();
    let byte = u32::from(bytes.first().copied().unwrap_or_default());
    let shown = || hex(bytes);
    let no_meaning = |known: Option<&'static str>| known.is_none().then(|| format!("{} has no meaning", shown()));
    let no_digits = || halves(message, at.clone()).any(|half| half > 9).then(|| format!("{} has no digits", shown()));
    match form {
        // Track 2 has its own separator; the codec has looked at fields of digits.
        Form::Digits(_) => halves(message, at.clone())
            .any(|half| half > 9 && half != 0x0D)
            .then(|| format!("{} has no digits", shown())),
        Form::FenDigits(_) => no_digits(),
        Form::FenText(_) => (!bytes.iter().all(u8::is_ascii_digit)).then(|| format!("{} has no digits", shown())),
        Form::Text(_) | Form::Rest | Form::Counted => {
            let text = if matches!(form, Form::Counted) { bytes.get(1..).unwrap_or_default() } else { bytes };
            // What it is may be a secret.
            (!text.iter().all(|byte| matches!(byte, 0x20..=0x7E))).then(|| "a character is not ASCII".into())
        }
        Form::Gbk => gbk::decode(bytes).is_none().then(|| "this is no text in GBK".into()),
        Form::CountedGbk => gbk::decode(bytes.get(1..)?).is_none().then(|| "this is no text in GBK".into()),
        // Zeros: without end.
        Form::Date if number(bytes) == 0 => None,
        Form::Date | Form::Time | Form::PlainTime => {
            let date = bytes.first_chunk().and_then(|date| Date::from_bcd(*date));
            let time = bytes.get(4..).unwrap_or_default();
            let limits = [23, 59, 59];
            let plain = matches!(form, Form::PlainTime);
            let is_in_bounds = |(byte, limit): (&u8, u8)| match plain {
                true => *byte <= limit,
                false => byte >> 4 <= 9 && byte & 0x0F <= 9 && (byte >> 4) * 10 + (byte & 0x0F) <= limit,
            };
            let wrong = date.is_none() || !time.iter().zip(limits).all(is_in_bounds);
            wrong.then(|| format!("{} is no date or time that there is", shown()))
        }
        Form::Code(word) => no_meaning(word(byte)),
        Form::DigitCode(_, word) => {
            let code = digits(message, at).parse().ok();
            no_meaning(code.and_then(word))
        }
        Form::TextCode(_, word) => no_meaning(word(bytes)),
        Form::Flags(names) => (byte >> names.len() != 0).then(|| format!("{} has a flag without a meaning", shown())),
        Form::Number(_) | Form::Fen | Form::Bytes(_) | Form::RestBytes => None,
        Form::Maybe(_) | Form::Choice(_) | Form::Repeat(_) => None,
    }
}
