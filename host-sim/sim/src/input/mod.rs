//! Reads what people hand in: files of a reasonable size, dates, amounts, and bytes in hex.
//!
//! Every text file that people write is read here, so that each of them is told the same way what it is instead of UTF-8.

mod encoding;
mod hex;
mod places;

pub use encoding::{NotUtf8, text};
pub use hex::{ALLOWED, HexError, parse_hex};
pub use places::{Place, Places, place, placed};

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;

use thiserror::Error as ThisError;

use qiyong_protocol::card::date::Date;
use qiyong_protocol::rules::money::Fen;

/// Far more than any scenario or card file has.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a file of at most 1 MiB, in UTF-8; a byte order mark is left out.
///
/// # Errors
/// The system's; [`ErrorKind::InvalidData`] with a [`NotUtf8`] where it is in another encoding, and
/// [`ErrorKind::FileTooLarge`].
pub fn read_text(path: &Path) -> io::Result<String> {
    text_of(&File::open(path)?)
}

/// The same of a file that is open.
pub(crate) fn text_of(file: &File) -> io::Result<String> {
    text_within(file, MAX_BYTES)?
        .ok_or_else(|| Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB, which no file of this kind is"))
}

/// The text of what is read, in UTF-8; `None` if it has more than `most` bytes.
///
/// # Errors
/// The system's; [`ErrorKind::InvalidData`] with a [`NotUtf8`] where it is in another encoding.
pub fn text_within(from: impl Read, most: u64) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Ok(None) } else { text(bytes).map(Some) }
}

/// A day that exists, written YYYY-MM-DD and nothing more: a time or a zone after a date is a mistake.
pub fn date(text: &str) -> Option<Date> {
    let day: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Date::new(day.year().unsigned_abs(), day.month().unsigned_abs(), day.day().unsigned_abs())
}

/// Why a text is no amount. Follows the name of what the amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum AmountError {
    /// It is not digits, or digits and one or two decimals.
    #[error("must be an amount in yuan, such as 35.80")]
    NotYuan,
    /// No account holds so much.
    #[error("must be at most {}", Fen::MAX)]
    TooMuch,
}

/// Yuan with at most two decimals.
///
/// # Errors
/// When it is not written so, or more than an account holds.
pub fn yuan(text: &str) -> Result<Fen, AmountError> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 2 {
        return Err(AmountError::NotYuan);
    }
    let fen: u64 = format!("{whole}{decimals:0<2}").parse().map_err(|_| AmountError::NotYuan)?;
    Some(Fen(fen)).filter(|amount| *amount <= Fen::MAX).ok_or(AmountError::TooMuch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_yuan_with_at_most_two_decimals() {
        for (text, fen) in
            [("35.80", 3580), ("35.8", 3580), ("12", 1200), ("0.05", 5), ("9999999999.99", 999_999_999_999)]
        {
            assert_eq!(yuan(text), Ok(Fen(fen)), "{text}");
        }
        for text in ["", ".5", "5.", "1.234", "-1", "1,5", "1e3", "10000000000", "99999999999999999999999"] {
            assert!(yuan(text).is_err(), "{text}");
        }
    }
}
