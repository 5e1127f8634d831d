//! Playing a scenario: one visit after the other on a [`Stage`], and then the comparison with what it expects.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::rc::Rc;

use thiserror::Error;

use qiyong_firmware::terminal::Report;
use qiyong_protocol::rules::decision::{CardRecord, Operation};

use super::centre::{Activation, Centre};
use super::compare::{compare_card, compare_step};
use super::file::Scenario;
use super::simulated::Simulated;
use crate::card::contact::ContactCard;
use crate::card::os::VirtualCard;
use crate::line::SharedCard;
use crate::world::centre::CentreFailure;
use crate::world::event::Event;
use crate::world::visit::Visit;

/// Why a scenario could not be played to its end. None of these is the scenario's verdict.
#[derive(Debug, Error)]
pub enum RunError {
    /// The centre failed.
    #[error("the centre failed: {0}")]
    Centre(#[from] CentreFailure),
    /// A card could not be made.
    #[error("a card cannot be made: {0}")]
    Issue(CentreFailure),
    /// The centre could not handle a message.
    #[error("the centre could not handle a message: {0}")]
    Message(String),
    /// The stage failed, in its own words.
    #[error("{0}")]
    Stage(Box<dyn StdError + Send + Sync>),
    /// The scenario is not for this stage.
    #[error("not for this bench: {0}")]
    NotHere(String),
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

/// How a visit ended, and what happened with the cycle it happened in, as far as it is seen.
pub type Visited = Result<(Report, Vec<(u64, Event)>), RunError>;

/// Where a scenario is played: terminals, and a centre that they all reach.
pub trait Stage {
    /// The centre's kind.
    type Centre: Centre;

    /// The centre.
    fn centre(&self) -> &RefCell<Self::Centre>;

    /// A visit at the terminal with this index in the scenario, by the holder of this card, if there is one: how it ended, and what happened, as far as it is seen here.
    ///
    /// # Errors
    /// When it cannot be played to its end.
    fn visit(&mut self, terminal: usize, operation: &Operation, card: Option<SharedCard>, visit: Visit) -> Visited;

    /// What the terminals did against a standard so far, where that is seen.
    fn violations(&mut self) -> Vec<String>;
}

/// The centre and the cards as they are at the beginning. `centre` is new.
///
/// # Errors
/// When it failed, or a card cannot be made.
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
        let mut contact = ContactCard::new(VirtualCard::personalised(&card.new, &issued));
        contact.misbehaviour = card.misbehaviour;
        cards.push(Rc::new(RefCell::new(contact)));
    }
    Ok(cards)
}

/// Plays `scenario` against this new centre in a world of its own, from its seed: the same scenario always comes out the same.
///
/// # Errors
/// When it cannot be played to its end.
pub fn play<C: Centre>(scenario: &Scenario, mut centre: C) -> Result<Played, RunError> {
    let cards = prepare(scenario, &mut centre)?;
    play_on(scenario, &mut Simulated::new(scenario, centre), &cards)
}

/// Plays `scenario` on a stage, whose centre was prepared, with the cards that came of that.
///
/// # Errors
/// When it cannot be played to its end.
pub fn play_on<S: Stage>(scenario: &Scenario, stage: &mut S, cards: &[SharedCard]) -> Result<Played, RunError> {
    let mut steps = Vec::new();
    let mut differences = Vec::new();
    for (number, step) in (1..).zip(&scenario.steps) {
        let record = |stage: &S| match step.card.and_then(|index| scenario.cards.get(index)) {
            Some(card) => stage.centre().borrow().card(&card.new.number),
            None => Ok(None),
        };
        let before = record(stage)?;
        let card = step.card.and_then(|index| cards.get(index)).cloned();
        let (report, events) = stage.visit(step.terminal, &step.operation, card, step.visit.clone())?;
        compare_step(&report, &step.expect, &format!("step {number}"), &mut differences);
        steps.push(PlayedStep { report, events, before, after: record(stage)? });
    }
    // The slot is our own code: what it does against the standard is never right, whatever the scenario expects.
    differences.extend(stage.violations().iter().map(|rule| format!("card line, ISO/IEC 7816-3 {rule}")));

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
    Ok(Played { steps, cards: played_cards, differences })
}
