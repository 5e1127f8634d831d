//! The file of exchanges: one in each row, `NAME: TOKEN...`; empty rows and `#` comments are skipped.
//!
//! | Token | Meaning |
//! |---|---|
//! | `t=0`, `t=1` | the protocol; 1 unless given |
//! | `ifsc=N` | most information bytes of a block to the card, 1 to 254; 32 unless given |
//! | `edc=lrc`, `edc=crc` | the error detection code of T=1; LRC unless given |
//! | `wi=N`, `bwi=N`, `cwi=N` | the waiting times of the ATR; 10, 4 and 13 unless given |
//! | `C:HEX` | the engine gets this command APDU |
//! | `ifsd=N` | the terminal agrees with the card on this IFSD, 1 to 254 |
//! | `abort` | the terminal aborts the chain |
//! | `>HEX` | the engine must send these characters next |
//! | `<HEX` | the card sends these characters |
//! | `!timeout` | the card sends nothing (more) until the waiting time ends |
//! | `!parity` | the next character of the card has wrong parity |
//! | `R:HEX` | the engine must deliver this response APDU, with its status word |
//! | `E:NAME` | the engine must end with this error |
//!
//! The settings come first. An exchange may have several commands, one after the other on the same connection.

use std::fmt;

use super::problem::Problem;
use crate::input::{HexError, parse_hex};

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The text before the colon.
    pub name: String,
    /// The tokens that are settings.
    pub settings: Settings,
    /// The other tokens.
    pub tokens: Vec<Token>,
}

/// The settings: what the ATR would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The protocol is T=1, not T=0.
    pub t1: bool,
    /// IFSC.
    pub ifsc: u8,
    /// The error detection code is a CRC, not an LRC.
    pub crc: bool,
    /// WI.
    pub wi: u8,
    /// BWI.
    pub bwi: u8,
    /// CWI.
    pub cwi: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { t1: true, ifsc: 32, crc: false, wi: 10, bwi: 4, cwi: 13 }
    }
}

/// A token and its place in the row; the first token after the name has place 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its place.
    pub number: usize,
    /// What it says.
    pub what: What,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `C:HEX`
    Command(Vec<u8>),
    /// `ifsd=N`
    Ifsd(u8),
    /// `abort`
    Abort,
    /// `>HEX`
    Sends(Vec<u8>),
    /// `<HEX`
    Receives(Vec<u8>),
    /// `!timeout`
    Timeout,
    /// `!parity`
    Parity,
    /// `R:HEX`
    Response(Vec<u8>),
    /// `E:NAME`
    Error(String),
}

/// Why a text is no file of exchanges, and where the problem is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    /// The row, from 1.
    pub line: usize,
    /// The token, from 1 after the name; 0 for the name.
    pub token: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { line, token: 0, problem } => write!(f, "line {line}: {problem}"),
            Self { line, token, problem } => write!(f, "line {line}, token {token}: {problem}"),
        }
    }
}

/// A token as it is written.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(bytes) => write!(f, "C:{}", hex::encode_upper(bytes)),
            Self::Ifsd(ifsd) => write!(f, "ifsd={ifsd}"),
            Self::Abort => f.write_str("abort"),
            Self::Sends(bytes) => write!(f, ">{}", hex::encode_upper(bytes)),
            Self::Receives(bytes) => write!(f, "<{}", hex::encode_upper(bytes)),
            Self::Timeout => f.write_str("!timeout"),
            Self::Parity => f.write_str("!parity"),
            Self::Response(bytes) => write!(f, "R:{}", hex::encode_upper(bytes)),
            Self::Error(name) => write!(f, "E:{name}"),
        }
    }
}

/// Reads a file.
pub fn file(text: &str) -> Result<Vec<Exchange>, ParseError> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, text)| !matches!(text.trim_start().chars().next(), None | Some('#')));
    lines.map(|(line, text)| exchange(text).map_err(|(token, problem)| ParseError { line, token, problem })).collect()
}

/// Reads a row; the error is the number of the token and the problem.
fn exchange(text: &str) -> Result<Exchange, (usize, Problem)> {
    let (name, rest) = text
        .split_once(": ")
        .filter(|(name, _)| !name.trim().is_empty() && !name.contains(char::is_whitespace))
        .ok_or((0, Problem::NoName))?;
    let mut settings = Settings::default();
    let mut tokens = Vec::new();
    for (number, text) in (1..).zip(rest.split_whitespace()) {
        match token(text, &mut settings).map_err(|problem| (number, problem))? {
            Some(what) => tokens.push(Token { number, what }),
            None if tokens.is_empty() => {}
            None => return Err((number, Problem::LateSetting { setting: text.to_owned() })),
        }
    }
    match tokens.first() {
        Some(Token { what: What::Command(_) | What::Ifsd(_), .. }) => {}
        Some(Token { number, .. }) => return Err((*number, Problem::Beginning)),
        None => return Err((0, Problem::NoCommand)),
    }
    if let Some(token) = tokens.iter().find(|token| matches!(token.what, What::Ifsd(_) | What::Abort) && !settings.t1) {
        return Err((token.number, Problem::NotInT0));
    }
    Ok(Exchange { name: name.trim().to_owned(), settings, tokens })
}

