//! A card as a file on disk: TOML that a person can read and change, and that keeps the card's state.
//!
//! The file *is* the card: PIN and keys are in it in plain text, as in a chip's memory. They are test keys. The file is
//! made readable only for its owner. Values are written in their format: text as text, digits as digits, the rest in
//! hex; after `hex:`, any value in hex. EF05 and EF06 are written completely; in other files, blank values are left
//! out.

mod interfaces;
mod pin;
mod pki;
mod problem;
mod recording;

pub use interfaces::ATR_MAX;
pub use pin::digits;
pub use problem::{Problem, ValueProblem};

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{Df, FileSpec, Format, Generation, RecordSpec, key, tag};
use qiyong_protocol::card::keys::{CardKeys, EXTERNAL_KEYS_MAX, Key, Scheme};

use self::interfaces::ContactlessTable;
use self::recording::RecordedTable;
use super::contact::habits::{HabitKeys, WtxKeys};
use super::os::{Blocked, Bytes, KEY_TRIES, VirtualCard, blank, blank_byte};
use crate::input::{self, Place, Places};
use crate::{gbk, private_file, toml_error};

/// The version of this file format.
const FORMAT: u32 = 1;

/// Values by file, such as `SSSE/EF05`, and by record, such as `06`.
pub type Files = BTreeMap<String, BTreeMap<String, String>>;

/// Why a card file cannot be used: the file, the key and what is allowed.
#[derive(Debug, Error)]
pub enum CardFileError {
    /// The file cannot be read or written.
    #[error("cannot {doing} the card file {path}: {error}; check that it is there, and that it and its folder may be read and written", path = path.display())]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// Another program has the card.
    #[error("another program has the card {path}: end it, or take the card out there (`qiyong pcscd ctl ... remove`)", path = path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not as this program left it, so that writing it would undo what somebody else has done.
    #[error("{path} was changed by somebody else while the card was in use: take the card out, and put it in again", path = path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// It is not TOML, or a key is missing or unknown.
    #[error("{path} is no complete card file: {problem}; correct it, or make a new one (`qiyong card new`)", path = path.display())]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Row, column and cause, as the TOML reader says it, but without what stands there.
        problem: String,
    },
    /// A value is not what its key allows.
    #[error("{path}: {}", wrong(place.as_ref(), key, problem), path = path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Where it stands; of what is missing, the table in which it would stand.
        place: Option<Place>,
        /// Which key.
        key: String,
        /// What is wrong and what is allowed.
        problem: ValueProblem,
    },
}

/// What is wrong with a value, and where it stands.
fn wrong(place: Option<&Place>, key: &str, problem: &ValueProblem) -> String {
    input::placed(place, &format!("`{key}` {problem}"))
}

