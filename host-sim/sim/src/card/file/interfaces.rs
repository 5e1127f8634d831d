//! Which interfaces a card file gives its card: contacts, an antenna, or both. What an antenna has is `antenna`'s.

use std::fmt::Write as _;

use serde::Deserialize;

use super::problem::{Problem, ValueProblem};
use crate::card::antenna::{Antenna, Ats};
use crate::card::os::VirtualCard;

/// The most bytes that a card may send after a reset, whether they are an ATR or not.
pub const ATR_MAX: usize = 64;
/// The words of `interfaces`; a file without it has a card with contacts alone.
const WORDS: [&str; 3] = ["contacts", "contactless", "both"];

/// The table of the antenna.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactlessTable {
    uid: String,
    fsci: u8,
    fwi: u8,
    sfgi: u8,
    historical: String,
}

/// ATR and antenna, as the file's keys say.
pub(super) fn read(
    word: Option<&str>,
    atr: Option<&str>,
    table: Option<&ContactlessTable>,
) -> Result<(Vec<u8>, Option<Antenna>), Problem> {
    let wrong = |key: &str, problem| (key.to_string(), problem);
    let [contacts, contactless, both] = WORDS;
    let word = word.unwrap_or(contacts);
    if !WORDS.contains(&word) {
        return Err(wrong("interfaces", ValueProblem::Word { allowed: &WORDS }));
    }
    let atr = match atr {
        None if word != contactless => return Err(wrong("atr", ValueProblem::KeyMissing)),
        None => Vec::new(),
        Some(_) if word == contactless => return Err(wrong("atr", ValueProblem::OfOtherInterface)),
        Some(text) => hex::decode(text).map_err(|error| wrong("atr", ValueProblem::NotHex(error)))?,
    };
    if word != contactless && !(1..=ATR_MAX).contains(&atr.len()) {
        return Err(wrong("atr", ValueProblem::AtrLength { most: ATR_MAX }));
    }
    match table {
        None if word == contactless || word == both => Err(wrong("contactless", ValueProblem::KeyMissing)),
        Some(_) if word == contacts => Err(wrong("contactless", ValueProblem::OfOtherInterface)),
        None => Ok((atr, None)),
        Some(table) => Ok((atr, Some(table.antenna()?))),
    }
}

impl ContactlessTable {
    fn antenna(&self) -> Result<Antenna, Problem> {
        let named = |key: &str| format!("contactless.{key}");
        let bytes =
            |key: &str, text: &str| hex::decode(text).map_err(|error| (named(key), ValueProblem::NotHex(error)));
        let Self { fsci, fwi, sfgi, .. } = *self;
        let historical = bytes("historical", &self.historical)?;
        let antenna = Antenna { uid: bytes("uid", &self.uid)?, ats: Ats { fsci, fwi, sfgi, historical } };
        antenna.check().map_err(|(key, problem)| (named(key), ValueProblem::Antenna(problem)))?;
        Ok(antenna)
    }
}

/// The rows before the first table.
pub(super) fn write_head(card: &VirtualCard, out: &mut String) -> std::fmt::Result {
    let [contacts, contactless, both] = WORDS;
    let word = match (card.atr.is_empty(), &card.antenna) {
        (true, Some(_)) => contactless,
        (_, None) => contacts,
        (false, Some(_)) => both,
    };
    writeln!(out, "interfaces = \"{word}\"  # {}", WORDS.join(" | "))?;
    if word != contactless {
        writeln!(out, "atr = \"{}\"", hex::encode_upper(&card.atr))?;
    }
    Ok(())
}

/// The antenna's table, if there is one.
pub(super) fn write_table(card: &VirtualCard, out: &mut String) -> std::fmt::Result {
    let Some(Antenna { uid, ats: Ats { fsci, fwi, sfgi, historical } }) = &card.antenna else { return Ok(()) };
    writeln!(out, "\n[contactless]  # ISO/IEC 14443 type A; FSCI, FWI, SFGI and the historical bytes of its ATS")?;
    writeln!(out, "uid = \"{}\"", hex::encode_upper(uid))?;
    writeln!(out, "fsci = {fsci}\nfwi = {fwi}\nsfgi = {sfgi}")?;
    writeln!(out, "historical = \"{}\"", hex::encode_upper(historical))
}
