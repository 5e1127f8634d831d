//! A PSAM as a file on disk, TOML: the terminal's number, and for each algorithm that it has its keys by number, each with its usage
//! byte. The keys are in it in plain text, so that only its owner may read it; they are test keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

use qiyong_protocol::card::keys::{Algorithm, Key};
use qiyong_protocol::card::psam::{PsamKey, Use};

use super::VirtualPsam;
use crate::input::{self, Place, Places};
use crate::{private_file, toml_error};

/// The version of this file format.
const FORMAT: u32 = 1;

/// Why a PSAM's file cannot be used. Shows no key.
#[derive(Debug, Error)]
pub enum PsamFileError {
    /// It cannot be read.
    #[error(
        "cannot read the PSAM's file: {0}; check that it is there and may be read, or make one (`qiyong card psam`)"
    )]
    Io(io::Error),
    /// It is not TOML, or a key of it is missing or unknown.
    #[error("it is no complete PSAM file: {0}; correct it, or make a new one (`qiyong card psam`)")]
    Toml(String),
    /// A value is not what it may be.
    #[error("{}", input::placed(place.as_ref(), &format!("`{key}` {problem}")))]
    Value {
        /// Where it stands.
        place: Option<Place>,
        /// Its key.
        key: String,
        /// What it may be.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    terminal: String,
    #[serde(rename = "3des")]
    triple_des: Option<Keys>,
    sm4: Option<Keys>,
}

/// A key, and what its value may be.
type Wrong = (String, &'static str);

/// By number, usage and key in hex.
type Keys = BTreeMap<String, String>;

impl VirtualPsam {
    /// Reads a PSAM from its file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn load(path: &Path) -> Result<Self, PsamFileError> {
        Self::from_toml(&input::read_text(path).map_err(PsamFileError::Io)?)
    }

    fn from_toml(text: &str) -> Result<Self, PsamFileError> {
        let file: File =
            toml::from_str(text).map_err(|error| PsamFileError::Toml(toml_error::explain(text, &error)))?;
        Self::from_file(file).map_err(|(key, problem)| PsamFileError::Value {
            place: Places::of(text).find(&key),
            key,
            problem,
        })
    }

    fn from_file(file: File) -> Result<Self, Wrong> {
        let wrong = |key: &str, words| (key.to_owned(), words);
        if file.format != FORMAT {
            return Err(wrong("format", "must be 1"));
        }
        let mut terminal = [0; 6];
        let digits = file.terminal.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || hex::decode_to_slice(&file.terminal, &mut terminal).is_err() {
            return Err(wrong("terminal", "must be 12 digits"));
        }
        let read = |name, keys: Option<Keys>, algorithm| keys.map(|keys| read_keys(name, &keys, algorithm)).transpose();
        let triple_des = read("3des", file.triple_des, Algorithm::TripleDes)?;
        Ok(Self::new(terminal, triple_des, read("sm4", file.sm4, Algorithm::Sm4)?))
    }

    /// The text of its file.
    pub fn to_toml(&self) -> String {
        let mut out = String::from(
            "# A virtual PSAM (终端安全模块), with test keys. By number: usage byte and key, in hex (docs/card.md §1.7).\n",
        );
        // Writing to a string cannot fail.
        let _ = writeln!(out, "format = {FORMAT}\nterminal = \"{}\"", hex::encode(self.terminal));
        for (name, keys) in [("3des", &self.triple_des), ("sm4", &self.sm4)] {
            let Some(keys) = keys else { continue };
            let _ = writeln!(out, "\n[{name}]");
            for PsamKey { usage, number, key } in keys {
                let _ = writeln!(out, "{number:02X} = \"{usage:02X} {}\"", hex::encode_upper(key.expose()));
            }
        }
        out
    }

    /// Writes it to its file, which only its owner may read.
    ///
    /// # Errors
    /// The system's.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        private_file::write(path, self.to_toml().as_bytes())
    }
}

fn read_keys(name: &str, keys: &Keys, algorithm: Algorithm) -> Result<Vec<PsamKey>, Wrong> {
    let read = |(number, text): (&String, &String)| {
        let wrong = || (format!("{name}.{number}"), "must be usage and key: 47 and 32 hex digits");
        let (usage, key) = text.split_once(' ').ok_or_else(wrong)?;
        let (mut id, mut use_of, mut bytes) = ([0], [0], [0; 16]);
        hex::decode_to_slice(number, &mut id).map_err(|_| wrong())?;
        hex::decode_to_slice(usage, &mut use_of).map_err(|_| wrong())?;
        hex::decode_to_slice(key, &mut bytes).map_err(|_| wrong())?;
        let ([number], [usage]) = (id, use_of);
        Use::of(usage).ok_or_else(wrong)?;
        Ok(PsamKey { usage, number, key: Key::new(algorithm, bytes) })
    };
    keys.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_psam_comes_back_from_its_file_and_a_wrong_one_says_where() {
        let text = "format = 1\nterminal = \"410100813475\"\n[sm4]\n0A = \"47 00112233445566778899AABBCCDDEEFF\"\n";
        let psam = VirtualPsam::from_toml(text).unwrap();
        assert!(psam.triple_des.is_none() && psam.sm4.as_ref().is_some_and(|keys| keys.len() == 1));
        assert!(psam.to_toml().ends_with("\n[sm4]\n0A = \"47 00112233445566778899AABBCCDDEEFF\"\n"));
        assert_eq!(VirtualPsam::from_toml(&psam.to_toml()).unwrap().to_toml(), psam.to_toml());
        for (from, to, words) in [
            ("format = 1", "format = 2", "line 1, column 10: `format` must be 1"),
            ("410100813475", "41010081347", "line 2, column 12: `terminal` must be 12 digits"),
            ("410100813475", "41010081347A", "line 2, column 12: `terminal` must be 12 digits"),
            ("\"47 ", "\"40 ", "line 4, column 6: `sm4.0A` must be usage and key: 47 and 32 hex digits"),
            ("EEFF", "EEF", "line 4, column 6: `sm4.0A` must be usage and key: 47 and 32 hex digits"),
            ("0A =", "A =", "line 4, column 5: `sm4.A` must be usage and key: 47 and 32 hex digits"),
            ("terminal", "terminals", "it is no complete PSAM file: line 2"),
        ] {
            let error = VirtualPsam::from_toml(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
            assert!(!error.contains("0011"), "{error}");
        }
    }
}
