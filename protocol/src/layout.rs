//! What the parts of messages are called, and where they lie: data for whoever shows messages, such as a dissector for Wireshark.
//!
//! The codecs do not read by it: the firmware needs no names. Tests hold the two against each other. The tables themselves
//! stand beside the codecs: `centre::message::layout` and `ecr::layout`.

use core::ops::Range;

/// One part of a message.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What it is called; empty for a part that is the whole of something which has a name.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// What of it must not be shown.
    pub secret: Secret,
}

/// How a part is written. Sizes of digits count digits, all others bytes; two BCD digits take a byte.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A number, big-endian.
    Number(usize),
    /// An amount in fen as a number, big-endian, in eight bytes.
    Fen,
    /// BCD digits.
    Digits(usize),
    /// An amount in fen, in BCD digits.
    FenDigits(usize),
    /// An amount in fen, in ASCII digits.
    FenText(usize),
    /// ASCII.
    Text(usize),
    /// ASCII, to the end.
    Rest,
    /// Text in GBK, to the end.
    Gbk,
    /// Bytes.
    Bytes(usize),
    /// Bytes, to the end.
    RestBytes,
    /// A date in four BCD bytes, YYYYMMDD.
    Date,
    /// A time in seven BCD bytes, YYYYMMDDhhmmss.
    Time,
    /// A time whose date has four BCD bytes; hour, minute and second are numbers of one byte.
    PlainTime,
    /// A number of one byte that stands for a word.
    Code(fn(u32) -> Option<&'static str>),
    /// BCD digits that stand for a word.
    DigitCode(usize, fn(u32) -> Option<&'static str>),
    /// ASCII that stands for a word.
    TextCode(usize, fn(&[u8]) -> Option<&'static str>),
    /// A byte of flags, the first in its lowest bit.
    Flags(&'static [&'static str]),
    /// ASCII behind a byte that says how long it is.
    Counted,
    /// The same in GBK.
    CountedGbk,
    /// A byte: 1 if these parts follow, 0 if they do not.
    Maybe(&'static [Part]),
    /// A byte that stands for a word, and says what follows.
    Choice(&'static [(u8, &'static str, &'static [Part])]),
    /// These parts, again and again to the end.
    Repeat(&'static [Part]),
}

/// What of a part must not be shown (docs/design.md §1, invariant 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// All may be shown.
    No,
    /// Nothing may.
    Whole,
    /// The first three and the last two characters may, if there are eight or more: the number of a document.
    Middle,
}

/// What one meets on a walk through parts. Places count half bytes from the beginning.
#[derive(Clone, Debug)]
pub enum Step {
    /// A part that has a value.
    Value(&'static Part, Range<usize>),
    /// A repeated part begins, at this place.
    Begins(&'static Part, usize),
    /// It ends, at this place.
    Ends(usize),
}

/// Why bytes do not consist of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// They end within this part, which begins here (in half bytes).
    Short(&'static str, usize),
    /// A byte here says what follows, and has no such meaning.
    Choice(&'static str, usize),
    /// So many half bytes follow the last part.
    Left(usize),
}

/// A part of which all may be shown.
pub const fn part(name: &'static str, form: Form) -> Part {
    Part { name, form, secret: Secret::No }
}

/// A part with a secret.
pub const fn hidden(name: &'static str, form: Form, secret: Secret) -> Part {
    Part { name, form, secret }
}

impl Secret {
    /// Which of so many characters are hidden.
    pub const fn range(self, count: usize) -> Range<usize> {
        match self {
            Self::No => 0..0,
            Self::Middle if count >= 8 => 3..count - 2,
            Self::Whole | Self::Middle => 0..count,
        }
    }
}

/// Walks through the first `count` half bytes of `bytes`, which must be exactly these parts.
///
/// # Errors
/// They are not. What was met before was visited.
pub fn walk(parts: &'static [Part], bytes: &[u8], count: usize, visit: &mut dyn FnMut(Step)) -> Result<(), Unfit> {
    let end = walk_from(parts, bytes, 0, count, visit)?;
    if end == count { Ok(()) } else { Err(Unfit::Left(count.saturating_sub(end))) }
}

/// Walks from `at` on; returns where the parts end.
fn walk_from(
    parts: &'static [Part],
    bytes: &[u8],
    mut at: usize,
    count: usize,
    visit: &mut dyn FnMut(Step),
) -> Result<usize, Unfit> {
    for part in parts {
        let byte = || bytes.get(at / 2).copied().filter(|_| at + 2 <= count).ok_or(Unfit::Short(part.name, at));
        let size = match part.form {
            Form::Number(size) | Form::FenText(size) | Form::Text(size) | Form::Bytes(size) => 2 * size,
            Form::TextCode(size, _) => 2 * size,
            Form::Fen => 16,
            Form::Digits(digits) | Form::FenDigits(digits) | Form::DigitCode(digits, _) => digits,
            Form::Rest | Form::Gbk | Form::RestBytes => count - at,
            Form::Date => 8,
            Form::Time | Form::PlainTime => 14,
            Form::Code(_) | Form::Flags(_) => 2,
            Form::Counted | Form::CountedGbk => 2 + 2 * usize::from(byte()?),
            Form::Maybe(parts) => {
                let there = byte()?;
                visit(Step::Value(part, at..at + 2));
                at = match there {
                    0 => at + 2,
                    1 => walk_from(parts, bytes, at + 2, count, visit)?,
                    _ => return Err(Unfit::Choice(part.name, at)),
                };
                continue;
            }
            Form::Choice(all) => {
                let chosen = byte()?;
                let chosen = all.iter().find(|(code, ..)| *code == chosen).ok_or(Unfit::Choice(part.name, at))?;
                visit(Step::Value(part, at..at + 2));
                at = walk_from(chosen.2, bytes, at + 2, count, visit)?;
                continue;
            }
            Form::Repeat(parts) => {
                while at < count {
                    visit(Step::Begins(part, at));
                    at = walk_from(parts, bytes, at, count, visit)?;
                    visit(Step::Ends(at));
                }
                continue;
            }
        };
        if at + size > count {
            return Err(Unfit::Short(part.name, at));
        }
        visit(Step::Value(part, at..at + size));
        at += size;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    static INNER: [Part; 2] = [part("kind", Form::Text(1)), part("name", Form::Counted)];
    static CHOICE: [(u8, &str, &[Part]); 2] = [(1, "nothing", &[]), (2, "something", &INNER)];
    static PARTS: [Part; 3] = [
        part("number", Form::Number(2)),
        part("day", Form::Maybe(&[Part { name: "when", form: Form::Date, secret: Secret::No }])),
        part("what", Form::Choice(&CHOICE)),
    ];

    fn places(bytes: &[u8]) -> Result<Vec<(&'static str, Range<usize>)>, Unfit> {
        let mut met = Vec::new();
        walk(&PARTS, bytes, 2 * bytes.len(), &mut |step| {
            if let Step::Value(part, at) = step {
                met.push((part.name, at));
            }
        })?;
        Ok(met)
    }

    #[test]
    fn a_walk_meets_each_part_at_its_place_or_says_where_it_ends() {
        assert_eq!(places(&[0, 1, 0, 1]), Ok(std::vec![("number", 0..4), ("day", 4..6), ("what", 6..8)]));
        let whole = [0, 1, 1, 0x20, 0x26, 3, 2, 2, b'A', 1, b'B'];
        let met = places(&whole).unwrap();
        assert_eq!(met.last(), Some(&("name", 18..22)));
        assert_eq!(met.len(), 6);
        for short in 0..whole.len() {
            assert!(matches!(places(&whole[..short]), Err(Unfit::Short(..))), "{short}");
        }
        assert_eq!(places(&[0, 1, 0, 1, 9]), Err(Unfit::Left(2)));
        assert_eq!(places(&[0, 1, 2, 1]), Err(Unfit::Choice("day", 4)));
        assert_eq!(places(&[0, 1, 0, 7]), Err(Unfit::Choice("what", 6)));
    }

    #[test]
    fn of_a_number_the_ends_may_be_shown_unless_it_is_short() {
        assert_eq!(Secret::Middle.range(18), 3..16);
        assert_eq!(Secret::Middle.range(8), 3..6);
        assert_eq!(Secret::Middle.range(7), 0..7);
        assert_eq!((Secret::Whole.range(9), Secret::No.range(9)), (0..9, 0..0));
    }
}
