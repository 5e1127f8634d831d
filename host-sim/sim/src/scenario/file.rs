//! A scenario as it is played, and reading one from a file: `keys` are those of the file, `check` makes the one of the other and
//! says clearly what is wrong.

mod check;
mod keys;

use std::path::Path;

use jiff::civil::DateTime;
use thiserror::Error;

use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{DocumentKind, DocumentNumber};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::problem::Problem;
use crate::card::contact::Misbehaviour;
use crate::world::visit::Visit;
use crate::{input, toml_error};
use check::check_shape;
use keys::RawScenario;

/// Why a file is no scenario: names the file, the place in it and what is allowed.
#[derive(Debug, Error)]
#[error("{file}: {problem}")]
pub struct ScenarioError {
    /// The file as it was named.
    pub file: String,
    /// Where and what.
    pub problem: Problem,
}

/// A scenario, checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows.
    pub title: String,
    /// Feeds every random number generator.
    pub seed: u64,
    /// The local time it begins at.
    pub clock: DateTime,
    /// The institutions the centre knows.
    pub institutions: Vec<Institution>,
    /// The cards.
    pub cards: Vec<Card>,
    /// The terminals, by name.
    pub terminals: Vec<(String, InstitutionCode)>,
    /// What happens.
    pub steps: Vec<Step>,
    /// What is to come of the cards, by the index in `cards`.
    pub expected_cards: Vec<(usize, ExpectedCard)>,
}

/// A card of a scenario.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its name in the scenario.
    pub name: String,
    /// How it is made.
    pub new: NewCard,
    /// What the centre knows of it besides what it was made with.
    pub known: Known,
    /// Whether the centre knows of it at all.
    pub registered: bool,
    /// How it is broken, if it is.
    pub misbehaviour: Option<Misbehaviour>,
}

/// What a centre knows of a card besides what the card was made with.
#[derive(Clone, Debug)]
pub struct Known {
    /// The document the holder registered with, if other than the ID card.
    pub document: Option<(DocumentKind, DocumentNumber)>,
    /// Where the card stands in its life.
    pub status: CardStatus,
    /// The social function is in use.
    pub social: bool,
    /// The bank account is in use.
    pub financial: bool,
    /// The holder has not replaced the initial PIN.
    pub pin_is_initial: bool,
    /// The balance of the personal account.
    pub account: Fen,
    /// The holder has medical insurance.
    pub insured: bool,
}

impl Known {
    /// The centre's record of the card, which was `made` like this.
    pub fn record(&self, made: CardRecord) -> CardRecord {
        let Self { document, status, social, financial, pin_is_initial, account, insured } = self.clone();
        CardRecord { document, status, social, financial, pin_is_initial, account, insured, ..made }
    }
}

/// A step of a scenario: one visit.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it shows, for the story.
    pub note: Option<String>,
    /// Index in `terminals`.
    pub terminal: usize,
    /// Index in `cards`; nobody inserts a card if there is none.
    pub card: Option<usize>,
    /// What is to be done.
    pub operation: Operation,
    /// What the holder does, and what goes wrong meanwhile.
    pub visit: Visit,
    /// What is to come of it.
    pub expect: Expected,
}

/// What is to come of a step; what is `None` is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// How it ends.
    pub outcome: Option<Outcome>,
    /// Why not.
    pub reason: Option<Reason>,
    /// Whether it put the card into use.
    pub activated: Option<bool>,
    /// The account's balance shown.
    pub balance: Option<u64>,
    /// Whether the holder replaced the initial PIN.
    pub pin_changed: Option<bool>,
}

/// What is to come of a card; what is `None` is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpectedCard {
    /// Its status at the centre.
    pub status: Option<CardStatus>,
    /// The social function is in use.
    pub social: Option<bool>,
    /// The bank account is in use.
    pub financial: Option<bool>,
    /// The balance of the personal account, in fen.
    pub account: Option<u64>,
    /// The centre takes the PIN for the initial one.
    pub pin_is_initial: Option<bool>,
    /// PIN tries left on the card.
    pub pin_tries_left: Option<u8>,
}

// The file as written.
impl Scenario {
    /// Reads a scenario from a file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = input::read_text(path)
            .map_err(|error| ScenarioError { file: file.clone(), problem: Problem::Unreadable(error) })?;
        Self::parse(&file, &text)
    }

    /// Reads a scenario from a text; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let error = |problem| ScenarioError { file: file.into(), problem };
        let toml = |cause| error(Problem::Toml { cause: toml_error::explain(text, &cause) });
        let shape: toml::Table = toml::from_str(text).map_err(toml)?;
        check_shape("", &shape).map_err(error)?;
        let raw: RawScenario = toml::from_str(text).map_err(toml)?;
        raw.check().map_err(error)
    }
}
