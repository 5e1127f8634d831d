//! Reading what people hand in: files of a sane size, and dates.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use qiyong_protocol::card::date::Date;

/// No scenario or card file comes near this.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a file of at most 1 MiB.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB, which no file of this kind is"));
    }
    Ok(text)
}

/// A day that exists, written YYYY-MM-DD and nothing more: a time or a zone in a date is a mistake.
pub(crate) fn date(text: &str) -> Option<Date> {
    let day: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Date::new(day.year().unsigned_abs(), day.month().unsigned_abs(), day.day().unsigned_abs())
}
