//! A scenario as it is played, and how it is read from a file. `keys` are the keys of the file; `check` turns them into
//! a scenario, or says clearly what is wrong.

mod check;
mod keys;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::DateTime;
use thiserror::Error;

use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{DocumentKind, DocumentNumber};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::problem::Problem;
use crate::card::contact::{Habits, Misbehaviour};
use crate::card::file::Files;
use crate::input::{self, Place, Places};
use crate::line::Fault;
use crate::toml_error;
use crate::world::visit::Visit;
use check::check_shape;
use keys::RawScenario;

/// Why a file is no scenario: the file, the place in it, and what is allowed.
#[derive(Debug, Error)]
#[error("{file}: {}", self.in_file())]
pub struct ScenarioError {
    /// The file, as the user named it.
    pub file: String,
    /// Where the value stands; of what is missing, the table in which it would stand. `None`: the problem says it, or concerns the
    /// whole file.
    pub place: Option<Place>,
    /// The key and the problem, which is large.
    pub problem: Box<Problem>,
}

impl ScenarioError {
    /// Place and problem, without the name of the file.
    pub fn in_file(&self) -> String {
        input::placed(self.place.as_ref(), &self.problem.to_string())
    }
}

/// A scenario whose values have been checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the scenario shows.
    pub title: String,
    /// Starts every random number generator.
    pub seed: u64,
    /// The local time at which it begins.
    pub clock: DateTime,
    /// The institutions that the centre knows.
    pub institutions: Vec<Institution>,
    /// The cards.
    pub cards: Vec<Card>,
    /// The terminals, by name.
    pub terminals: Vec<(String, InstitutionCode)>,
    /// What happens: the visits.
    pub steps: Vec<Step>,
    /// What the cards are expected to be, by their index in `cards`.
    pub expected_cards: Vec<(usize, ExpectedCard)>,
    /// Where each key stands in the file.
    pub places: Places,
}

/// A card of a scenario.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its name in the scenario.
    pub name: String,
    /// What is chosen for it.
    pub new: NewCard,
    /// What the centre knows of it besides these choices.
    pub known: Known,
    /// Whether the centre knows it at all.
    pub registered: bool,
    /// What it sends after a reset, if not the ATR that its maker gives it.
    pub atr: Option<Vec<u8>>,
    /// What it does on the line in its own way.
    pub habits: Habits,
    /// What stands in its records instead of what its maker writes.
    pub files: Files,
    /// How it is broken, if it is.
    pub misbehaviour: Option<Misbehaviour>,
}

impl Card {
    /// Whether it uses inverse convention.
    pub fn is_inverse(&self) -> bool {
        match self.atr.as_deref() {
            Some(atr) => Atr::new(atr).parameters().convention() == Convention::Inverse,
            None => self.new.convention == Convention::Inverse,
        }
    }

    /// The records, by file and tag, that the scenario alters.
    pub fn altered(&self) -> Vec<String> {
        let names = |(file, records): (&String, &BTreeMap<String, String>)| {
            records.keys().map(|record| format!("{file}.{record}")).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(names).collect()
    }
}

/// What a centre knows of a card besides the choices for it.
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
    /// The centre's record of the card; `made` is the record right after production.
    pub fn record(&self, made: CardRecord) -> CardRecord {
        let Self { document, status, social, financial, pin_is_initial, account, insured } = self.clone();
        CardRecord { document, status, social, financial, pin_is_initial, account, insured, ..made }
    }
}

/// A step of a scenario: one visit.
#[derive(Clone, Debug)]
pub struct Step {
    /// What the step shows, for the story.
    pub note: Option<String>,
    /// Index in `terminals`.
    pub terminal: usize,
    /// Index in `cards`; `None`: nobody inserts a card.
    pub card: Option<usize>,
    /// What the terminal is to do.
    pub operation: Operation,
    /// What the holder does, and what goes wrong during the visit.
    pub visit: Visit,
    /// What each entry of `line` has added to the visit's faults.
    pub line: Vec<Vec<Fault>>,
    /// The number of the byte that each entry of `serial` disturbs.
    pub serial: Vec<u64>,
    /// The scenario fails if something that is to happen in the visit does not.
    pub must_fire: bool,
    /// What is expected of it.
    pub expect: Expected,
}

/// What is expected of a step; a `None` is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// How it ends.
    pub outcome: Option<Outcome>,
    /// Why the visit was not approved.
    pub reason: Option<Reason>,
    /// Whether it put the card into use.
    pub activated: Option<bool>,
    /// The balance of the personal account, in fen.
    pub balance: Option<u64>,
    /// Whether the holder replaced the initial PIN.
    pub pin_changed: Option<bool>,
}

/// What is expected of a card; a `None` is not checked.
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
    /// Whether the centre's record says that the PIN is the initial one.
    pub pin_is_initial: Option<bool>,
    /// PIN tries left on the card.
    pub pin_tries_left: Option<u8>,
}

// The file as it is written.
impl Scenario {
    /// Reads a scenario from a file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = input::read_text(path).map_err(|error| ScenarioError {
            file: file.clone(),
            place: None,
            problem: Box::new(Problem::Unreadable(error)),
        })?;
        Self::parse(&file, &text)
    }

    /// Reads a scenario from a text; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let error = |problem: Problem| {
            let place = problem.key().and_then(|key| Places::of(text).find(&key));
            ScenarioError { file: file.into(), place, problem: Box::new(problem) }
        };
        let toml = |cause| error(Problem::Toml { cause: toml_error::explain(text, &cause) });
        let shape: toml::Table = toml::from_str(text).map_err(toml)?;
        check_shape("", &shape).map_err(error)?;
        let raw: RawScenario = toml::from_str(text).map_err(toml)?;
        Ok(Scenario { places: Places::of(text), ..raw.check().map_err(error)? })
    }
}