impl CardFileError {
    /// The file could not be written. Only the kind of the error: its text names a temporary file.
    pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { doing: "write", path: path.into(), error: error.kind().into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    generation: String,
    interfaces: Option<String>,
    atr: Option<String>,
    pps: Option<String>,
    procedure: Option<String>,
    ifs: Option<String>,
    wtx: Option<WtxKeys>,
    response_delay: Option<u64>,
    implicit_rate: Option<String>,
    blocked: String,
    contactless: Option<ContactlessTable>,
    pin: pin::PinTable,
    keys: KeysTable,
    /// Files of format 1 may lack it: then the card has no such application.
    pki: Option<pki::PkiTable>,
    recorded: Option<RecordedTable>,
    #[serde(default)]
    files: Files,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysTable {
    tries_left: u8,
    irk: String,
    puk: String,
    stk: String,
    external: BTreeMap<String, String>,
}

impl VirtualCard {
    /// Reads a card from its file.
    pub fn load(path: &Path) -> Result<Self, CardFileError> {
        let text =
            input::read_text(path).map_err(|error| CardFileError::Io { doing: "read", path: path.into(), error })?;
        Self::from_toml(&text, path)
    }

    /// A card from the text of its file, which is called `path`.
    pub(super) fn from_toml(text: &str, path: &Path) -> Result<Self, CardFileError> {
        let file: File = toml::from_str(text)
            .map_err(|error| CardFileError::Toml { path: path.into(), problem: toml_error::explain(text, &error) })?;
        Self::from_file(file).map_err(|(key, problem)| {
            let place = Places::of(text).find(&key);
            CardFileError::Value { path: path.into(), place, key, problem }
        })
    }

    /// Writes the card to its file, completely or not at all: a power cut never leaves half a card.
    pub fn save(&self, path: &Path) -> Result<(), CardFileError> {
        private_file::write(path, self.to_toml().as_bytes()).map_err(|error| CardFileError::unwritten(path, &error))
    }

    /// The text of the card's file.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_toml(&mut out);
        out
    }

    fn write_toml(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "# A virtual social security card (虚拟社会保障卡). Test data and test keys: no real person, no real card."
        )?;
        writeln!(
            out,
            "# Made by `qiyong card new`. PIN counters and updates are kept here; change anything you like."
        )?;
        writeln!(out, "format = {FORMAT}")?;
        writeln!(out, "generation = \"{}\"", self.generation.as_str())?;
        interfaces::write_head(self, out)?;
        for (key, value) in self.habits.rows() {
            writeln!(out, "{key} = {value}")?;
        }
        writeln!(out, "blocked = \"{}\"  # {}", blocked_word(self.blocked), BLOCKED_WORDS.join(" | "))?;
        interfaces::write_table(self, out)?;
        writeln!(out, "\n[pin]")?;
        pin::write(out, &self.pin)?;
        let algorithm = self.generation.algorithm();
        writeln!(out, "\n[keys]  # the card's own keys, {algorithm:?}, 16 bytes each")?;
        writeln!(out, "tries_left = {}", self.key_tries_left)?;
        for (name, key) in [("irk", &self.keys.irk), ("puk", &self.keys.puk), ("stk", &self.keys.stk)] {
            writeln!(out, "{name} = \"{}\"", hex::encode_upper(key.expose()))?;
        }
        writeln!(out, "\n[keys.external]  # by key identifier: 0A reads personal data, 04 updates")?;
        let by_id: BTreeMap<_, _> = self.keys.external.iter().map(|(id, key)| (id, key)).collect();
        for (id, key) in by_id {
            writeln!(out, "{id:02X} = \"{}\"", hex::encode_upper(key.expose()))?;
        }
        if let Some(pki) = &self.pki {
            pki::write(out, pki)?;
        }
        recording::write(&self.recorded, out)?;
        for spec in self.generation.files() {
            if let Some(bytes) = self.file(spec) {
                write_file(out, spec, bytes)?;
            }
        }
        Ok(())
    }

