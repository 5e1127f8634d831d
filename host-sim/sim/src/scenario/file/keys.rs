//! The keys of a scenario file as they are written: shapes and defaults. `check` knows which values are allowed.

use crate::card::contact::habits::WtxKeys;
use crate::card::file::Files;
use crate::scenario::line::{RawFault, RawNoise};
use crate::scenario::serial::RawByteFault;
use qiyong_protocol::card::status::CardStatus;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) title: String,
    pub(super) seed: u64,
    pub(super) clock: String,
    pub(super) centre: RawCentre,
    #[serde(default)]
    pub(super) card: Vec<RawCard>,
    #[serde(default)]
    pub(super) terminal: Vec<RawTerminal>,
    #[serde(default)]
    pub(super) step: Vec<RawStep>,
    #[serde(default)]
    pub(super) expect: RawExpectations,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCentre {
    pub(super) area: String,
    #[serde(default)]
    pub(super) institution: Vec<RawInstitution>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInstitution {
    pub(super) code: String,
    pub(super) kind: String,
    #[serde(default = "yes")]
    pub(super) designated: bool,
    #[serde(default = "yes")]
    pub(super) issues_cards: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCard {
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) number: String,
    pub(super) id_number: String,
    pub(super) holder: String,
    pub(super) area: Option<String>,
    pub(super) issued: Option<String>,
    pub(super) expires: Option<String>,
    #[serde(default = "default_pin")]
    pub(super) pin: String,
    #[serde(default)]
    pub(super) pin_is_initial: bool,
    #[serde(default = "default_tries")]
    pub(super) pin_tries: u8,
    #[serde(default = "default_status")]
    pub(super) status: String,
    pub(super) social: Option<bool>,
    #[serde(default)]
    pub(super) financial: bool,
    #[serde(default)]
    pub(super) account: u64,
    #[serde(default = "yes")]
    pub(super) insured: bool,
    pub(super) document: Option<RawRegistered>,
    #[serde(default = "yes")]
    pub(super) registered: bool,
    #[serde(default = "yes")]
    pub(super) genuine: bool,
    pub(super) inverse: Option<bool>,
    pub(super) protocol: Option<u8>,
    pub(super) atr: Option<String>,
    pub(super) pps: Option<String>,
    pub(super) procedure: Option<String>,
    pub(super) ifs: Option<String>,
    pub(super) wtx: Option<WtxKeys>,
    pub(super) response_delay: Option<u64>,
    pub(super) implicit_rate: Option<String>,
    pub(super) fault: Option<String>,
    #[serde(default = "yes")]
    pub(super) check: bool,
    #[serde(default)]
    pub(super) files: Files,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRegistered {
    pub(super) kind: String,
    pub(super) number: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTerminal {
    pub(super) name: String,
    pub(super) institution: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) note: Option<String>,
    pub(super) terminal: String,
    pub(super) card: Option<String>,
    #[serde(rename = "do")]
    pub(super) what: String,
    pub(super) total: Option<u64>,
    pub(super) fund: Option<u64>,
    pub(super) document: Option<RawDocument>,
    #[serde(default)]
    pub(super) pin: OneOrMany,
    #[serde(default)]
    pub(super) new_pin: OneOrMany,
    pub(super) cancel: Option<String>,
    pub(super) pull_at: Option<u64>,
    pub(super) pull_during: Option<String>,
    #[serde(default)]
    pub(super) line: Vec<RawFault>,
    pub(super) noise: Option<RawNoise>,
    pub(super) link: Option<String>,
    #[serde(default)]
    pub(super) serial: Vec<RawByteFault>,
    #[serde(default)]
    pub(super) storage_worn: bool,
    #[serde(default)]
    pub(super) clock_ahead: i64,
    #[serde(default = "yes")]
    pub(super) must_fire: bool,
    #[serde(default)]
    pub(super) expect: RawExpected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDocument {
    pub(super) kind: String,
    pub(super) number: String,
    pub(super) name: String,
    pub(super) valid_until: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpected {
    pub(super) outcome: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) activated: Option<bool>,
    pub(super) balance: Option<u64>,
    pub(super) pin_changed: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpectations {
    #[serde(default)]
    pub(super) card: BTreeMap<String, RawExpectedCard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpectedCard {
    pub(super) status: Option<String>,
    pub(super) social: Option<bool>,
    pub(super) financial: Option<bool>,
    pub(super) account: Option<u64>,
    pub(super) pin_is_initial: Option<bool>,
    pub(super) pin_tries_left: Option<u8>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a string, or a list of strings")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

pub(super) const fn yes() -> bool {
    true
}

pub(super) fn default_pin() -> String {
    "123456".into()
}

pub(super) const fn default_tries() -> u8 {
    3
}

pub(super) fn default_status() -> String {
    CardStatus::Inactive.as_str().into()
}
