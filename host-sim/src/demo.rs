//! `qiyong demo`: three cards are put into use and others are refused, told as a story or as JSON.
//!
//! The demo is a scenario like any other, `host-sim/scenarios/demo.toml`: every figure comes from playing this file.

use serde::Serialize;

use crate::output::{Output, Verdict};
use crate::story::whole::{characters, count, place, tell_scenario};
use qiyong::in_process::play;
use qiyong_sim::line::{EtuCounter, LineEvent};
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::report::{CardReport, StepReport, card_report, step_report};
use qiyong_sim::scenario::stage::{Played, PlayedStep};
use qiyong_sim::time::CLOCK_HZ;
use qiyong_sim::world::event::Event;

const SCENARIO: &str = include_str!("../scenarios/demo.toml");

/// The demo as JSON.
#[derive(Serialize)]
struct DemoReport {
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
struct VisitReport {
    channel: &'static str,
    institution: String,
    profile: Option<&'static str>,
    #[serde(flatten)]
    step: StepReport,
    /// The card's status at the centre before the visit.
    status_before: Option<&'static str>,
    /// The card's status at the centre after the visit.
    status_after: Option<&'static str>,
    /// APDUs exchanged.
    apdus: usize,
    /// Characters on the card line, in both directions.
    characters: usize,
    /// Etu from power-up to power-down of the card, each stretch at the rate then in force.
    line_etu: u64,
    /// Virtual time from the first to the last event, in milliseconds.
    milliseconds: u64,
}

/// Plays the demo and prints it: the story, with `trace` every character of it, or JSON.
pub(crate) fn run(trace: bool, json: bool, output: &mut Output) -> Result<Verdict, String> {
    let scenario = Scenario::parse("demo.toml", SCENARIO).map_err(|error| error.to_string())?;
    let played = play(&scenario).map_err(|error| error.to_string())?;
    if json {
        output.json_line(&report(&scenario, &played));
    } else {
        tell_scenario(&scenario, &played, trace, output);
    }
    Ok(if played.passed() { Verdict::Done } else { Verdict::No })
}

fn report(scenario: &Scenario, played: &Played) -> DemoReport {
    let (mut activations, mut refusals, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (step, visit)) in scenario.steps.iter().zip(&played.steps).enumerate() {
        let list = if visit.report.effects.activates {
            &mut activations
        } else if visit.report.reason.is_some() {
            &mut refusals
        } else {
            &mut others
        };
        let institution = place(scenario, step);
        list.push(VisitReport {
            channel: institution.channel().as_str(),
            institution: institution.to_string(),
            profile: step.card.map(|card| scenario.cards[card].new.generation.as_str()),
            step: step_report(scenario, index, visit),
            status_before: visit.before.as_ref().map(|record| record.status.as_str()),
            status_after: visit.after.as_ref().map(|record| record.status.as_str()),
            apdus: count(visit, |event| matches!(event, Event::Apdu(_))),
            characters: characters(visit),
            line_etu: line_etu(visit),
            milliseconds: milliseconds(visit),
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

fn milliseconds(visit: &PlayedStep) -> u64 {
    match (visit.events.first(), visit.events.last()) {
        (Some((first, _)), Some((last, _))) => (last - first) * 1000 / CLOCK_HZ,
        _ => 0,
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
