//! Tells a person a whole scenario that was played: each visit with what stood at the centre before and after it, and a table
//! at the end.
//!
//! What happens within a visit is told by the module above.

use qiyong::lang;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::gbk;
use qiyong_sim::line::LineEvent;
use qiyong_sim::scenario::file::{Scenario, Step};
use qiyong_sim::scenario::report::step_report;
use qiyong_sim::scenario::stage::{Played, PlayedStep};
use qiyong_sim::serial::words::describe_operation;
use qiyong_sim::world::event::Event;

use super::{pad, standing, tell};
use crate::output::Output;

/// Whose title and notes a scenario has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// This program's: in the language in force.
    Ours,
    /// Those of whoever wrote the file: as they are.
    Theirs,
}

/// Tells `played`; with `trace` every character on the card line.
pub(crate) fn tell_scenario(scenario: &Scenario, played: &Played, words: Words, trace: bool, output: &mut Output) {
    let said = |text: &str| if words == Words::Ours { lang::say(text).into_owned() } else { text.to_owned() };
    output.as_it_is(&said(&scenario.title));
    output.line("");
    for (number, (step, visit)) in (1..).zip(scenario.steps.iter().zip(&played.steps)) {
        let institution = place(scenario, step);
        let note = said(step.note.as_deref().unwrap_or_default());
        output.as_it_is(&format!("━━ {number}. {note} {}", "━".repeat(100usize.saturating_sub(note.chars().count()))));
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

/// How a visit ended.
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

/// The visits in a table, and what they came to.
fn summary(scenario: &Scenario, played: &Played, output: &mut Output) {
    let row = |cells: [&str; 8]| {
        let widths = [4, 10, 6, 10, 11, 28, 11, 9];
        cells.iter().zip(widths).map(|(cell, width)| pad(cell, width)).collect::<String>().trim_end().to_string()
    };
    output.line(&row(["#", "place", "card", "to do", "outcome", "reason", "activated", "charged"]));
    for (index, (step, visit)) in scenario.steps.iter().zip(&played.steps).enumerate() {
        let end = step_report(scenario, index, visit).end;
        output.line(&row([
            &(index + 1).to_string(),
            place(scenario, step).channel().as_str(),
            step.card.map_or("", |card| scenario.cards[card].new.generation.as_str()),
            end.operation,
            end.outcome,
            end.reason.unwrap_or("-"),
            if end.activated { "yes" } else { "-" },
            &visit.report.effects.charge.to_string(),
        ]));
    }
    let characters: usize = played.steps.iter().map(characters).sum();
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

/// How many events of a visit are such.
pub(crate) fn count(visit: &PlayedStep, counts: impl Fn(&Event) -> bool) -> usize {
    visit.events.iter().filter(|(_, event)| counts(event)).count()
}

/// How many characters passed on the card line in a visit, in both directions.
pub(crate) fn characters(visit: &PlayedStep) -> usize {
    count(visit, |event| matches!(event, Event::Line(_, LineEvent::ToCard(_) | LineEvent::FromCard(_))))
}

/// Where a step takes place.
fn place<'s>(scenario: &'s Scenario, step: &Step) -> &'s InstitutionCode {
    &scenario.terminals[step.terminal].1
}
