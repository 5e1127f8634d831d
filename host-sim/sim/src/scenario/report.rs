//! How scenarios went, in the form of `--json`: one object for each file. Comparing with expectations is done in
//! `compare`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::file::{Card, Scenario};
use super::stage::{Played, PlayedCard, PlayedStep};
use super::unfired::NeverFired;
use crate::card::contact::Conduct;
use crate::referee::Finding;
use crate::visit_told::VisitTold;

/// One scenario file as `--json` prints it: one object in each row.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// How the steps ended, in their order.
    steps: Vec<StepReport>,
    /// How the cards stand at the end, by name.
    cards: BTreeMap<String, CardReport>,
    /// The differences from the expectations, one sentence each.
    pub differences: Vec<String>,
    /// What a step was to show, and did not. Where the step must show it, it is among the differences, too.
    pub never_fired: Vec<NeverFired>,
}

/// How a step ended.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
    /// The terminal's name.
    pub terminal: String,
    /// The card's name, if one was inserted.
    pub card: Option<String>,
    /// bank, hospital or pharmacy.
    pub channel: &'static str,
    /// The institution where the terminal stands.
    pub institution: String,
    /// The card's generation: v1, v2 or v3; null if nobody inserted one.
    pub profile: Option<&'static str>,
    /// How it ended; the statuses are the centre's.
    #[serde(flatten)]
    pub end: VisitTold,
    /// How long the visit took, in µs of the bench's time, rounded down.
    pub took_us: u64,
    /// What the card did on the line; null if it was never reset.
    pub line: Option<LineReport>,
    /// What the referee of the card line has found against the terminal.
    pub referee: Vec<Finding>,
}

/// What the card did on the line in a step.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineReport {
    /// What it sent after a reset, in hex.
    pub atr: String,
    /// How often it was reset, at a voltage at which it works.
    pub resets: u32,
    /// The protocol in force at the end.
    pub protocol: u8,
    /// Fi and Di in force at the end.
    pub fi: u16,
    /// See `fi`.
    pub di: u8,
    /// Each PPS request and the answer, in hex.
    pub pps: Vec<PpsReport>,
    /// S(IFS request) that it heard.
    pub ifs_requests: u32,
    /// S(WTX request) that it sent.
    pub wtx_requests: u32,
    /// Answers in T=0.
    pub t0_answers: u32,
    /// Answers that came later than they could, by `response_delay`.
    pub delayed: u32,
    /// Answers that its `fault`, or one of `line`, replaced or kept back.
    pub misbehaved: u32,
}

/// A PPS request and its answer, in hex; an empty answer is none.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PpsReport {
    /// What the terminal asked for.
    pub asked: String,
    /// What the card answered.
    pub answered: String,
}

/// How a card stands at the end.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// The records, by file and tag, in which the scenario wrote something else than the card's maker.
    pub altered: Vec<String>,
    /// Its activations, first to last.
    pub activations: Vec<ActivationReport>,
}

/// An activation as the centre recorded it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    let institution = &scenario.terminals[step.terminal].1;
    StepReport {
        terminal: scenario.terminals[step.terminal].0.clone(),
        card: step.card.map(|card| scenario.cards[card].name.clone()),
        channel: institution.channel().as_str(),
        institution: institution.to_string(),
        profile: step.card.map(|card| scenario.cards[card].new.generation.as_str()),
        end: VisitTold::by_centre(&step.operation, report, [played.before.as_ref(), played.after.as_ref()]),
        took_us: u64::try_from(played.took.as_micros()).unwrap_or(u64::MAX),
        line: played.conduct.as_ref().filter(|conduct| conduct.resets > 0).map(line_report),
        referee: played.findings().collect(),
    }
}

fn line_report(conduct: &Conduct) -> LineReport {
    let hex = |(asked, answered): &(Vec<u8>, Vec<u8>)| PpsReport {
        asked: hex::encode_upper(asked),
        answered: hex::encode_upper(answered),
    };
    LineReport {
        atr: hex::encode_upper(&conduct.atr),
        resets: conduct.resets,
        protocol: conduct.protocol,
        fi: conduct.rate.0,
        di: conduct.rate.1,
        pps: conduct.pps.iter().map(hex).collect(),
        ifs_requests: conduct.ifs_requests,
        wtx_requests: conduct.wtx_requests,
        t0_answers: conduct.t0_answers,
        delayed: conduct.delayed,
        misbehaved: conduct.misbehaved,
    }
}

/// The report of a card.
pub fn card_report(card: &Card, played: &PlayedCard) -> CardReport {
    let record = played.record.as_ref();
    CardReport {
        number: card.new.number.as_str().to_string(),
        status: record.map(|record| record.status.as_str()),
        social: record.is_some_and(|record| record.social),
        financial: record.is_some_and(|record| record.financial),
        account: record.map_or(0, |record| record.account.0),
        pin_is_initial: record.is_some_and(|record| record.pin_is_initial),
        pin_tries_left: played.pin_tries_left,
        altered: card.altered(),
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
            never_fired: Vec::new(),
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
            cards: cards.map(|(card, played)| (card.name.clone(), card_report(card, played))).collect(),
            differences: played.differences,
            never_fired: played.never_fired,
        }
    }
}
