//! Text from bytes that people's editors have written: UTF-8, with or without a byte order mark. What is not is refused with the
//! name of what it seems to be, and what to do.

use std::io::{Error, ErrorKind};

use encoding_rs::GB18030;
use thiserror::Error as ThisError;

/// Bytes that are no UTF-8. Nothing of them is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum NotUtf8 {
    /// The bytes are GBK, or GB 18030, which contains it.
    #[error(
        "it is not UTF-8; it seems to be GBK (line {line} has the first such character): save it as UTF-8 in your editor, \
         or convert it: iconv -f GB18030 -t UTF-8 OLD > NEW"
    )]
    Gbk {
        /// The first line with a byte that is not ASCII, from 1.
        line: usize,
    },
    /// It begins as UTF-16 does, or has the zero bytes that UTF-16 has.
    #[error(
        "it is not UTF-8; it seems to be UTF-16: save it as UTF-8 in your editor, or convert it: iconv -f {name} -t UTF-8 OLD > NEW"
    )]
    Utf16 {
        /// The name that iconv knows: `UTF-16` where a mark tells the byte order, `UTF-16LE` or `UTF-16BE` where there is none.
        name: &'static str,
    },
    /// None of these.
    #[error(
        "it is no text in UTF-8: line {line} has a byte that cannot be there; save it as UTF-8 in your editor, or name another file"
    )]
    Other {
        /// The line with the first wrong byte, from 1.
        line: usize,
    },
}

/// The text; a byte order mark before it is left out.
///
/// # Errors
/// [`ErrorKind::InvalidData`] with a [`NotUtf8`].
pub fn text(bytes: Vec<u8>) -> Result<String, Error> {
    if let Some(name) = utf16(&bytes) {
        return Err(Error::new(ErrorKind::InvalidData, NotUtf8::Utf16 { name }));
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{FEFF}') {
                text.drain(..'\u{FEFF}'.len_utf8());
            }
            Ok(text)
        }
        Err(error) => {
            Err(Error::new(ErrorKind::InvalidData, not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())))
        }
    }
}

/// What bytes seem to be that are neither UTF-8, from `wrong` on, nor UTF-16.
fn not_utf8(bytes: &[u8], wrong: usize) -> NotUtf8 {
    let line = |end| bytes.iter().take(end).filter(|byte| **byte == b'\n').count() + 1;
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        // Where it is not only digits and letters, GB 18030 leaves some private characters and controls, which no name has.
        Some(text) if !text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) => {
            NotUtf8::Gbk { line: line(bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(wrong)) }
        }
        _ => NotUtf8::Other { line: line(wrong) },
    }
}

/// The name of the UTF-16 that the bytes seem to be. UTF-8 has no zero bytes in a text, and every second byte of ASCII in UTF-16 is
/// one.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some("UTF-16");
    }
    let zeros = |first| bytes.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // In Chinese prose a quarter of the characters are still ASCII: line ends, digits, spaces. And no file of zeros is a text.
    let (most, least) = (even.max(odd), even.min(odd));
    match (most > bytes.len() / 8 && least < most / 4, even > odd) {
        (false, _) => None,
        (true, true) => Some("UTF-16BE"),
        (true, false) => Some("UTF-16LE"),
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::{Rng, SeedableRng};

    use super::*;

    const TEXT: &str = "title = \"first\"\nholder = \"张三\"\n";

    fn told(bytes: Vec<u8>) -> NotUtf8 {
        let error = text(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        *error.into_inner().unwrap().downcast().unwrap()
    }

    fn in_utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        TEXT.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn each_encoding_is_named_and_utf_8_is_read_with_or_without_its_mark() {
        assert_eq!(text(TEXT.into()).unwrap(), TEXT);
        assert_eq!(text(format!("\u{FEFF}{TEXT}").into()).unwrap(), TEXT);
        assert_eq!(text(Vec::new()).unwrap(), "");
        assert_eq!(told(GB18030.encode(TEXT).0.into_owned()), NotUtf8::Gbk { line: 2 });
        assert_eq!(told(in_utf16(u16::to_le_bytes)), NotUtf8::Utf16 { name: "UTF-16LE" });
        assert_eq!(told(in_utf16(u16::to_be_bytes)), NotUtf8::Utf16 { name: "UTF-16BE" });
        for mark in [[0xFF, 0xFE], [0xFE, 0xFF]] {
            assert_eq!(told([&mark[..], &in_utf16(u16::to_le_bytes)].concat()), NotUtf8::Utf16 { name: "UTF-16" });
        }
        assert_eq!(told(b"a = 1\nb = \"\xC3\"\n".to_vec()), NotUtf8::Other { line: 2 });
        assert_eq!(text(vec![0; 512]).unwrap(), "\0".repeat(512), "no UTF-16, and UTF-8 it is");
        assert_eq!(told(b"\n\n\xFF\xFF".to_vec()), NotUtf8::Other { line: 3 });
    }

    /// Against the standard library's reader, over bytes of which words in all these encodings are made.
    #[test]
    fn nothing_but_utf_8_is_read_and_all_of_it_but_the_mark() {
        let parts: [&[u8]; 10] = [
            b"a",
            b"\n",
            b"\0",
            "\u{FEFF}".as_bytes(),
            "张".as_bytes(),
            b"\xD5\xC5",
            b"\xFF",
            b"\xFE",
            b"\xC3",
            b"\x80",
        ];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut counts = [0; 4];
        for _ in 0..20_000 {
            let count = random.next_u32() % 12;
            let pick = |_| parts[random.next_u32() as usize % parts.len()];
            let bytes: Vec<u8> = (0..count).map(pick).collect::<Vec<_>>().concat();
            let expected = std::str::from_utf8(&bytes).map(|text| text.strip_prefix('\u{FEFF}').unwrap_or(text));
            let kind = match (text(bytes.clone()), expected) {
                (Ok(got), Ok(expected)) if got == expected => 0,
                (Err(_), _) if utf16(&bytes).is_some() => 1,
                (Err(error), Err(_)) => {
                    let lines = bytes.split(|byte| *byte == b'\n').count();
                    match *error.into_inner().unwrap().downcast::<NotUtf8>().unwrap() {
                        NotUtf8::Gbk { line } if line <= lines => 2,
                        NotUtf8::Other { line } if line <= lines => 3,
                        other => panic!("{other:?}: {bytes:02X?}"),
                    }
                }
                other => panic!("{other:?}: {bytes:02X?}"),
            };
            counts[kind] += 1;
        }
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }
}
