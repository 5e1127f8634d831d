//! `qiyong card show`: what a card file holds, without PIN, keys, the middle of the ID number and what stands in it.

use std::path::Path;

use serde::Serialize;

use qiyong_protocol::card::codes::IdNumber;
use qiyong_protocol::card::files::tag;
use qiyong_protocol::card::redact::stands_in_id_number;
use qiyong_sim::card::file::{file_name, write_value};
use qiyong_sim::card::os::{Bytes, VirtualCard, blank_byte};

use crate::output::{Output, Verdict};

/// What a card file holds.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Shown {
    /// The card's file.
    file: String,
    /// The card's generation: v1, v2 or v3.
    profile: &'static str,
    /// What it sends after a reset, in hex; only of a card with contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    atr: Option<String>,
    /// Its identifier over the antenna, in hex; only of a card with one, as `ats` and `contactless_atr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    /// What it answers to select, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    ats: Option<String>,
    /// The ATR that a PC/SC reader makes of the ATS, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    contactless_atr: Option<String>,
    /// How the card is blocked: no, application or card.
    blocked: String,
    /// Wrong PINs in a row until the card blocks its PIN.
    pin_tries: u8,
    /// PIN tries left on the card.
    pin_tries_left: u8,
    /// The records that are not blank.
    records: Vec<ShownRecord>,
}

/// A record.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShownRecord {
    /// In which file of the card.
    file: String,
    /// What that file is called.
    title: &'static str,
    /// Its tag, in hex.
    tag: String,
    /// What it is called.
    name: &'static str,
    /// What stands there; `***` where that is secret.
    value: String,
}

/// Exit 0, or 2 when there is no such card.
pub(crate) fn run(path: &Path, json: bool, output: &mut Output) -> Result<Verdict, String> {
    let card = VirtualCard::load(path).map_err(|error| error.to_string())?;
    let shown = Shown {
        file: path.display().to_string(),
        profile: card.generation.as_str(),
        atr: Some(&card.atr).filter(|atr| !atr.is_empty()).map(hex::encode_upper),
        uid: card.antenna.as_ref().map(|antenna| hex::encode_upper(&antenna.uid)),
        ats: card.antenna.as_ref().map(|antenna| hex::encode_upper(antenna.ats.encode())),
        contactless_atr: card.antenna.as_ref().map(|antenna| hex::encode_upper(antenna.ats.pcsc_atr())),
        blocked: format!("{:?}", card.blocked).to_lowercase(),
        pin_tries: card.pin.tries,
        pin_tries_left: card.pin.left,
        records: records(&card),
    };
    if json {
        output.json_line(&shown);
    } else {
        output.line(&format!("{}: social security card, generation {}", shown.file, shown.profile));
        let sides = [("ATR", &shown.atr), ("UID", &shown.uid), ("ATS", &shown.ats)];
        for (name, value) in sides.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            output.line(&format!("{name:<8} {value}"));
        }
        output.line(&format!("blocked  {}", shown.blocked));
        output.line(&format!("PIN      ***, {} of {} tries left", shown.pin_tries_left, shown.pin_tries));
        let mut file = "";
        for record in &shown.records {
            if record.file != file {
                file = &record.file;
                output.line(&format!("{file}  {}", record.title));
            }
            output.line(&format!("   {} {:<28} {}", record.tag, record.name, record.value));
        }
    }
    Ok(Verdict::Done)
}

/// The records that are not blank.
fn records(card: &VirtualCard) -> Vec<ShownRecord> {
    let mut shown = Vec::new();
    for spec in card.generation.files() {
        let Some(Bytes::Records(values)) = card.file(spec) else {
            continue;
        };
        for (record, value) in spec.records().iter().zip(values) {
            if value.iter().all(|byte| *byte == blank_byte(record.format)) {
                continue;
            }
            let text = match record.tag {
                // Masks itself.
                tag::ID_NUMBER => {
                    IdNumber::new(value).map_or("(no ID number)".to_string(), |number| number.to_string())
                }
                tag if stands_in_id_number(tag) => "***".to_string(),
                _ => write_value(record.format, value),
            };
            shown.push(ShownRecord {
                file: file_name(spec),
                title: spec.title.0,
                tag: format!("{:02X}", record.tag),
                name: record.name,
                value: text,
            });
        }
    }
    shown
}
