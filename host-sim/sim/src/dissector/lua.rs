//! Lua's literals: texts, and the tables in which the parts of messages stand.

use std::fmt::Write;

use qiyong_protocol::layout::{Form, Part};

use crate::decode::key_of;

/// A text in quotes. Whatever is not printable ASCII stands as its bytes.
pub(super) fn text(text: &str) -> String {
    bytes(text.as_bytes())
}

/// Bytes in quotes.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            0x20..=0x7E => quoted.push(char::from(*byte)),
            other => _ = write!(quoted, "\\{other:03}"),
        }
    }
    quoted + "\""
}

/// A table of these entries.
pub(super) fn table(entries: impl IntoIterator<Item = String>) -> String {
    let entries: Vec<String> = entries.into_iter().collect();
    if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// Parts, one after the other.
pub(super) fn parts(all: &[Part]) -> String {
    table(all.iter().map(|part| one(part.name, &part.form)))
}

/// A part.
pub(super) fn one(name: &str, form: &Form) -> String {
    let key = if name.is_empty() { String::new() } else { key_of(name) };
    let mut entries = vec![format!("k = {}", text(&key)), format!("n = {}", text(name))];
    let sized = |entries: &mut Vec<String>, size: usize| entries.push(format!("s = {size}"));
    let word = match form {
        Form::Number(size) => {
            sized(&mut entries, *size);
            "number"
        }
        Form::Fen => "fen",
        Form::Digits(count) => {
            sized(&mut entries, *count);
            "digits"
        }
        Form::FenDigits(count) => {
            sized(&mut entries, *count);
            "fendigits"
        }
        Form::FenText(count) => {
            sized(&mut entries, *count);
            "fentext"
        }
        Form::Text(count) => {
            sized(&mut entries, *count);
            "text"
        }
        Form::Rest => "rest",
        Form::Gbk => "gbk",
        Form::Bytes(count) => {
            sized(&mut entries, *count);
            "bytes"
        }
        Form::RestBytes => "restbytes",
        Form::Date => "date",
        Form::Time => "time",
        Form::PlainTime => "plaintime",
        Form::Code(word) => {
            let row = |code: u32| Some(format!("[{code}] = {}", text(word(code)?)));
            entries.push(format!("w = {}", table((0..=255).filter_map(row))));
            "code"
        }
        Form::DigitCode(count, word) => {
            sized(&mut entries, *count);
            let all = 0..10_u32.pow(u32::try_from(*count).unwrap_or(0));
            let row = |code: u32| Some(format!("[{}] = {}", text(&format!("{code:0count$}")), text(word(code)?)));
            entries.push(format!("w = {}", table(all.filter_map(row))));
            "digitcode"
        }
        Form::TextCode(count, word) => {
            sized(&mut entries, *count);
            let row = |code: Vec<u8>| Some(format!("[{}] = {}", bytes(&code), text(word(&code)?)));
            entries.push(format!("w = {}", table(codes(*count).into_iter().filter_map(row))));
            "textcode"
        }
        Form::Flags(names) => {
            let flag = |name: &&str| format!("{{ k = {}, n = {} }}", text(&key_of(name)), text(name));
            entries.push(format!("w = {}", table(names.iter().map(flag))));
            "flags"
        }
        Form::Counted => "counted",
        Form::CountedGbk => "countedgbk",
        Form::Maybe(inner) => {
            entries.push(format!("parts = {}", parts(inner)));
            "maybe"
        }
        Form::Choice(all) => {
            let row = |(code, word, _): &(u8, &str, &[Part])| format!("[{code}] = {}", text(word));
            entries.push(format!("w = {}", table(all.iter().map(row))));
            let row = |(code, _, inner): &(u8, &str, &[Part])| format!("[{code}] = {}", parts(inner));
            entries.push(format!("of = {}", table(all.iter().map(row))));
            "choice"
        }
        Form::Repeat(inner) => {
            entries.push(format!("parts = {}", parts(inner)));
            "repeat"
        }
    };
    entries.push(format!("f = {}", text(word)));
    table(entries)
}

/// All codes of so many digits and capital letters.
fn codes(count: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let longer = |code: &Vec<u8>| {
            let code = code.clone();
            (b'0'..=b'9').chain(b'A'..=b'Z').map(move |byte| [&code[..], &[byte]].concat())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}
