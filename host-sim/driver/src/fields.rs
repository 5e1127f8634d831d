//! What a caller passes as text: fields closed by bars, and values for a card's records (docs/card.md §1.2, §1.9). The way back
//! is `answer`'s.

use qiyong_protocol::card::files::{Format, RecordSpec};
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;

/// The first character of GBK text and the rest; `None`: it is none. A bar's byte may be the second of a Chinese character.
pub(crate) fn next_character(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match text {
        // GB 18030 has characters of four bytes: a digit is second and fourth.
        [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, ..] => 4,
        [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, ..] => 2,
        [0x00..=0x7F, ..] => 1,
        _ => return None,
    };
    text.split_at_checked(length)
}

/// The fields of a text, each closed by a bar; the last bar may be left out, and a `$` may close the whole.
pub(crate) fn split(text: &[u8]) -> Result<Vec<&[u8]>, Failure> {
    let text = text.strip_suffix(b"$").unwrap_or(text);
    let (mut fields, mut start, mut rest) = (Vec::new(), text, text);
    while !rest.is_empty() {
        let (character, after) = next_character(rest).ok_or(Code::BadData)?;
        if character == b"|" {
            fields.push(start.get(..start.len() - rest.len()).unwrap_or_default());
            start = after;
        }
        rest = after;
    }
    if !start.is_empty() {
        fields.push(start);
    }
    Ok(fields)
}

/// A value as a card stores it in this record.
///
/// # Errors
/// It is none of this format, or too long: -23, and which field it is, counted from 1.
pub(crate) fn value(number: usize, field: &[u8], spec: &RecordSpec) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let wrong = || Code::BadData.with(format!("第{number}项"));
    let length = usize::from(spec.len);
    let fill = |mut bytes: Zeroizing<Vec<u8>>, filler| {
        let fits = bytes.len() <= length;
        bytes.resize(length, filler);
        fits.then_some(bytes).ok_or_else(wrong)
    };
    match spec.format {
        Format::Text => fill(Zeroizing::new(field.to_vec()), 0x00),
        Format::Digits => {
            let filler = if field.len().is_multiple_of(2) { "" } else { "F" };
            let digits = Zeroizing::new([field, filler.as_bytes()].concat());
            let packed = hex::decode(&*digits).ok().filter(|_| field.iter().all(u8::is_ascii_digit));
            fill(Zeroizing::new(packed.ok_or_else(wrong)?), 0xFF)
        }
        Format::Number => {
            let number: u32 = str::from_utf8(field).ok().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
            Some(Zeroizing::new(number.to_be_bytes().to_vec())).filter(|bytes| bytes.len() == length).ok_or_else(wrong)
        }
        Format::Binary | Format::Nested => {
            let bytes = hex::decode(field).map(Zeroizing::new).map_err(|_| wrong())?;
            Some(bytes).filter(|bytes| bytes.len() == length).ok_or_else(wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_within_a_character_parts_nothing() {
        let split = |text| split(text).map_err(|failure| failure.code);
        assert_eq!(split(b"a|b|"), Ok(vec![&b"a"[..], b"b"]));
        assert_eq!(split(b"a||b$"), Ok(vec![&b"a"[..], b"", b"b"]));
        assert_eq!(split(b"|$"), Ok(vec![&b""[..]]));
        assert_eq!(split(b""), Ok(vec![]));
        // 亅 ends in the byte of a bar.
        assert_eq!(split(b"\x81\x7C|1|"), Ok(vec![&b"\x81\x7C"[..], b"1"]));
        assert_eq!(split(b"\x95\x32\x82\x36|"), Ok(vec![&b"\x95\x32\x82\x36"[..]]));
        for bad in [&b"\x81"[..], b"\xFF", b"a|\x81"] {
            assert_eq!(split(bad), Err(Code::BadData));
        }
    }

    /// docs/card.md §1.2.
    #[test]
    fn values_are_packed_and_filled_up_by_their_format() {
        let value = |format, len, field: &[u8]| {
            let spec = RecordSpec { tag: 1, name: "", format, len, read: None };
            value(3, field, &spec).map(|value| value.to_vec()).map_err(|failure| failure.code)
        };
        assert_eq!(value(Format::Text, 4, b"ab"), Ok(b"ab\0\0".to_vec()));
        assert_eq!(value(Format::Digits, 3, b"20261"), Ok(vec![0x20, 0x26, 0x1F]));
        assert_eq!(value(Format::Digits, 3, b""), Ok(vec![0xFF; 3]));
        assert_eq!(value(Format::Number, 4, b"258"), Ok(vec![0, 0, 1, 2]));
        assert_eq!(value(Format::Binary, 2, b"0aFF"), Ok(vec![0x0A, 0xFF]));
        for (format, len, bad) in [
            (Format::Text, 1, &b"ab"[..]),
            (Format::Digits, 1, b"123"),
            (Format::Digits, 1, b"1A"),
            (Format::Number, 4, b"-1"),
            (Format::Number, 4, b"4294967296"),
            (Format::Number, 2, b"1"),
            (Format::Binary, 2, b"0A"),
            (Format::Nested, 1, b"0"),
        ] {
            assert_eq!(value(format, len, bad), Err(Code::BadData), "{bad:?}");
        }
    }
}
