//! The centre's side of a comparison: its journal, its activations and cards, and its ledger, as it shows them to anybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use qiyong_centre::{ADMINISTRATOR, ActRequest, Activation, Centre, JournalEntry};
use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::money::Fen;

use super::setting::{AREAS, DAY, Setting};

/// What a card is to the centre.
#[derive(Clone, Debug)]
pub struct Card {
    /// Where it stands in its life.
    pub status: CardStatus,
    /// What its person has.
    pub account: Fen,
    /// What put it into use, undone or not.
    pub activations: Vec<Activation>,
}

/// What was moved in an area for a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How often.
    pub postings: i64,
    /// How much, in fen.
    pub amount: i64,
}

/// What the centre says.
#[derive(Clone, Debug)]
pub struct Books {
    /// Everything that it decided.
    pub journal: Vec<JournalEntry>,
    /// The cards of the setting.
    pub cards: BTreeMap<CardNumber, Card>,
    /// What each institution was given, by area of the payer and code, in fen.
    pub institutions: BTreeMap<(String, String), i64>,
    /// What was moved on the day, by area and reason.
    pub moved: BTreeMap<(String, String), Moved>,
}

impl Books {
    /// Reads them.
    ///
    /// # Panics
    /// If the centre does not show something.
    #[must_use]
    pub fn read(centre: &mut Centre, setting: &Setting) -> Self {
        let card = |card: &CardNumber| {
            let record = centre.card(card).expect("the database").expect("a card of the setting");
            let activations = centre.activations(card).expect("the database");
            (*card, Card { status: record.status, account: record.account, activations })
        };
        let cards = setting.cards().map(|record| card(&record.number)).collect();
        let journal = centre.journal().expect("the database");
        let (mut institutions, mut moved) = (BTreeMap::new(), BTreeMap::new());
        for (area, _) in AREAS {
            for stand in &setting.stands {
                let code = stand.institution.to_string();
                let account =
                    ask(centre, area, "ledger.account", json!({"account": format!("institution:{code}"), "limit": 1}));
                institutions.insert((area.to_owned(), code), number(&account["balance"]));
            }
            let day = ask(centre, area, "ledger.day", json!({"day": DAY}));
            for row in day["reasons"].as_array().expect("rows") {
                let reason = row["reason"].as_str().expect("a word").to_owned();
                let of_reason = Moved { postings: number(&row["postings"]), amount: number(&row["amount"]) };
                moved.insert((area.to_owned(), reason), of_reason);
            }
        }
        Self { journal, cards, institutions, moved }
    }
}

fn ask(centre: &mut Centre, area: &str, act: &str, body: Value) -> Value {
    let area = Region::new(area).expect("an area");
    let operator = centre.operator(area, ADMINISTRATOR).expect("the database").expect("founded");
    let request = ActRequest { area, operator: &operator, act, body, key: None };
    centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
}

fn number(value: &Value) -> i64 {
    let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.unwrap_or_else(|| panic!("{value} is a number"))
}
