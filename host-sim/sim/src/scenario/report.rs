//! How scenarios went, in the form of `--json`: one object for each file. Comparing with expectations is done in
//! `compare`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::file::Scenario;
use super::stage::{Played, PlayedCard, PlayedStep};

/// One scenario file as `--json` prints it: one object in each row.
#[derive(Serialize)]
pub struct FileReport {
    /// The file, as the user named it.
    pub file: String,
    /// `None`: the scenario is not for this bench.
    pub passed: Option<bool>,
    /// What the scenario shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why it could not be played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why the scenario is not for this bench.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    steps: Vec<StepReport>,
    cards: BTreeMap<String, CardReport>,
    /// The differences from the expectations, one sentence each.
    pub differences: Vec<String>,
}

/// How a step ended.
#[derive(Serialize)]
pub struct StepReport {
    /// The terminal's name.
    pub terminal: String,
    /// The card's name, if one was inserted.
    pub card: Option<String>,
    /// What the terminal was to do.
    #[serde(rename = "do")]
    pub what: &'static str,
    /// approved, refused, failed, cancelled or timed-out.
    pub outcome: &'static str,
    /// Why the visit was not approved.
    pub reason: Option<&'static str>,
    /// What exactly was wrong with the card.
    pub cause: Option<String>,
    /// Whether this step put the card into use.
    pub activated: bool,
    /// Whether this step put the bank account into use.
    pub financial_activated: bool,
    /// What the personal account paid, in fen.
    pub charged: u64,
    /// The personal account's balance, in fen.
    pub balance: Option<u64>,
    /// The transaction's number, if one was sent.
    pub stan: Option<u32>,
    /// Whether the holder replaced the initial PIN.
    pub pin_changed: bool,
    /// At a bank: why the offer to replace the PIN came to nothing, unless the holder declined it.
    pub pin_unchanged: Option<&'static str>,
}

/// How a card stands at the end.
#[derive(Serialize)]
pub struct CardReport {
    /// Its number.
    pub number: String,
    /// Its status at the centre; null if the centre does not know the card.
    pub status: Option<&'static str>,
    /// The social function is in use.
    pub social: bool,
    /// The bank account is in use.
    pub financial: bool,
    /// The balance of the personal account, in fen.
    pub account: u64,
    /// The centre's record says that the PIN is the initial one.
    pub pin_is_initial: bool,
    /// PIN tries left on the card.
    pub pin_tries_left: u8,
    /// Its activations, first to last.
    pub activations: Vec<ActivationReport>,
}

/// An activation as the centre recorded it.
#[derive(Serialize)]
pub struct ActivationReport {
    /// social or financial.
    pub function: String,
    /// bank, hospital or pharmacy.
    pub channel: &'static str,
    /// The institution.
    pub institution: String,
    /// The terminal's name.
    pub terminal: String,
    /// The local time.
    pub time: String,
    /// Whether it was undone, because the terminal never got the answer.
    pub reversed: bool,
}

/// The report of a step.
pub fn step_report(scenario: &Scenario, index: usize, played: &PlayedStep) -> StepReport {
    let step = &scenario.steps[index];
    let report = &played.report;
    StepReport {
        terminal: scenario.terminals[step.terminal].0.clone(),
        card: step.card.map(|card| scenario.cards[card].name.clone()),
        what: step.operation.as_str(),
        outcome: report.outcome.as_str(),
        reason: report.reason.map(|reason| reason.as_str()),
        cause: report.cause.map(|cause| cause.to_string()),
        activated: report.effects.activates,
        financial_activated: report.effects.activates_financial,
        charged: report.effects.charge.0,
        balance: report.balance.map(|balance| balance.0),
        stan: report.stan.map(|stan| stan.0),
        pin_changed: report.pin_changed,
        pin_unchanged: report.pin_unchanged.map(|reason| reason.as_str()),
    }
}

/// The report of a card.
pub fn card_report(number: &str, played: &PlayedCard) -> CardReport {
    let record = played.record.as_ref();
    CardReport {
        number: number.to_string(),
        status: record.map(|record| record.status.as_str()),
        social: record.is_some_and(|record| record.social),
        financial: record.is_some_and(|record| record.financial),
        account: record.map_or(0, |record| record.account.0),
        pin_is_initial: record.is_some_and(|record| record.pin_is_initial),
        pin_tries_left: played.pin_tries_left,
        activations: played
            .activations
            .iter()
            .map(|activation| ActivationReport {
                function: activation.function.to_string(),
                channel: activation.channel.as_str(),
                institution: activation.institution.to_string(),
                terminal: activation.terminal.clone(),
                time: activation.time.to_string(),
                reversed: activation.reversed,
            })
            .collect(),
    }
}

impl FileReport {
    /// The file is no scenario, or could not be played to its end.
    pub fn unplayed(file: String, error: String) -> Self {
        Self {
            file,
            passed: Some(false),
            title: None,
            error: Some(error),
            skipped: None,
            steps: Vec::new(),
            cards: BTreeMap::new(),
            differences: Vec::new(),
        }
    }

    /// The scenario is not for this bench.
    pub fn skipped(file: String, scenario: &Scenario, why: String) -> Self {
        let title = Some(scenario.title.clone());
        Self { passed: None, title, error: None, skipped: Some(why), ..Self::unplayed(file, String::new()) }
    }

    /// How many steps the file has.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The scenario was played.
    pub fn played(file: String, scenario: &Scenario, played: Played) -> Self {
        let steps = played.steps.iter().enumerate().map(|(index, step)| step_report(scenario, index, step)).collect();
        let cards = scenario.cards.iter().zip(&played.cards);
        Self {
            file,
            passed: Some(played.passed()),
            title: Some(scenario.title.clone()),
            error: None,
            skipped: None,
            steps,
            cards: cards
                .map(|(card, played)| (card.name.clone(), card_report(card.new.number.as_str(), played)))
                .collect(),
            differences: played.differences,
        }
    }
}
