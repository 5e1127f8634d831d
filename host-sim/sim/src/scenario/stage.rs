//! A stage for scenarios, and what came of a scenario that was played there.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::time::Duration;

use thiserror::Error;

use qiyong_firmware::terminal::Report;
use qiyong_protocol::advice::Advice;
use qiyong_protocol::rules::decision::{CardRecord, Operation};

use super::centre::{Activation, Centre};
use super::unfired::NeverFired;
use crate::card::contact::Conduct;
use crate::line::SharedCard;
use crate::referee::Finding;
use crate::world::centre::CentreFailure;
use crate::world::event::Event;
use crate::world::till::TillError;
use crate::world::visit::{Unplayed, Visit};

/// Why a scenario could not be played to its end. None of these is a verdict on the scenario.
#[derive(Debug, Error)]
pub enum RunError {
    /// The centre failed.
    #[error("the centre failed: {0}")]
    Centre(#[from] CentreFailure),
    /// A card could not be made.
    #[error("a card cannot be made: {0}")]
    Issue(CentreFailure),
    /// A terminal and its till do not come together.
    #[error("till and terminal: {0}")]
    Till(#[from] TillError),
    /// The stage failed.
    #[error("{error}")]
    Stage {
        /// The stage's own error.
        error: Box<dyn StdError + Send + Sync>,
        /// What that asks for.
        advice: Advice,
    },
    /// The scenario is not for this stage: why, the stage's own error.
    #[error("not for this bench: {0}")]
    NotHere(Box<dyn StdError + Send + Sync>),
}

/// What happened in a step.
#[derive(Clone, Debug)]
pub struct PlayedStep {
    /// How the visit ended, as the terminal reports it.
    pub report: Report,
    /// How long it took, in the time of the stage: from the till's command to the last byte of the end that it was told.
    pub took: Duration,
    /// What happened, and in which cycle.
    pub events: Vec<(u64, Event)>,
    /// The card at the centre before the step; `None` if the centre does not know it, or there was no card.
    pub before: Option<CardRecord>,
    /// The same after the step.
    pub after: Option<CardRecord>,
    /// What the inserted card did on the line; `None` if there was no card.
    pub conduct: Option<Conduct>,
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
    /// The steps, in the order of the scenario.
    pub steps: Vec<PlayedStep>,
    /// The cards, in the order of the scenario.
    pub cards: Vec<PlayedCard>,
    /// The differences from the expectations, one sentence each.
    pub differences: Vec<String>,
    /// What a step was to show, and did not. Of a step that must show it, it is a difference, too.
    pub never_fired: Vec<NeverFired>,
}

impl PlayedStep {
    /// What the referee of the card line has found.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.events.iter().filter_map(|(_, event)| match event {
            Event::Finding(finding) => Some(*finding),
            _ => None,
        })
    }
}

impl Played {
    /// Whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A visit that was played.
#[derive(Clone, Debug)]
pub struct Visited {
    /// How it ended.
    pub report: Report,
    /// How long it took: see [`PlayedStep::took`].
    pub took: Duration,
    /// What happened, with its cycle, as far as the stage sees it.
    pub events: Vec<(u64, Event)>,
}

/// Where a scenario is played: terminals, and a centre that all of them reach.
pub trait Stage {
    /// The type of the centre.
    type Centre: Centre;

    /// The centre.
    fn centre(&self) -> &RefCell<Self::Centre>;

    /// Plays a visit at the terminal with this index in the scenario, by the holder of this card, if there is one.
    ///
    /// # Errors
    /// The visit cannot be played to its end.
    fn visit(
        &mut self,
        terminal: usize,
        operation: &Operation,
        card: Option<SharedCard>,
        visit: Visit,
    ) -> Result<Visited, RunError>;

    /// What was to happen in the last visit at this terminal and did not, if the stage sees that.
    fn unplayed(&mut self, terminal: usize) -> Vec<Unplayed> {
        let _ = terminal;
        Vec::new()
    }
}
