//! Playing a scenario on the simulated bench.

use std::cell::RefCell;
use std::rc::Rc;

use thiserror::Error;

use qiyong_firmware::terminal::Report;
use qiyong_protocol::activation::decision::CardRecord;

use super::file::{Expected, ExpectedCard, Scenario};
use crate::bench::{Bench, Event, Visit};
use crate::card::contact::ContactCard;
use crate::card::issue::IssueError;
use crate::centre::Activation;
use crate::centre::{Centre, CentreError};
use crate::line::SharedCard;
use crate::time::VirtualTime;

/// Why a scenario could not be played to its end. None of these is the scenario's verdict.
#[derive(Debug, Error)]
pub enum RunError {
    /// The centre's store failed.
    #[error("the centre failed: {0}")]
    Centre(#[from] CentreError),
    /// A card could not be made.
    #[error("a card cannot be made: {0}")]
    Issue(#[from] IssueError),
    /// The centre could not handle a message.
    #[error("the centre could not handle a message: {0}")]
    Message(String),
}

/// What happened in a step.
#[derive(Clone, Debug)]
pub struct PlayedStep {
    /// How the visit ended, as the terminal reports it.
    pub report: Report,
    /// What happened, with the cycle it happened in.
    pub events: Vec<(u64, Event)>,
    /// The card at the centre before the step; `None` if the centre does not know it, or there was no card.
    pub before: Option<CardRecord>,
    /// The same after the step.
    pub after: Option<CardRecord>,
}

/// What came of a card.
#[derive(Clone, Debug)]
pub struct PlayedCard {
    /// The card at the centre; `None` if the centre does not know it.
    pub record: Option<CardRecord>,
    /// PIN tries left on the card.
    pub pin_tries_left: u8,
    /// The card's activations at the centre.
    pub activations: Vec<Activation>,
}

/// A scenario that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The steps, as in the scenario.
    pub steps: Vec<PlayedStep>,
    /// The cards, as in the scenario.
    pub cards: Vec<PlayedCard>,
    /// What differs from the expectations, one sentence each.
    pub differences: Vec<String>,
}

impl Played {
    /// Whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Plays `scenario` from its seed: the same scenario always comes out the same.
pub fn play(scenario: &Scenario) -> Result<Played, RunError> {
    let mut centre = Centre::in_memory()?;
    for institution in &scenario.institutions {
        centre.add_institution(institution)?;
    }
    let mut cards: Vec<SharedCard> = Vec::new();
    for card in &scenario.cards {
        if card.registered {
            centre.add_card(&card.record)?;
        }
        let mut contact = ContactCard::new(card.new.issue(centre.hsm())?);
        contact.misbehaviour = card.misbehaviour;
        cards.push(Rc::new(RefCell::new(contact)));
    }
    let bench = Bench::new(VirtualTime::new(scenario.clock), centre);
    let mut terminals: Vec<_> = (1..)
        .zip(&scenario.terminals)
        .map(|(number, (_, institution))| bench.terminal(*institution, number, scenario.seed))
        .collect();

    let mut steps = Vec::new();
    let mut differences = Vec::new();
    for (number, step) in (1..).zip(&scenario.steps) {
        let record = |index: Option<usize>| match index.and_then(|index| scenario.cards.get(index)) {
            Some(card) => bench.centre.borrow().card(&card.new.number),
            None => Ok(None),
        };
        let before = record(step.card)?;
        bench.events.borrow_mut().clear();
        let visit = Visit {
            card: step.card.and_then(|index| cards.get(index)).cloned(),
            pins: step.pins.iter().cloned().collect(),
            new_pins: step.new_pins.iter().cloned().collect(),
            cancel: step.cancel,
            pull_during: step.pull_during,
            faults: step.faults.clone(),
            noise: step.noise.clone(),
            trouble: step.trouble,
            storage_worn: step.storage_worn,
        };
        let terminal = &mut terminals[step.terminal];
        let report = terminal.serve(&step.operation, visit);
        if let Some(failure) = bench.centre_failure.borrow_mut().take() {
            return Err(RunError::Message(failure));
        }
        compare_step(&report, &step.expect, &format!("step {number}"), &mut differences);
        let events = bench.events.borrow_mut().drain(..).collect();
        steps.push(PlayedStep { report, events, before, after: record(step.card)? });
    }
    for terminal in &mut terminals {
        // The slot is our own code: what it does against the standard is never right, whatever the scenario expects.
        differences.extend(terminal.violations().iter().map(|rule| format!("card line, ISO/IEC 7816-3 {rule}")));
    }

    let mut played_cards = Vec::new();
    for (card, shared) in scenario.cards.iter().zip(&cards) {
        let centre = bench.centre.borrow();
        played_cards.push(PlayedCard {
            record: centre.card(&card.new.number)?,
            pin_tries_left: shared.borrow().card.pin.left,
            activations: centre.activations(&card.new.number)?,
        });
    }
    for (index, expected) in &scenario.expected_cards {
        let name = &scenario.cards[*index].name;
        compare_card(&played_cards[*index], expected, &format!("card {name}"), &mut differences);
    }
    Ok(Played { steps, cards: played_cards, differences })
}

/// Notes a difference, if something was expected and came out otherwise.
fn differ<T: PartialEq + std::fmt::Display>(
    place: &str,
    what: &str,
    expected: Option<T>,
    got: T,
    differences: &mut Vec<String>,
) {
    if let Some(expected) = expected.filter(|expected| *expected != got) {
        differences.push(format!("{place}: {what} should be {expected}, but is {got}"));
    }
}

fn compare_step(report: &Report, expected: &Expected, place: &str, differences: &mut Vec<String>) {
    let reason = report.reason.map_or("none", |reason| reason.as_str());
    let because = report.cause.map_or(String::new(), |cause| format!(" ({cause})"));
    let outcome = expected.outcome.map(|outcome| outcome.as_str());
    let mut own = Vec::new();
    differ(place, "outcome", outcome, report.outcome.as_str(), &mut own);
    // An outcome without a reason was expected: there is none when approved, and any will do otherwise.
    differ(place, "reason", expected.reason.map(|reason| reason.as_str()), reason, &mut own);
    if !own.is_empty() {
        own.iter_mut().for_each(|difference| difference.push_str(&because));
        if expected.reason.is_none() && report.reason.is_some() {
            own.iter_mut().for_each(|difference| difference.push_str(&format!(", reason {reason}")));
        }
    }
    differ(place, "activated", expected.activated, report.effects.activates, &mut own);
    differ(place, "pin_changed", expected.pin_changed, report.pin_changed, &mut own);
    match (expected.balance, report.balance) {
        (Some(balance), Some(got)) => differ(place, "balance", Some(balance), got.0, &mut own),
        (Some(balance), None) => own.push(format!("{place}: balance should be {balance}, but there is none")),
        (None, _) => {}
    }
    differences.append(&mut own);
}

fn compare_card(card: &PlayedCard, expected: &ExpectedCard, place: &str, differences: &mut Vec<String>) {
    differ(place, "pin_tries_left", expected.pin_tries_left, card.pin_tries_left, differences);
    let ExpectedCard { status, social, financial, account, pin_is_initial, pin_tries_left: _ } = *expected;
    let Some(record) = &card.record else {
        if status.is_some() || social.is_some() || financial.is_some() || account.is_some() || pin_is_initial.is_some()
        {
            differences.push(format!("{place}: the centre does not know this card"));
        }
        return;
    };
    differ(place, "status", status.map(|status| status.as_str()), record.status.as_str(), differences);
    differ(place, "social", social, record.social, differences);
    differ(place, "financial", financial, record.financial, differences);
    differ(place, "account", account, record.account.0, differences);
    differ(place, "pin_is_initial", pin_is_initial, record.pin_is_initial, differences);
}