/// Reads a token; `None`: it was a setting.
fn token(text: &str, settings: &mut Settings) -> Result<Option<What>, Problem> {
    let what = match text {
        "abort" => What::Abort,
        "!timeout" => What::Timeout,
        "!parity" => What::Parity,
        _ => {
            if let Some((key, value)) = text.split_once('=') {
                return setting(key, value, settings);
            }
            match (text.split_at_checked(1), text.split_at_checked(2)) {
                (Some((">", hex)), _) => What::Sends(bytes(hex)?),
                (Some(("<", hex)), _) => What::Receives(bytes(hex)?),
                (_, Some(("C:", hex))) => What::Command(bytes(hex)?),
                (_, Some(("R:", hex))) => What::Response(bytes(hex)?),
                (_, Some(("E:", name))) if !name.is_empty() => What::Error(name.to_owned()),
                _ => return Err(Problem::NoToken { token: text.to_owned() }),
            }
        }
    };
    Ok(Some(what))
}

fn setting(key: &str, value: &str, settings: &mut Settings) -> Result<Option<What>, Problem> {
    let number = |least: u8, most: u8| {
        let number = value.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| Problem::Number { key: key.to_owned(), given: value.to_owned(), least, most })
    };
    match key {
        "t" => settings.t1 = number(0, 1)? == 1,
        "ifsc" => settings.ifsc = number(1, 254)?,
        "ifsd" => return Ok(Some(What::Ifsd(number(1, 254)?))),
        "wi" => settings.wi = number(1, 255)?,
        "bwi" => settings.bwi = number(0, 9)?,
        "cwi" => settings.cwi = number(0, 15)?,
        "edc" => {
            settings.crc = match value {
                "lrc" => false,
                "crc" => true,
                _ => return Err(Problem::Edc { given: value.to_owned() }),
            }
        }
        _ => return Err(Problem::NoSetting { key: key.to_owned() }),
    }
    Ok(None)
}

fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    parse_hex(text).map_err(|error| match error {
        HexError::Empty => Problem::NoBytes,
        HexError::Alone { .. } | HexError::NotHex { .. } => Problem::NotHex { given: text.to_owned(), error },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_settings_and_then_tokens() {
        let text =
            "# comment\n\n  \none: t=1 ifsc=8 edc=crc C:00840000 >00 <01 !timeout !parity abort R:9000 ifsd=254 E:x\n";
        let exchanges = file(text).unwrap();
        let [one] = &exchanges[..] else { panic!("{exchanges:?}") };
        assert_eq!(one.name, "one");
        assert_eq!(one.settings, Settings { ifsc: 8, crc: true, ..Settings::default() });
        let numbers: Vec<_> = one.tokens.iter().map(|token| token.number).collect();
        assert_eq!(numbers, (4..=12).collect::<Vec<_>>());
        assert_eq!(one.tokens[6].what, What::Response(vec![0x90, 0]));
        assert_eq!(one.tokens[7].what, What::Ifsd(254));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_token() {
        for (text, message) in [
            ("no name", "line 1: there is no name"),
            ("\na b: C:00", "line 2: there is no name"),
            ("a: ", "line 1: there is no command"),
            ("a: >00", "line 1, token 1: an exchange begins with"),
            ("a: t=1 C:0", "line 1, token 2: `0` must be pairs"),
            ("a: C:", "line 1, token 1: there are no bytes"),
            ("a: t=2 C:00", "line 1, token 1: `t` is \"2\"; it must be a number from 0 to 1"),
            ("a: ifsc=255 C:00", "line 1, token 1: `ifsc` is \"255\""),
            ("a: edc=sum C:00", "line 1, token 1: `edc`"),
            ("a: colour=red C:00", "line 1, token 1: there is no setting"),
            ("a: C:00 t=0", "line 1, token 2: the setting `t=0` comes after"),
            ("a: C:00 é", "line 1, token 2: `é` is no token"),
            ("a: C:00 E:", "line 1, token 2: `E:` is no token"),
            ("a: t=0 C:00 abort", "line 1, token 3: there is no such thing in T=0"),
        ] {
            let error = file(text).unwrap_err().to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }
}
