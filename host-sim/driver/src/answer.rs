//! The text of an answer: fields closed by bars, in GBK, at most 255 bytes (docs/driver.md §A.2).

use qiyong_protocol::card::files::Format;
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::{Failure, TEXT_MAX};
use crate::fields::next_character;

/// An answer as it grows. It is wiped when it is dropped: it names a person.
pub(crate) struct Answer(Zeroizing<Vec<u8>>);

impl Answer {
    pub(crate) fn new() -> Self {
        // One allocation, so that no part of it stays behind when it grows.
        Self(Zeroizing::new(Vec::with_capacity(TEXT_MAX)))
    }

    /// A field of characters in GBK, and the bar behind it.
    ///
    /// # Errors
    /// It contains a bar or a control character of its own, which would make two fields of it; or the answer is full.
    pub(crate) fn field(&mut self, text: &[u8]) -> Result<(), Failure> {
        if !is_plain(text) {
            return Err(Code::Check.with("卡内数据含非法字符"));
        }
        self.raw(text)?;
        self.raw(b"|")
    }

    /// A value as a card stores it in this format.
    ///
    /// # Errors
    /// It is none of this format, or those of [`Answer::field`].
    pub(crate) fn value(&mut self, format: Format, value: &[u8]) -> Result<(), Failure> {
        match format {
            Format::Text => self.field(without_filling(value)),
            Format::Digits => self.field(&digits(value).ok_or(Code::Check)?),
            Format::Number => {
                self.field(value.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)).to_string().as_bytes())
            }
            Format::Binary | Format::Nested => self.field(hex::encode_upper(value).as_bytes()),
        }
    }

    /// The end of a file's values.
    pub(crate) fn end_file(&mut self) -> Result<(), Failure> {
        self.raw(b"$")
    }

    /// Whether so many bytes still fit.
    pub(crate) fn fits(&self, length: usize) -> bool {
        self.0.len() + length <= TEXT_MAX
    }

    /// Several fields at once, with their bars.
    pub(crate) fn plain(&mut self, text: &str) -> Result<(), Failure> {
        self.raw(text.as_bytes())
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.fits(bytes.len()) {
            return Err(Code::Length.with("结果超过255字节,请分次读取"));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// A text without the bytes that fill its record up (docs/card.md §1.11).
pub(crate) fn without_filling(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| ![0x00, 0x20, 0xFF].contains(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

/// The ASCII digits of packed ones, up to the F that fills them up; `None`: something else is in them.
fn digits(packed: &[u8]) -> Option<Vec<u8>> {
    let nibbles = packed.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let digits: Vec<u8> = nibbles.clone().take_while(|nibble| *nibble != 0x0F).map(|nibble| b'0' + nibble).collect();
    let filled = nibbles.skip(digits.len()).all(|nibble| nibble == 0x0F);
    (filled && digits.iter().all(u8::is_ascii_digit)).then_some(digits)
}

/// Whether no character of GBK text is a bar or a control character.
fn is_plain(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((character, after)) = next_character(rest) {
        if matches!(character, [b'|' | 0x00..=0x1F | 0x7F]) {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &[&[u8]]) -> Result<Vec<u8>, Failure> {
        let mut answer = Answer::new();
        fields.iter().try_for_each(|field| answer.field(field))?;
        Ok(answer.into_bytes().to_vec())
    }

    #[test]
    fn a_bar_closes_each_field_and_none_is_inside() {
        assert_eq!(text(&[b"a", b"", b"b"]).unwrap(), b"a||b|");
        for bad in [&b"a|b"[..], b"a\0b", b"a\n", b"\x81", b"\xD5\xC5|", b"\x81\x30|\x30", b"\xFF"] {
            assert_eq!(text(&[bad]).unwrap_err().code, Code::Check, "{bad:02X?}");
        }
        // 亅 ends in the byte of a bar.
        assert_eq!(text(&[b"\x81\x7C"]).unwrap(), b"\x81\x7C|");
        assert_eq!(text(&[b"\x95\x32\x82\x36"]).unwrap(), b"\x95\x32\x82\x36|");
    }

    #[test]
    fn an_answer_has_at_most_255_bytes() {
        assert_eq!(text(&[&[b'a'; 254]]).unwrap().len(), 255);
        assert_eq!(text(&[&[b'a'; 255]]).unwrap_err().code, Code::Length);
        assert_eq!(text(&[&[b'a'; 253], b"b"]).unwrap_err().code, Code::Length);
    }

    /// docs/card.md §1.2.
    #[test]
    fn values_are_written_by_their_format() {
        let value = |format, bytes: &[u8]| {
            let mut answer = Answer::new();
            answer.value(format, bytes).map(|()| String::from_utf8(answer.into_bytes().to_vec()).unwrap())
        };
        assert_eq!(value(Format::Text, b"3.00\0\0").unwrap(), "3.00|");
        assert_eq!(value(Format::Digits, &[0x20, 0x26, 0x01, 0x1F]).unwrap(), "2026011|");
        assert_eq!(value(Format::Digits, &[0xFF, 0xFF]).unwrap(), "|");
        assert_eq!(value(Format::Number, &[0, 0, 1, 2]).unwrap(), "258|");
        assert_eq!(value(Format::Binary, &[0x0A, 0xFF]).unwrap(), "0AFF|");
        for bad in [[0xF1, 0xFF], [0x2A, 0xFF]] {
            assert_eq!(value(Format::Digits, &bad).unwrap_err().code, Code::Check);
        }
    }
}
