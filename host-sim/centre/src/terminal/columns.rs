//! How values are written in the database's columns (words, digits, ISO dates, fen), and how they are read.
//!
//! Reading checks everything, because someone may have edited the file. The errors name the column, and never its
//! contents.

use jiff::civil::DateTime;

use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::keys::{Algorithm, ExternalAuthRule, InternalAuthOrder, SerialFactor};
use qiyong_protocol::centre::{Batch, Stan, TerminalId};
use qiyong_protocol::rules::money::Fen;

use crate::error::{CentreError, Damage};
use crate::store::value::Row;

/// The word for an algorithm.
pub(crate) const fn algorithm_word(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::TripleDes => "3des",
        Algorithm::Sm4 => "sm4",
    }
}

/// The words for the choices of the key scheme; [`choice`] reads them.
pub(crate) const SERIAL_FACTORS: [(SerialFactor, &str); 2] =
    [(SerialFactor::LastEight, "last-eight"), (SerialFactor::SerialAndZeros, "serial-and-zeros")];
pub(crate) const EXTERNAL_AUTH_RULES: [(ExternalAuthRule, &str); 2] = [
    (ExternalAuthRule::ChallengeIsFactor, "challenge-is-factor"),
    (ExternalAuthRule::TerminalBytesAreFactor, "terminal-bytes-are-factor"),
];
pub(crate) const INTERNAL_AUTH_ORDERS: [(InternalAuthOrder, &str); 2] =
    [(InternalAuthOrder::DataThenFactor, "data-then-factor"), (InternalAuthOrder::FactorThenData, "factor-then-data")];

/// The word for a choice.
pub(crate) fn choice_word<T: Copy + PartialEq>(choices: &[(T, &'static str)], choice: T) -> &'static str {
    choices.iter().find(|(one, _)| *one == choice).map_or("", |(_, word)| word)
}

/// The choice for which a word stands.
pub(crate) fn choice<T: Copy>(choices: &[(T, &str)], word: &str) -> Option<T> {
    choices.iter().find(|(_, own)| *own == word).map(|(one, _)| *one)
}

/// A terminal's name: eight bytes, which need not be printable; escaped so that two names never look the same.
pub(crate) fn terminal_text(terminal: TerminalId) -> String {
    terminal.0.escape_ascii().to_string()
}

/// A moment as a terminal's clock shows it.
pub(crate) fn timestamp(moment: DateTime) -> Result<Timestamp, CentreError> {
    let (year, month, day) = (moment.year().unsigned_abs(), moment.month().unsigned_abs(), moment.day().unsigned_abs());
    let [hour, minute, second] = [moment.hour(), moment.minute(), moment.second()].map(i8::unsigned_abs);
    // A centre's clock may show a year before the first.
    let date = Date::new(year, month, day).ok_or_else(|| damaged("a day"))?;
    Ok(Timestamp { date, hour, minute, second })
}

/// An amount.
pub(crate) fn fen_number(amount: Fen) -> Result<i64, CentreError> {
    let in_range = amount <= Fen::MAX;
    i64::try_from(amount.0).ok().filter(|_| in_range).ok_or(CentreError::Amount(amount))
}

/// The result of `parse` for a column with text.
pub(crate) fn text<T>(row: &Row, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, CentreError> {
    parse(&row.get::<String>(column)?).ok_or_else(|| damaged(column))
}

/// An amount, from a column with a number.
pub(crate) fn fen(row: &Row, column: &str) -> Result<Fen, CentreError> {
    integer(row, column, |number| u64::try_from(number).ok().map(Fen))
}

/// A transaction's number, from a column with a number.
pub(crate) fn stan(row: &Row, column: &str) -> Result<Stan, CentreError> {
    integer(row, column, |number| u32::try_from(number).ok().and_then(Stan::new))
}

/// A batch, from a column with a number.
pub(crate) fn batch(row: &Row, column: &str) -> Result<Batch, CentreError> {
    let in_range = |batch: &Batch| (1..=Batch::LAST.0).contains(&batch.0);
    integer(row, column, |number| u32::try_from(number).ok().map(Batch).filter(in_range))
}

/// A date and time, from a column with text.
pub(crate) fn time(row: &Row, column: &str) -> Result<Timestamp, CentreError> {
    text(row, column, parse_time)
}

fn integer<T>(row: &Row, column: &str, parse: impl FnOnce(i64) -> Option<T>) -> Result<T, CentreError> {
    parse(row.get(column)?).ok_or_else(|| damaged(column))
}

fn damaged(column: &str) -> CentreError {
    CentreError::Damaged(Damage::Column(column.to_string()))
}

/// YYYY-MM-DD.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).filter(|_| parts.next().is_none())
}

/// YYYY-MM-DD HH:MM:SS. An hour 25 is read as it was written, because a terminal's clock may say so.
fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once(' ')?;
    let mut parts = clock.split(':').map(|part| part.parse().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    Some(Timestamp { date: parse_date(date)?, hour, minute, second }).filter(|_| parts.next().is_none())
}
