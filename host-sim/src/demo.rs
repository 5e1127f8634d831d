//! `qiyong demo`: three cards are put into use and others are refused, told as a story or as JSON.
//!
//! The demo is a scenario like any other, `host-sim/scenarios/demo.toml`: every figure comes from playing this file.

use serde::Serialize;

use qiyong_protocol::rules::institution::InstitutionCode;

use crate::output::{Output, Verdict};
use crate::story::{pad, standing, tell};
use qiyong::in_process::play;
use qiyong_sim::gbk;
use qiyong_sim::line::{EtuCounter, LineEvent};
use qiyong_sim::scenario::file::{Scenario, Step};
use qiyong_sim::scenario::report::{CardReport, StepReport, card_report, step_report};
use qiyong_sim::scenario::stage::{Played, PlayedStep};
use qiyong_sim::serial::words::describe_operation;
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
        story(&scenario, &played, trace, output);
    }
    Ok(if played.passed() { Verdict::Done } else { Verdict::No })
}

fn place<'s>(scenario: &'s Scenario, step: &Step) -> &'s InstitutionCode {
    &scenario.terminals[step.terminal].1
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
            characters: count(visit, |event| {
                matches!(event, Event::Line(_, LineEvent::ToCard(_) | LineEvent::FromCard(_)))
            }),
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

fn count(visit: &PlayedStep, counts: impl Fn(&Event) -> bool) -> usize {
    visit.events.iter().filter(|(_, event)| counts(event)).count()
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

fn story(scenario: &Scenario, played: &Played, trace: bool, output: &mut Output) {
    output.line(&scenario.title);
    output.line("");
    for (number, (step, visit)) in (1..).zip(scenario.steps.iter().zip(&played.steps)) {
        let institution = place(scenario, step);
        let note = step.note.as_deref().unwrap_or_default();
        output.line(&format!("━━ {number}. {note} {}", "━".repeat(100usize.saturating_sub(note.chars().count()))));
        let card = step.card.map(|card| &scenario.cards[card].new);
        let card_words = card.map_or("no card".to_string(), |card| {
            let holder = gbk::name_text(&card.holder);
            format!("card {} of {holder} ({}, area {})", card.number, card.generation.as_str(), card.area)
        });
        output.line(&format!(
            "   {} {institution}: {}",
            institution.channel().as_str(),
            describe_operation(&step.operation)
        ));
        output.line(&format!("   {card_words}"));
        output.line(&format!("   centre before  {}", standing(visit.before.as_ref())));
        // A refusal is told by its screens and messages; its APDUs are shown only with --trace.
        let brief = visit.report.reason.is_some() && !trace;
        let told: Vec<_> = visit
            .events
            .iter()
            .filter(|(_, event)| !(brief && matches!(event, Event::Apdu(_) | Event::Atr(_))))
            .cloned()
            .collect();
        tell(&told, trace).iter().for_each(|line| output.line(line));
        output.line(&format!("   centre after   {}", standing(visit.after.as_ref())));
        output.line(&format!("   → {}", ending(visit)));
        output.line("");
    }
    summary(scenario, played, output);
}

fn ending(visit: &PlayedStep) -> String {
    let report = &visit.report;
    match report.reason {
        Some(reason) => {
            let cause = report.cause.map_or(String::new(), |cause| format!(": {cause}"));
            format!("{}, {reason}{cause}", report.outcome.as_str())
        }
        None if report.effects.activates => "approved, and the card is in use now".to_string(),
        None => "approved".to_string(),
    }
}

fn summary(scenario: &Scenario, played: &Played, output: &mut Output) {
    let row = |cells: [&str; 8]| {
        let widths = [4, 10, 6, 10, 11, 28, 11, 9];
        cells.iter().zip(widths).map(|(cell, width)| pad(cell, width)).collect::<String>().trim_end().to_string()
    };
    output.line(&row(["#", "place", "card", "to do", "outcome", "reason", "activated", "charged"]));
    for (index, (step, visit)) in scenario.steps.iter().zip(&played.steps).enumerate() {
        let report = step_report(scenario, index, visit);
        output.line(&row([
            &(index + 1).to_string(),
            place(scenario, step).channel().as_str(),
            step.card.map_or("", |card| scenario.cards[card].new.generation.as_str()),
            report.what,
            report.outcome,
            report.reason.unwrap_or("-"),
            if report.activated { "yes" } else { "-" },
            &visit.report.effects.charge.to_string(),
        ]));
    }
    let characters: usize = played
        .steps
        .iter()
        .map(|visit| {
            count(visit, |event| matches!(event, Event::Line(_, LineEvent::ToCard(_) | LineEvent::FromCard(_))))
        })
        .sum();
    let apdus: usize = played.steps.iter().map(|visit| count(visit, |event| matches!(event, Event::Apdu(_)))).sum();
    let activated = played.steps.iter().filter(|visit| visit.report.effects.activates).count();
    let refused = played.steps.iter().filter(|visit| visit.report.reason.is_some()).count();
    output.line("");
    output.line(&format!(
        "{activated} cards activated, {refused} visits not approved; {apdus} APDUs in {characters} characters on the card line."
    ));
    for difference in &played.differences {
        output.line(&format!("not as expected: {difference}"));
    }
}
