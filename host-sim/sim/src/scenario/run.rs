//! Plays a scenario: one visit after the other on a [`Stage`], then the comparison with the expectations.

use std::cell::RefCell;
use std::rc::Rc;

use super::centre::Centre;
use super::compare::{compare_card, compare_step};
use super::file::Scenario;
use super::simulated::Simulated;
use super::stage::{Played, PlayedCard, PlayedStep, RunError, Stage, Visited};
use super::unfired::{NeverFired, in_line};
use crate::card::contact::{Conduct, ContactCard};
use crate::card::os::VirtualCard;
use crate::line::{Disturbance, SharedCard};
use crate::referee::Finding;
use crate::world::visit::Unplayed;

/// Sets up `centre`, which is new, and makes the cards as they are at the beginning.
///
/// # Errors
/// The centre failed, or a card cannot be made.
pub fn prepare(scenario: &Scenario, centre: &mut impl Centre) -> Result<Vec<SharedCard>, RunError> {
    for institution in &scenario.institutions {
        centre.add_institution(institution)?;
    }
    let mut cards: Vec<SharedCard> = Vec::new();
    for card in &scenario.cards {
        let issued = centre.issue(&card.new).map_err(RunError::Issue)?;
        if card.registered {
            centre.add_card(&card.known.record(card.new.record(issued.ident)))?;
        }
        let mut made = VirtualCard::personalised(&card.new, &issued);
        made.habits = card.habits;
        if let Some(atr) = &card.atr {
            made.atr.clone_from(atr);
        }
        made.write_files(&card.files).map_err(|(key, problem)| RunError::Issue(format!("{key} {problem}").into()))?;
        let mut contact = ContactCard::new(made);
        contact.misbehaviour = card.misbehaviour;
        cards.push(Rc::new(RefCell::new(contact)));
    }
    Ok(cards)
}

/// Plays `scenario` against this new centre, in a world of its own that starts from the scenario's seed: the same
/// scenario always ends in the same way.
///
/// # Errors
/// The scenario cannot be played to its end.
pub fn play<C: Centre>(scenario: &Scenario, mut centre: C) -> Result<Played, RunError> {
    let cards = prepare(scenario, &mut centre)?;
    play_on(scenario, &mut Simulated::new(scenario, centre), &cards)
}

/// Plays `scenario` on a stage, with the cards that [`prepare`] made when it set up the stage's centre.
///
/// # Errors
/// The scenario cannot be played to its end.
pub fn play_on<S: Stage>(scenario: &Scenario, stage: &mut S, cards: &[SharedCard]) -> Result<Played, RunError> {
    let mut steps = Vec::new();
    let (mut differences, mut never_fired) = (Vec::new(), Vec::new());
    let mut conducts = vec![Conduct::default(); scenario.cards.len()];
    for (number, step) in (1..).zip(&scenario.steps) {
        let record = |stage: &S| match step.card.and_then(|index| scenario.cards.get(index)) {
            Some(card) => stage.centre().borrow().card(&card.new.number),
            None => Ok(None),
        };
        let before = record(stage)?;
        let card = step.card.and_then(|index| cards.get(index)).cloned();
        let Visited { report, took, events } =
            stage.visit(step.terminal, &step.operation, card.clone(), step.visit.clone())?;
        compare_step(&report, &step.expect, &format!("step {number}"), &mut differences);
        let conduct = card.map(|card| card.borrow_mut().take_conduct());
        // A step in which something did not happen shows something else than was meant.
        let mut unplayed = stage.unplayed(step.terminal);
        let spell = step.visit.faults.iter().any(|fault| matches!(fault.what, Disturbance::Misbehave(_)));
        if spell && unplayed.is_empty() && conduct.as_ref().is_some_and(|conduct| conduct.misbehaved == 0) {
            unplayed.push(Unplayed::Spell);
        }
        let unfired = unplayed.iter().map(|what| NeverFired::of(scenario, number, what)).collect::<Vec<_>>();
        differences.extend(unfired.iter().filter(|what| what.must_fire).map(NeverFired::sentence));
        never_fired.extend(unfired);
        if let (Some(index), Some(conduct)) = (step.card, &conduct)
            && let Some(all) = conducts.get_mut(index)
        {
            all.add(conduct);
        }
        let played = PlayedStep { report, took, events, before, after: record(stage)?, conduct };
        // Whatever the scenario expects, the terminal keeps to the standard.
        let convicted = |Finding { rule, at }: Finding| {
            let (name, clause, says) = (rule.name(), rule.clause(), rule.says());
            format!("step {number}: referee: {name} (ISO/IEC 7816-3 clause {clause}) at cycle {at}: {says}")
        };
        differences.extend(played.findings().map(convicted));
        steps.push(played);
    }

    for (number, (card, conduct)) in (1..).zip(scenario.cards.iter().zip(&conducts)) {
        let dead = conduct.never_shown(&card.habits, card.atr.is_some(), card.misbehaviour);
        let told = |(key, why): (&str, &str)| {
            let place = scenario.places.find(&format!("card {number}: {key}"));
            in_line(format!("card {}: `{key}` never showed: {why}", card.name), place.map(|place| place.line))
        };
        differences.extend(dead.into_iter().map(told));
    }

    let mut played_cards = Vec::new();
    for (card, shared) in scenario.cards.iter().zip(cards) {
        let centre = stage.centre().borrow();
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
    Ok(Played { steps, cards: played_cards, differences, never_fired })
}
