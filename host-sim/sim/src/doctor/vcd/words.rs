//! The words of a VCD, in bounded memory.

use std::io::BufRead;

use super::error::VcdError;

/// The value of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Zero,
    One,
    /// `z`.
    Released,
    /// `x`.
    Unknown,
}

/// What follows the heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// What follows happens at this time, in units of the file.
    Time(u64),
    /// The channel with this identifier has this value.
    Change(&'a [u8], Value),
}

/// The heading.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// ns in a unit of time, as a fraction.
    pub(super) scale: (u64, u64),
    /// Identifier and name, with scopes, of the channels of one bit.
    pub(super) channels: Vec<(Vec<u8>, String)>,
    /// From a comment: `CLK_ON runs at 3906250 Hz`, and `times are right to 8 ns`.
    pub(super) clk_hz: Option<u64>,
    pub(super) resolution_ns: Option<u64>,
}

/// The most bytes of a word.
const LONGEST: usize = 256;
/// The most scopes within each other that a name tells.
const DEPTH: usize = 16;

/// Reads words.
pub(super) struct Words<R> {
    reader: R,
    line: u64,
    word: Vec<u8>,
    /// The time before.
    time: u64,
}

impl<R: BufRead> Words<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, line: 1, word: Vec::new(), time: 0 }
    }

    fn damaged<T>(&self, what: &'static str) -> Result<T, VcdError> {
        Err(VcdError::Damaged { line: self.line, what })
    }

    /// Reads the next word into `self.word`; `false` at the end. Of a word that is too long the beginning is kept: `true` in the
    /// second place.
    fn word(&mut self) -> Result<(bool, bool), VcdError> {
        self.word.clear();
        let mut long = false;
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Ok((!self.word.is_empty(), long));
            }
            let mut used = 0;
            let mut over = false;
            for byte in piece {
                used += 1;
                if !byte.is_ascii_whitespace() {
                    if self.word.len() < LONGEST {
                        self.word.push(*byte);
                    } else {
                        long = true;
                    }
                } else if self.word.is_empty() {
                    self.line += u64::from(*byte == b'\n');
                } else {
                    // The line ends after the word, which an error may be about.
                    over = true;
                    used -= 1;
                    break;
                }
            }
            self.reader.consume(used);
            if over {
                return Ok((true, long));
            }
        }
    }

    /// The next word, which must be there and not too long.
    fn must(&mut self) -> Result<(), VcdError> {
        match self.word()? {
            (true, false) => Ok(()),
            (true, true) => self.damaged("a word is longer than any of a VCD"),
            (false, _) => self.damaged("the file ends in the middle of a declaration"),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.word).into_owned()
    }

    /// Skips up to `$end`.
    fn skip(&mut self) -> Result<(), VcdError> {
        loop {
            match self.word()? {
                (true, _) if self.word == b"$end" => return Ok(()),
                (true, _) => {}
                (false, _) => return self.damaged("the file ends before $end"),
            }
        }
    }

    /// Reads up to the end of the definitions, and keeps the names of so many channels.
    pub(super) fn heading(&mut self, most: usize) -> Result<Head, VcdError> {
        let mut head = Head::default();
        let (mut scopes, mut depth, mut any) = (Vec::new(), 0_usize, false);
        loop {
            if !self.word()?.0 {
                return self.damaged(if any { "there is no $enddefinitions: no VCD" } else { "it is empty" });
            }
            any = true;
            match self.word.as_slice() {
                b"$enddefinitions" => {
                    self.skip()?;
                    break;
                }
                b"$comment" => self.comment(&mut head)?,
                b"$timescale" => head.scale = self.timescale()?,
                b"$scope" => {
                    self.must()?;
                    self.must()?;
                    depth += 1;
                    if scopes.len() < DEPTH {
                        scopes.push(self.text());
                    }
                    self.skip()?;
                }
                b"$upscope" => {
                    scopes.truncate(depth.saturating_sub(1));
                    depth = depth.saturating_sub(1);
                    self.skip()?;
                }
                b"$var" => {
                    let channel = self.channel(&scopes)?;
                    head.channels.extend(channel.filter(|_| head.channels.len() < most));
                }
                [b'$', ..] => self.skip()?,
                _ => return self.damaged("this is no VCD: a declaration begins with $"),
            }
        }
        if head.scale.0 == 0 {
            return self.damaged("there is no $timescale");
        }
        Ok(head)
    }

    /// Reads a comment, in which a number may stand before `Hz` and before `ns`.
    fn comment(&mut self, head: &mut Head) -> Result<(), VcdError> {
        let (mut ours, mut number) = (false, None);
        loop {
            match self.word()? {
                (true, _) => {}
                (false, _) => return self.damaged("the file ends before $end"),
            }
            match self.word.as_slice() {
                b"$end" => return Ok(()),
                b"CLK_ON" => ours = true,
                b"Hz" if ours => head.clk_hz = number,
                b"ns" if ours => head.resolution_ns = number,
                word => number = std::str::from_utf8(word).ok().and_then(|text| text.parse().ok()),
            }
        }
    }

    /// ns in a unit, as a fraction.
    fn timescale(&mut self) -> Result<(u64, u64), VcdError> {
        self.must()?;
        let mut text = self.text();
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.must()?;
            text += &self.text();
        }
        self.skip()?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let Ok(number @ (1 | 10 | 100)) = number.parse::<u64>() else {
            return self.damaged("the number of $timescale is 1, 10 or 100");
        };
        Ok(match unit {
            "s" => (number * 1_000_000_000, 1),
            "ms" => (number * 1_000_000, 1),
            "us" => (number * 1_000, 1),
            "ns" => (number, 1),
            "ps" => (number, 1_000),
            "fs" => (number, 1_000_000),
            _ => return self.damaged("the unit of $timescale is s, ms, us, ns, ps or fs"),
        })
    }

    /// Kind, size, identifier, name: `None` unless it has one bit, or is a voltage.
    fn channel(&mut self, scopes: &[String]) -> Result<Option<(Vec<u8>, String)>, VcdError> {
        self.must()?;
        let real = self.word == b"real";
        self.must()?;
        let one = self.word == b"1" || real;
        self.must()?;
        let id = self.word.clone();
        self.must()?;
        let name = [scopes, &[self.text()]].concat().join(".");
        if id == b"$end" || self.word == b"$end" {
            return self.damaged("a $var has kind, size, identifier and name");
        }
        self.skip()?;
        Ok(one.then_some((id, name)))
    }

    /// The next word after the heading; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Word<'_>>, VcdError> {
        loop {
            let (is, long) = self.word()?;
            if !is {
                return Ok(None);
            }
            if long {
                return self.damaged("a word is longer than any of a VCD");
            }
            let Some((first, rest)) = self.word.split_first() else { continue };
            let value = match first {
                b'#' => {
                    let text = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<u64>().ok());
                    let Some(time) = text else { return self.damaged("a time is # and a number of 64 bits") };
                    if time < self.time {
                        return self.damaged("time goes back");
                    }
                    self.time = time;
                    return Ok(Some(Word::Time(time)));
                }
                b'0' => Value::Zero,
                b'1' => Value::One,
                b'x' | b'X' => Value::Unknown,
                b'z' | b'Z' => Value::Released,
                b'b' | b'B' => {
                    let value = match rest.last() {
                        Some(b'1') => Value::One,
                        Some(b'x' | b'X') => Value::Unknown,
                        Some(b'z' | b'Z') => Value::Released,
                        _ => Value::Zero,
                    };
                    self.must()?;
                    return Ok(Some(Word::Change(&self.word, value)));
                }
                b'r' | b'R' => {
                    // A voltage: half of what the lowest class needs tells.
                    let text = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<f64>().ok());
                    let Some(volts) = text else { return self.damaged("a voltage is r and a number") };
                    self.must()?;
                    return Ok(Some(Word::Change(&self.word, if volts > 0.9 { Value::One } else { Value::Zero })));
                }
                b's' | b'S' => {
                    self.must()?;
                    continue;
                }
                b'$' => {
                    if matches!(self.word.as_slice(), b"$comment" | b"$date" | b"$version") {
                        self.skip()?;
                    }
                    continue;
                }
                _ => return self.damaged("this is neither a time nor a change of a channel"),
            };
            if rest.is_empty() {
                return self.damaged("a change names its channel");
            }
            return Ok(Some(Word::Change(&self.word[1..], value)));
        }
    }
}
