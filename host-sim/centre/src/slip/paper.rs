//! The slip itself, as it is handed out. Who issues it, and what became of it, is kept elsewhere.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fee::CollectingUnit;
use crate::acts::fields::{Day, Private};

/// A payment slip, as it is handed out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slip {
    /// Its number: area (6 digits), year (4), serial number (8).
    pub number: String,
    /// The five digits that check the number.
    pub number_check: String,
    /// The five digits that check the whole slip.
    pub whole_check: String,
    /// The 20 characters by which a bank finds the slip (缴款码).
    pub payment_code: String,
    /// The application whose fee it is.
    pub application: String,
    /// Who collects.
    pub unit: CollectingUnit,
    /// Who pays.
    pub payer: Private,
    /// What is paid for, one to four items.
    pub items: Vec<Item>,
    /// The sum of the items, in fen.
    pub total: i64,
    /// The day on which it was issued.
    pub issued: Day,
    /// The last day on which it can be paid.
    pub due: Day,
}

/// An item of a slip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its code at the finance authority.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The unit that is counted.
    pub unit: String,
    /// How many units.
    pub quantity: u32,
    /// The price of one unit, in fen.
    pub rate: i64,
    /// Quantity times rate, in fen.
    pub amount: i64,
}

impl Slip {
    /// What the whole-slip check is made over: every field that a reader of the slip relies on, each with its length
    /// before it, so that no two slips have the same text.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        let mut add = |field: &str| {
            text.push_str(&field.len().to_string());
            text.push(':');
            text.push_str(field);
        };
        let (total, issued, due) = (self.total.to_string(), self.issued.to_string(), self.due.to_string());
        let (unit, payer) = (&self.unit, self.payer.expose().to_owned());
        let head = [&self.number, &self.payment_code, &self.application, &payer, &total, &issued, &due];
        head.into_iter().for_each(|field| add(field));
        [&unit.code, &unit.name, &unit.bank, &unit.account_holder, &unit.account]
            .into_iter()
            .for_each(|field| add(field));
        for item in &self.items {
            [&item.code, &item.name, &item.unit].into_iter().for_each(|field| add(field));
            [i64::from(item.quantity), item.rate, item.amount].into_iter().for_each(|field| add(&field.to_string()));
        }
        text
    }
}

/// Without the payer's name.
impl std::fmt::Debug for Slip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "slip {} over {} fen for {}, due {}", self.number, self.total, self.application, self.due)
    }
}
