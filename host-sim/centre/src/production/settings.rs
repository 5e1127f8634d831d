//! The parameter `production.settings`: how an area has its cards made, and how long each step may take.

use serde::{Deserialize, Serialize};

use qiyong_protocol::rules::decision::CardRecord;

use super::pin::InitialPin;
use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::store::database::Database;

/// The parameter `production.settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Production {
    /// The generation of the cards: v1, v2 or v3.
    pub generation: String,
    /// The protocol the cards speak: 0 or 1.
    pub protocol: u8,
    /// With what the area's card numbers begin: 1 to 3 characters 0-9 A-Z that no other area has.
    pub number_prefix: String,
    /// For how many years a card is valid.
    pub validity_years: u8,
    /// The initial PIN.
    pub initial_pin: InitialPin,
    /// Wrong PINs in a row that a card allows, 1 to 15.
    pub pin_tries: u8,
    /// Who makes cards.
    pub makers: Vec<Maker>,
    /// How many days each step may take before the work queue calls it late.
    pub terms: Terms,
}

/// A maker of cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// The code: 4 digits.
    pub code: String,
    /// The name.
    pub name: String,
}

/// Days, counted from the step before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Until the bank answers.
    pub bank: u16,
    /// Until a failure or refusal is dealt with.
    pub repair: u16,
    /// Until the card stands in a batch.
    pub batch: u16,
    /// Until the maker reports back.
    pub make: u16,
    /// Until a card that is on its way has arrived.
    pub transport: u16,
    /// Until the holder has collected the card.
    pub collect: u16,
    /// Until the unit's agent has distributed it.
    pub distribute: u16,
}

impl Production {
    /// What is wrong with it; `None`: nothing.
    pub fn problem(&self) -> Option<String> {
        let capital = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let code = |maker: &Maker| maker.code.len() == 4 && maker.code.bytes().all(|b| b.is_ascii_digit());
        let terms = self.terms;
        let days =
            [terms.bank, terms.repair, terms.batch, terms.make, terms.transport, terms.collect, terms.distribute];
        let checks = [
            (
                qiyong_protocol::card::files::Generation::from_word(&self.generation).is_some(),
                "generation must be v1, v2 or v3",
            ),
            (self.protocol <= 1, "protocol must be 0 or 1"),
            (
                (1..=3).contains(&self.number_prefix.len()) && self.number_prefix.bytes().all(capital),
                "number_prefix must have 1 to 3 characters 0-9 A-Z",
            ),
            ((1..=20).contains(&self.validity_years), "validity_years must be 1 to 20"),
            ((1..=15).contains(&self.pin_tries), "pin_tries must be 1 to 15"),
            (!self.makers.is_empty() && self.makers.iter().all(code), "makers must be a list of codes of 4 digits"),
            (days.iter().all(|days| (1..=366).contains(days)), "terms must be 1 to 366 days each"),
        ];
        let wrong = checks.into_iter().find(|(right, _)| !right).map(|(_, problem)| problem.to_owned());
        wrong.or_else(|| self.initial_pin.problem())
    }
}

impl Parameter for Production {
    const NAME: &'static str = "production.settings";

    fn check(&self) -> Result<(), String> {
        self.problem().map_or(Ok(()), Err)
    }
}

/// Whether any initial PIN that this card may have is one that everybody knows. Which settings it was made under, or got a new PIN
/// under, is not kept: all that its area ever had must say so. Of an area that has none nothing is known.
///
/// # Errors
/// The database failed or is damaged.
pub(crate) fn initial_is_common(store: &dyn Database, card: &CardRecord) -> Result<bool, CentreError> {
    let settings = configuration::all::<Production>(store, card.area)?;
    Ok(!settings.is_empty() && settings.iter().all(|settings| settings.initial_pin.is_common(card)))
}