    fn from_file(file: File) -> Result<Self, Problem> {
        let wrong = |key: &str, problem| (key.to_string(), problem);
        if file.format != FORMAT {
            return Err(wrong("format", ValueProblem::Format { found: file.format, read: FORMAT }));
        }
        let generation =
            Generation::from_word(&file.generation).ok_or_else(|| wrong("generation", ValueProblem::Generation))?;
        let (atr, antenna) =
            interfaces::read(file.interfaces.as_deref(), file.atr.as_deref(), file.contactless.as_ref())?;
        let keys_of_habits = HabitKeys {
            pps: file.pps,
            procedure: file.procedure,
            ifs: file.ifs,
            wtx: file.wtx,
            response_delay: file.response_delay,
            implicit_rate: file.implicit_rate,
        };
        let habits = keys_of_habits.check().map_err(|(key, problem)| wrong(key, ValueProblem::Habit(problem)))?;
        let algorithm = generation.algorithm();
        let key = |name: &str, text: &str| {
            let mut bytes = [0; 16];
            hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong(name, ValueProblem::Key))?;
            Ok::<_, Problem>(Key::new(algorithm, bytes))
        };
        let mut keys = CardKeys {
            irk: key("keys.irk", &file.keys.irk)?,
            puk: key("keys.puk", &file.keys.puk)?,
            stk: key("keys.stk", &file.keys.stk)?,
            external: Default::default(),
        };
        for (id, text) in &file.keys.external {
            let name = format!("keys.external.{id}");
            let mut number = [0];
            hex::decode_to_slice(id, &mut number).map_err(|_| wrong(&name, ValueProblem::KeyName))?;
            let room = keys.external.push((number[0], key(&name, text)?));
            room.map_err(|_| (name, ValueProblem::TooManyKeys { most: EXTERNAL_KEYS_MAX }))?;
        }
        for id in key::EXTERNAL {
            if !keys.external.iter().any(|(own, _)| *own == id) {
                return Err((format!("keys.external.{id:02X}"), ValueProblem::KeyMissing));
            }
        }
        let pin = file.pin.check().map_err(|(key, problem)| wrong(&format!("pin.{key}"), problem))?;
        if file.keys.tries_left > KEY_TRIES {
            return Err(wrong("keys.tries_left", ValueProblem::KeyTries { most: KEY_TRIES }));
        }
        // After each load the challenges are the same, so that a run can be repeated; a real card would never do that.
        let seed = atr.iter().fold(0u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let mut card = Self::blank(generation, atr, keys, pin, Scheme::default(), seed);
        card.antenna = antenna;
        card.recorded = file.recorded.map(recording::read).transpose()?.unwrap_or_default();
        card.habits = habits;
        card.pki = file.pki.map(pki::PkiTable::check).transpose()?.map(Box::new);
        card.key_tries_left = file.keys.tries_left;
        card.blocked = blocked_from(&file.blocked)
            .ok_or_else(|| wrong("blocked", ValueProblem::Word { allowed: &BLOCKED_WORDS }))?;
        for spec in generation.files().filter(|spec| spec.df == Df::Ssse) {
            let values = file.files.get(&file_name(spec));
            for name in record_names(spec.records()) {
                if !values.is_some_and(|values| values.contains_key(&name)) {
                    return Err((format!("files.{}.{name}", file_name(spec)), ValueProblem::RecordMissing));
                }
            }
        }
        card.write_files(&file.files)?;
        Ok(card)
    }

    /// Writes values into records, as a card file names them: file, record, value.
    ///
    /// # Errors
    /// The key, such as `files.SSSE/EF05.06`, and what is wrong with it. What stands before it is written.
    pub fn write_files(&mut self, files: &Files) -> Result<(), Problem> {
        for (name, values) in files {
            let spec = file_named(self.generation, name)?;
            if let Some(bytes) = self.file_mut(spec) {
                read_file(spec, bytes, values)?;
            }
        }
        Ok(())
    }
}

/// Whether a card of this generation can be written so by [`VirtualCard::write_files`].
///
/// # Errors
/// The same.
pub fn check_files(generation: Generation, files: &Files) -> Result<(), Problem> {
    files.iter().try_for_each(|(name, values)| {
        let spec = file_named(generation, name)?;
        read_file(spec, &mut blank(spec), values)
    })
}

fn file_named(generation: Generation, name: &str) -> Result<&'static FileSpec, Problem> {
    let found = generation.files().find(|spec| file_name(spec) == name);
    found.ok_or_else(|| (format!("files.{name}"), ValueProblem::NoFile(generation)))
}

/// "SSSE/EF05", "DF01/EF05".
pub fn file_name(spec: &FileSpec) -> String {
    match spec.df {
        Df::Ssse => format!("SSSE/{:04X}", spec.fid),
        Df::App(number) => format!("DF{number:02X}/{:04X}", spec.fid),
    }
}

/// The keys of a file's table: tags in hex, a repeated tag with #2, #3 and so on.
fn record_names(records: &[RecordSpec]) -> Vec<String> {
    let mut seen: BTreeMap<u8, u32> = BTreeMap::new();
    records
        .iter()
        .map(|record| {
            let count = seen.entry(record.tag).or_default();
            *count += 1;
            if *count == 1 { format!("{:02X}", record.tag) } else { format!("{:02X}#{count}", record.tag) }
        })
        .collect()
}

