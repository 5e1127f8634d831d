//! `qiyong demo`: three cards are put into use and others are refused, told as a story or as JSON.
//!
//! The demo is a scenario like any other, `host-sim/scenarios/demo.toml`: every figure comes from playing this file.

use serde::Serialize;

use crate::output::{Output, Verdict};
use crate::story::whole::{Words, characters, count, tell_scenario};
use qiyong::in_process::play;
use qiyong_sim::line::{EtuCounter, LineEvent};
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::report::{CardReport, StepReport, card_report, step_report};
use qiyong_sim::scenario::stage::{Played, PlayedStep};
use qiyong_sim::world::event::Event;

const SCENARIO: &str = include_str!("../scenarios/demo.toml");

/// The demo as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DemoReport {
    /// What the demo shows.
    title: String,
    /// Whether everything happened as the scenario expects.
    passed: bool,
    /// Steps that put a card into use.
    activations: Vec<VisitReport>,
    /// Steps that were not approved.
    refusals: Vec<VisitReport>,
    /// The other steps.
    others: Vec<VisitReport>,
    /// The cards at the end, in the scenario's order.
    cards: Vec<CardReport>,
}

/// One visit.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VisitReport {
    #[serde(flatten)]
    step: StepReport,
    /// APDUs exchanged.
    apdus: usize,
    /// Characters on the card line, in both directions.
    characters: usize,
    /// Etu from power-up to power-down of the card, each stretch at the rate then in force.
    line_etu: u64,
}

/// Plays the demo and prints it: the story, with `trace` every character of it, or JSON.
pub(crate) fn run(trace: bool, json: bool, output: &mut Output) -> Result<Verdict, String> {
    let scenario = Scenario::parse("demo.toml", SCENARIO).map_err(|error| error.to_string())?;
    let played = play(&scenario).map_err(|error| error.to_string())?;
    if json {
        output.json_line(&report(&scenario, &played));
    } else {
        tell_scenario(&scenario, &played, Words::Ours, trace, output);
    }
    Ok(if played.passed() { Verdict::Done } else { Verdict::No })
}

fn report(scenario: &Scenario, played: &Played) -> DemoReport {
    let (mut activations, mut refusals, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (index, visit) in played.steps.iter().enumerate() {
        let list = if visit.report.effects.activates {
            &mut activations
        } else if visit.report.reason.is_some() {
            &mut refusals
        } else {
            &mut others
        };
        list.push(VisitReport {
            step: step_report(scenario, index, visit),
            apdus: count(visit, |event| matches!(event, Event::Apdu(_))),
            characters: characters(visit),
            line_etu: line_etu(visit),
        });
    }
    let cards = scenario.cards.iter().zip(&played.cards);
    DemoReport {
        title: scenario.title.clone(),
        passed: played.passed(),
        activations,
        refusals,
        others,
        cards: cards.map(|(card, played)| card_report(card, played)).collect(),
    }
}

/// Etu under power, including the holder's thinking.
fn line_etu(visit: &PlayedStep) -> u64 {
    let (mut counter, mut total) = (EtuCounter::default(), 0);
    for (cycle, event) in &visit.events {
        if let Event::Line(rate, event) = event {
            if matches!(event, LineEvent::Vcc(Some(_))) {
                counter = EtuCounter::default();
            }
            let tenths = counter.advance(*cycle, *rate);
            if matches!(event, LineEvent::Vcc(None)) {
                total += tenths / 10;
            }
        }
    }
    total
}