fn write_file(out: &mut String, spec: &FileSpec, bytes: &Bytes) -> std::fmt::Result {
    let mut lines = Vec::new();
    match bytes {
        Bytes::Records(values) => {
            for ((name, record), value) in record_names(spec.records()).iter().zip(spec.records()).zip(values) {
                // The environment is always written completely, so that a file that was cut short is noticed.
                if spec.df == Df::Ssse || value.iter().any(|byte| *byte != blank_byte(record.format)) {
                    // A flaw must not keep the card from being read again.
                    let flawed = spec.df == Df::Ssse && check_value(record.tag, value).is_err();
                    let text = if flawed { raw_value(value) } else { write_value(record.format, value) };
                    lines.push(format!("\"{name}\" = {}  # {}", toml_text(&text), comment(record)));
                }
            }
        }
        Bytes::Cyclic(records) => {
            for (number, record) in (1..).zip(records) {
                if record.iter().any(|byte| *byte != 0x00 && *byte != 0xFF) {
                    lines.push(format!("\"{number}\" = \"{}\"", hex::encode_upper(record)));
                }
            }
        }
        Bytes::Transparent(content) => {
            if let Some(last) = content.iter().rposition(|byte| *byte != 0xFF) {
                lines.push(format!("bytes = \"{}\"", hex::encode_upper(&content[..=last])));
            }
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    let (english, chinese) = spec.title;
    writeln!(out, "\n[files.\"{}\"]  # {english} {chinese}", file_name(spec))?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn comment(record: &RecordSpec) -> String {
    let format = match record.format {
        Format::Text => "text",
        Format::Digits => "digits",
        Format::Binary | Format::Number | Format::Nested => "hex",
    };
    let name = if record.name.is_empty() { "" } else { &format!("{}, ", record.name) };
    format!("{name}{} bytes, {format}", record.len)
}

fn read_file(spec: &FileSpec, bytes: &mut Bytes, values: &BTreeMap<String, String>) -> Result<(), Problem> {
    for (name, text) in values {
        let key = format!("files.{}.{name}", file_name(spec));
        let wrong = |problem| (key.clone(), problem);
        match bytes {
            Bytes::Records(records) => {
                let at = record_names(spec.records()).iter().position(|own| own == name);
                let found = at.and_then(|at| spec.records().get(at).zip(records.get_mut(at)));
                let (record, value) = found.ok_or_else(|| wrong(ValueProblem::NoRecord))?;
                *value = read_value(record, text).map_err(wrong)?;
                // `hex:` is for users who want a card with a flaw.
                if spec.df == Df::Ssse && !text.starts_with("hex:") {
                    check_value(record.tag, value).map_err(wrong)?;
                }
            }
            Bytes::Cyclic(records) => {
                let count = records.len();
                let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let place = number.and_then(|at| records.get_mut(at));
                let place = place.ok_or_else(|| wrong(ValueProblem::NoRecordNumber { count }))?;
                let record = hex::decode(text).map_err(|error| wrong(ValueProblem::NotHex(error)))?;
                if record.len() != place.len() {
                    return Err(wrong(ValueProblem::Bytes(place.len())));
                }
                *place = record;
            }
            Bytes::Transparent(content) => {
                if name != "bytes" {
                    return Err(wrong(ValueProblem::NotBytes));
                }
                let given = hex::decode(text).map_err(|error| wrong(ValueProblem::NotHex(error)))?;
                let room =
                    content.get_mut(..given.len()).ok_or_else(|| wrong(ValueProblem::LargerThanFile(given.len())))?;
                room.copy_from_slice(&given);
            }
        }
    }
    Ok(())
}

/// A value in hex, which is not checked when it is read.
fn raw_value(value: &[u8]) -> String {
    format!("hex:{}", hex::encode_upper(value))
}

/// A value as a person reads it; in hex with a prefix where the format's own form would lose something.
pub fn write_value(format: Format, value: &[u8]) -> String {
    let raw = || raw_value(value);
    match format {
        Format::Text => {
            let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let text = gbk::decode(&value[..end]).filter(|text| !text.starts_with("hex:"));
            text.filter(|text| gbk::encode(text).as_deref() == Some(&value[..end])).unwrap_or_else(raw)
        }
        Format::Digits => {
            let text = digits(value);
            let filled = hex::decode(format!("{text:F<width$}", width = value.len() * 2));
            if text.bytes().all(|b| b.is_ascii_digit()) && filled.as_deref() == Ok(value) { text } else { raw() }
        }
        Format::Binary | Format::Number | Format::Nested => hex::encode_upper(value),
    }
}

fn read_value(record: &RecordSpec, text: &str) -> Result<Vec<u8>, ValueProblem> {
    let len = usize::from(record.len);
    let (bytes, exact) = match (record.format, text.strip_prefix("hex:")) {
        (_, Some(raw)) => (hex::decode(raw).map_err(ValueProblem::NotHex)?, true),
        (Format::Text, None) => (gbk::encode(text).ok_or(ValueProblem::NotGbk)?, false),
        (Format::Digits, None) => {
            if !text.bytes().all(|b| b.is_ascii_digit()) {
                return Err(ValueProblem::NotDigits);
            }
            // No text is filled up by formatting, whose width has a bound of its own.
            let filler = if text.len().is_multiple_of(2) { "" } else { "F" };
            (hex::decode(format!("{text}{filler}")).map_err(ValueProblem::NotHex)?, false)
        }
        (_, None) => (hex::decode(text).map_err(ValueProblem::NotHex)?, true),
    };
    let found = bytes.len();
    if exact && found != len {
        return Err(ValueProblem::OtherLength { len, found });
    }
    if found > len {
        return Err(ValueProblem::TooLong { len, found });
    }
    let mut value = vec![blank_byte(record.format); len];
    value[..found].copy_from_slice(&bytes);
    Ok(value)
}

/// Whether a value of the environment is what its tag requires.
fn check_value(tag: u8, value: &[u8]) -> Result<(), ValueProblem> {
    match tag {
        // A card may leave a date unset: its digits are the filler.
        tag::ISSUED | tag::EXPIRES | tag::BIRTH_DATE if value.iter().all(|byte| *byte == 0xFF) => Ok(()),
        tag::ISSUED | tag::EXPIRES | tag::BIRTH_DATE => {
            let date = value.try_into().ok().and_then(Date::from_bcd);
            date.map(|_| ()).ok_or(ValueProblem::Day)
        }
        tag::CARD_NUMBER => Ok(CardNumber::new_checked(value).map(|_| ())?),
        tag::ID_NUMBER => Ok(IdNumber::new(value).map(|_| ())?),
        tag::VERSION => Generation::from_version(value).map(|_| ()).ok_or(ValueProblem::Version),
        tag::IDENT_CODE => match value.try_into() {
            Ok(bytes) => Ok(IdentCode::new(bytes).map(|_| ())?),
            Err(_) => Err(ValueProblem::Bytes(16)),
        },
        _ => Ok(()),
    }
}

/// A TOML string.
fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

const BLOCKED_WORDS: [&str; 4] = ["no", "application", "application-for-good", "card"];

const fn blocked_word(blocked: Blocked) -> &'static str {
    match blocked {
        Blocked::No => BLOCKED_WORDS[0],
        Blocked::Application => BLOCKED_WORDS[1],
        Blocked::ApplicationForGood => BLOCKED_WORDS[2],
        Blocked::Card => BLOCKED_WORDS[3],
    }
}

fn blocked_from(word: &str) -> Option<Blocked> {
    [Blocked::No, Blocked::Application, Blocked::ApplicationForGood, Blocked::Card]
        .into_iter()
        .find(|blocked| blocked_word(*blocked) == word)
}
